"""A loop that can be read image by image: the last seconds of this room, or a file."""

from typing import Protocol

import numpy as np
import numpy.typing as npt


class Cine(Protocol):
    """A sequence of uint16 images (rows, columns), each with the time it stays on the screen."""

    @property
    def frame_count(self) -> int:
        """Number of images."""
        ...

    @property
    def rows(self) -> int:
        """Rows of each image."""
        ...

    @property
    def columns(self) -> int:
        """Columns of each image."""
        ...

    def read(self, index: int, out: npt.NDArray[np.uint16] | None = None) -> npt.NDArray[np.uint16]:
        """Return image `index` (0-based), written to `out` where given."""
        ...

    def duration_ms(self, index: int) -> float:
        """Return how long image `index` stays on the screen, ms."""
        ...
