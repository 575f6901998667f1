"""A loop that can be read picture by picture: the last seconds of this room, or a file."""

from typing import Protocol

import numpy as np
import numpy.typing as npt


class Cine(Protocol):
    """A sequence of uint16 pictures (rows, columns), each with the time it stays on the screen."""

    @property
    def frame_count(self) -> int:
        """Number of pictures."""
        ...

    @property
    def rows(self) -> int:
        """Rows of each picture."""
        ...

    @property
    def columns(self) -> int:
        """Columns of each picture."""
        ...

    def read(self, index: int, out: npt.NDArray[np.uint16] | None = None) -> npt.NDArray[np.uint16]:
        """Return picture `index` (0-based), written to `out` where given."""
        ...

    def duration_ms(self, index: int) -> float:
        """Return how long picture `index` stays on the screen, ms."""
        ...
