"""The way to the screen: window, inversion and auto window."""

import math

import cv2
import numpy as np

from fluoroview.hal.window import Window
from fluoroview.pipeline.arrays import Grey, Image, Mask, Plane


class WindowLut:
    """Applies a window to images of one size, fast.

    Two OpenCV steps, not one: `convertScaleAbs` alone would fold what is below the window back to
    grey, so a saturating subtraction sets it to 0 first, from an array, because OpenCV is 4 times
    slower with a number. Windows for which that is not exact (narrower than 256 counts, or with an
    edge below 0) go through a table of 65 536 greys.
    """

    def __init__(self, rows: int, columns: int, window: Window | None = None) -> None:
        self._floor: Image = np.zeros((rows, columns), np.uint16)
        self._above: Image = np.zeros((rows, columns), np.uint16)
        self.configure(window or Window(2048, 4096))

    @staticmethod
    def lut(window: Window) -> Grey:
        """Return the grey of each count: (65536,) uint8. This is the definition."""
        counts = np.arange(65536, dtype=np.float64)
        if window.width == 1:
            grey = np.where(counts > window.white, 255.0, 0.0)
        else:
            grey = ((counts - (window.centre - 0.5)) / (window.width - 1) + 0.5) * 255
        table = np.floor(np.clip(grey, 0, 255) + 0.5).astype(np.uint8)
        return 255 - table if window.invert else table

    @property
    def window(self) -> Window:
        """The window in use."""
        return self._window

    def configure(self, window: Window) -> None:
        """Use another window from the next image on."""
        self._window = window
        slope = 255 / (window.width - 1) if window.width > 1 else 0.0
        floor = math.ceil(window.black)
        self._slope, self._offset = slope, slope * (floor - window.black)
        self._exact = 0 < slope <= 1 and 0 <= floor <= 65535 and self._offset < 0.5
        if self._exact:
            self._floor.fill(floor)
        else:
            self._table: Grey = self.lut(window).reshape(1, -1)

    def apply(self, image: Image, out: Grey) -> None:
        """Write the greys of an image (rows, columns) uint16 into `out`, of the same size."""
        if not self._exact:
            cv2.LUT(image, self._table, dst=out)
            return
        cv2.subtract(image, self._floor, dst=self._above)
        cv2.convertScaleAbs(self._above, dst=out, alpha=self._slope, beta=self._offset)
        if self._window.invert:
            cv2.bitwise_not(out, dst=out)


SAMPLE_PX = 128
"""Side of the sample that `auto_window` looks at."""
AIR_BAND = 0.08
"""Open air lies within this fraction of the image's range below its bright end ..."""
MIN_AIR = 0.1
"""... and fills at least this fraction of the image; less may be anatomy."""
MIN_EDGE_STEP = 0.25
"""Step at a straight edge of the collimator, of the image's range ..."""
EDGE_PX = 3
"""... within so many pixels of the sample ..."""
EDGE_ALONG = 0.85
"""... along so much of the side's middle half ..."""
MAX_SHADOW = 0.45
"""... and no farther in than this."""
MIN_SHADOW_STEP = 20
"""Step at the edge of a collimator's shadow, of 255 over the image's range."""


def auto_window(image: Image, invert: bool = False, maximum: int = 65535) -> Window:
    """Return the auto window of an image (H, W): from its 1st to its 99th percentile.

    Next to open air, tissue thins out towards the skin; the 90th percentile is then white, so
    that the greys go to what lies deep.

    Looked at is a sample of at most about 128×128 pixels, without black and white extremes (0,
    and `maximum` or above), without the shadow of the collimator and without open air next to the
    patient, if there are any.
    """
    stride = max(1, max(image.shape) // SAMPLE_PX)
    sample = np.ascontiguousarray(image[stride // 2 :: stride, stride // 2 :: stride])
    if sample.size == 0:
        sample = image
    seen = (sample > 0) & (sample < maximum)
    if seen.any():
        # Saturated pixels would set the threshold between shadow and field.
        level = np.uint16(np.median(sample[seen]))
        levelled = np.where(sample >= maximum, level, sample)
        seen &= ~(_collimator_shadow(levelled) | _outside_collimator_edges(levelled))
    white = 99
    if seen.any() and (air := _air(sample, seen)).any():
        seen &= ~air
        white = 90
    if np.count_nonzero(seen) < 16:
        seen = np.ones_like(seen)
    low, high = np.percentile(sample[seen], (1, white))
    width = max(float(np.ceil((high - low) * 1.1)), 16.0)
    width += width % 2  # an even width about a whole centre has whole edges
    return Window(float(round((low + high) / 2)), width, invert)


def _outside_collimator_edges(sample: Image) -> Mask:
    """Return True outside of straight edges parallel to the sides: what scatter leaves there."""
    shadow: Mask = np.zeros(sample.shape, np.bool_)
    left, right, top, bottom = collimator_edges(sample)
    shadow[:, :left] = shadow[:top] = True
    shadow[:, shadow.shape[1] - right :] = shadow[shadow.shape[0] - bottom :] = True
    return shadow if not shadow.all() else np.zeros_like(shadow)


def collimator_edges(sample: Image) -> tuple[int, int, int, int]:
    """Return how many columns from the left and right, rows from the top and bottom, are dark.

    The shadow of a blade is dark from its edge to the side of the image, and its edge a step within
    a few pixels along nearly the whole of a side; nothing in a patient is both.
    """
    counts = sample.astype(np.float32)
    least = MIN_EDGE_STEP * float(np.subtract(*np.percentile(counts, (98, 2))))
    if least < 16:
        return 0, 0, 0, 0
    return (
        _edge_from_left(counts, least),
        _edge_from_left(counts[:, ::-1], least),
        _edge_from_left(counts.T, least),
        _edge_from_left(counts.T[:, ::-1], least),
    )


def _edge_from_left(counts: Plane, least: float) -> int:
    """Return how many columns from the left lie in the shadow of a blade; 0: none."""
    reach = max(3, round(counts.shape[1] * MAX_SHADOW))
    middle = counts[len(counts) // 4 : len(counts) - len(counts) // 4, : reach + EDGE_PX]
    if middle.shape[1] <= EDGE_PX or not len(middle):
        return 0
    steps = middle[:, EDGE_PX:] - middle[:, :-EDGE_PX]
    step = np.median(steps, axis=0)
    at = int(np.argmax(step))
    whole = float(np.mean(steps[:, at] > step[at] / 3)) >= EDGE_ALONG
    if step[at] < least or not whole:
        return 0
    profile = np.median(middle, axis=0)
    dark = bool((profile[: at + 1] < profile[at + EDGE_PX] - least / 2).all())
    return at + EDGE_PX if dark else 0


def _air(sample: Image, seen: Mask) -> Mask:
    """Return True where the beam reaches the detector past the patient: bright, even and large."""
    low, high = np.percentile(sample[seen], (1, 99.5))
    air: Mask = sample > high - AIR_BAND * (high - low)
    large = MIN_AIR < np.count_nonzero(air & seen) / np.count_nonzero(seen) < 1
    return air if large else np.zeros_like(air)


def _collimator_shadow(sample: Image) -> Mask:
    """Return True in the collimator's shadow.

    That is: the dark class of the image, where it hangs together with two or more corners, has a
    sharp edge to what it surrounds, and is more even than that (a patient next to open air is not).
    """
    none: Mask = np.zeros(sample.shape, np.bool_)
    low, high = int(sample.min()), int(sample.max())
    if high - low < 16:
        return none
    grey = ((sample.astype(np.float32) - low) * (255 / (high - low))).astype(np.uint8)
    _, dark = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _, labels = cv2.connectedComponents(dark)
    corners = [int(labels[row, column]) for row in (0, -1) for column in (0, -1)]
    shadow: Mask = np.isin(labels, [label for label in corners if label])
    if sum(label > 0 for label in corners) < 2 or shadow.all():
        return none
    # A shadow has an edge; anatomy that happens to fill a corner fades into the rest.
    around = cv2.dilate(shadow.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)
    step = float(np.median(grey[around & ~shadow])) - float(np.median(grey[shadow]))
    spread = float(grey[shadow].std())
    sharp = step > max(4 * spread, MIN_SHADOW_STEP)
    return shadow if sharp and float(grey[~shadow].std()) > 2 * spread else none
