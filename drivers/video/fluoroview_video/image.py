"""Grey images of video frames: luminance, deinterlacing, crop, in this order.

An interlaced frame holds two fields, the even and the odd lines, taken half a frame apart. Left as
they are, a moving edge shows a comb.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from fluoroview_video import sdk

Pixels = npt.NDArray[np.uint8]


class Luminance(StrEnum):
    """How a grey value is made of colour (weights of red, green and blue)."""

    BT601 = "BT.601"
    BT709 = "BT.709"
    GREEN = "Green"


_WEIGHTS_BGR = {
    Luminance.BT709: (0.0722, 0.7152, 0.2126),  # ITU-R BT.709-6, table 3
    Luminance.GREEN: (0.0, 1.0, 0.0),
}


class Deinterlacing(StrEnum):
    """What is done with the two fields of a frame."""

    OFF = "Off"
    BOB = "Bob"
    BLEND = "Blend"


class FieldOrder(StrEnum):
    """Which field was taken first: that of the top line, or the other."""

    TOP_FIRST = "TopFirst"
    BOTTOM_FIRST = "BottomFirst"


@dataclass(frozen=True)
class Crop:
    """The part of the frame that is delivered, in pixels of the source."""

    offset_x: int
    offset_y: int
    width: int
    height: int

    def of(self, image: Pixels) -> Pixels:
        """Return the view of that part."""
        return image[
            self.offset_y : self.offset_y + self.height,
            self.offset_x : self.offset_x + self.width,
        ]


def to_grey(frame: Pixels, luminance: Luminance) -> Pixels:
    """Return rows × columns uint8 of a frame of rows × columns × BGR, or that is grey already.

    Equal red, green and blue keep their value exactly.
    """
    if frame.ndim == 2:
        return frame
    cv2 = sdk.load()
    if luminance is Luminance.BT601:
        grey: Pixels = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    elif luminance is Luminance.GREEN:
        grey = cv2.extractChannel(frame, 1)
    else:
        grey = cv2.transform(frame, np.array([_WEIGHTS_BGR[luminance]], np.float32))
    return grey


def bob(frame: Pixels, first_line: int) -> Pixels:
    """Return one field at full height: its lines as they are, those between as their mean.

    `first_line` is 0 for the field of the top line, 1 for the other. Lines beyond the field's ends
    repeat its outermost line.
    """
    cv2 = sdk.load()
    field = frame[first_line::2]
    above = np.concatenate([field[:1], field])
    below = np.concatenate([field, field[-1:]])
    between = cv2.addWeighted(above, 0.5, below, 0.5, 0.0)
    image = np.empty_like(frame)
    image[first_line::2] = field
    missing = image[1 - first_line :: 2]
    start = 1 - first_line
    missing[:] = between[start : start + len(missing)]
    return image


def blend(frame: Pixels) -> Pixels:
    """Return the mean of both fields: lines weighted 1, 2, 1 downwards."""
    cv2 = sdk.load()
    along = np.array([1.0], np.float32)
    down = np.array([0.25, 0.5, 0.25], np.float32)
    blended: Pixels = cv2.sepFilter2D(frame, -1, along, down, borderType=cv2.BORDER_REFLECT_101)
    return blended


def deinterlace(frame: Pixels, how: Deinterlacing, order: FieldOrder) -> list[Pixels]:
    """Return the images of a grey frame in the order of time: two with Bob, else one."""
    if how is Deinterlacing.OFF:
        return [frame]
    if how is Deinterlacing.BLEND:
        return [blend(frame)]
    lines = (0, 1) if order is FieldOrder.TOP_FIRST else (1, 0)
    return [bob(frame, line) for line in lines]


def images_per_frame(how: Deinterlacing) -> int:
    """Return how many images one frame of the source gives."""
    return 2 if how is Deinterlacing.BOB else 1


@dataclass(frozen=True)
class ImageMaker:
    """Makes the images of one run; luminance is asked for each frame."""

    luminance: Callable[[], Luminance]
    deinterlacing: Deinterlacing
    field_order: FieldOrder
    crop: Crop

    def images(self, frame: Pixels) -> list[Pixels]:
        """Return the images of a video frame, cropped, in the order of time."""
        grey = to_grey(frame, self.luminance())
        made = deinterlace(grey, self.deinterlacing, self.field_order)
        return [self.crop.of(image) for image in made]
