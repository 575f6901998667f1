"""What a drag over the image does to its window. The window itself is the pipeline's."""

import math

from fluoroview.hal.window import Window

MIN_WIDTH = 16.0
MAX_WIDTH = 131072.0


def dragged(window: Window, right: float, down: float) -> Window:
    """Return the window after a drag of so many widths and heights of the canvas.

    To the right widens it (less contrast), down raises its centre (darker image). Both go in
    proportion to the width, so that a drag feels the same for 10- and for 16-bit images.
    """
    width = min(max(window.width * math.exp(2.0 * right), MIN_WIDTH), MAX_WIDTH)
    centre = min(max(window.centre + window.width * down, -MAX_WIDTH), MAX_WIDTH)
    return Window(centre, width, window.invert)


def rounded(window: Window) -> Window:
    """Return the nearest window with whole edges, which the painter applies fastest."""
    return Window(float(round(window.centre)), 2.0 * round(window.width / 2), window.invert)
