"""`Window`: which image values are shown from black to white."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Which image values become which grey.

    DICOM's linear window (PS3.3 C.11.2.1.2.1), ymin = 0, ymax = 255: with centre c and width w,
    values x ≤ c - 0.5 - (w - 1)/2 are black, x > c - 0.5 + (w - 1)/2 white, and between them grey
    is ((x - (c - 0.5))/(w - 1) + 0.5)·255, rounded. `invert` gives 255 - grey. Without it what is
    dense to x rays is dark, as fluoroscopy shows it.
    """

    centre: float
    width: float
    invert: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.centre) and math.isfinite(self.width) and self.width >= 1):
            raise ValueError(
                f"a window of centre {self.centre} and width {self.width} is not possible;"
                " both must be finite and the width at least 1 (PS3.3 C.11.2.1.2.1)"
            )

    @property
    def black(self) -> float:
        """Largest value that is shown black (white if inverted)."""
        return self.centre - 0.5 - (self.width - 1) / 2

    @property
    def white(self) -> float:
        """Smallest value from which on all is shown white (black if inverted)."""
        return self.centre - 0.5 + (self.width - 1) / 2
