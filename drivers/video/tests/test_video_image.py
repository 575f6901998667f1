"""Grey, deinterlaced and cropped images; the moving edge is made as a camera would see it."""

import numpy as np
import pytest

from fluoroview_video.image import (
    Crop,
    Deinterlacing,
    FieldOrder,
    ImageMaker,
    Luminance,
    bob,
    deinterlace,
    images_per_frame,
    to_grey,
)

ROWS, COLUMNS = 10, 40
DARK, BRIGHT = 20, 220
STEP = 4  # pixels that the edge moves from one field to the next


def edge_at(field):
    """A vertical edge at the time of a field, seen as a whole image."""
    image = np.full((ROWS, COLUMNS), DARK, np.uint8)
    image[:, : 4 + STEP * field] = BRIGHT
    return image


def interlaced(frame, order=FieldOrder.TOP_FIRST):
    """The frame that holds two fields of the moving edge."""
    top, bottom = (2 * frame, 2 * frame + 1)
    if order is FieldOrder.BOTTOM_FIRST:
        top, bottom = bottom, top
    image = np.empty((ROWS, COLUMNS), np.uint8)
    image[0::2] = edge_at(top)[0::2]
    image[1::2] = edge_at(bottom)[1::2]
    return image


@pytest.mark.parametrize("order", FieldOrder)
def test_bob_gives_the_moving_edge_back_at_the_time_of_each_field(order):
    images = [
        image
        for frame in range(3)
        for image in deinterlace(interlaced(frame, order), Deinterlacing.BOB, order)
    ]
    assert len(images) == 6
    for field, image in enumerate(images):
        assert np.array_equal(image, edge_at(field))


def test_the_wrong_field_order_steps_back():
    first, second = deinterlace(interlaced(1), Deinterlacing.BOB, FieldOrder.BOTTOM_FIRST)
    assert np.array_equal(first, edge_at(3))
    assert np.array_equal(second, edge_at(2))


def test_blend_leaves_no_comb_but_both_edges():
    (image,) = deinterlace(interlaced(1), Deinterlacing.BLEND, FieldOrder.TOP_FIRST)
    mean = (edge_at(2).astype(int) + edge_at(3)) // 2
    assert np.array_equal(image, mean)


def test_off_leaves_the_comb():
    (image,) = deinterlace(interlaced(1), Deinterlacing.OFF, FieldOrder.TOP_FIRST)
    assert np.array_equal(image, interlaced(1))
    assert np.ptp(image[:, 4 + STEP * 2]) == BRIGHT - DARK


@pytest.mark.parametrize("how", Deinterlacing)
def test_a_still_image_without_detail_between_lines_is_not_changed(how):
    still = edge_at(0)
    images = deinterlace(still, how, FieldOrder.TOP_FIRST)
    assert len(images) == images_per_frame(how)
    for image in images:
        assert np.array_equal(image, still)


@pytest.mark.parametrize(
    ("lines", "first_line", "expected"),
    [
        ([0, 99, 100, 99, 200, 99], 0, [0, 50, 100, 150, 200, 200]),
        ([99, 0, 99, 100, 99, 200], 1, [0, 0, 50, 100, 150, 200]),
        ([0, 99, 100, 99, 200], 0, [0, 50, 100, 150, 200]),
        ([99, 0, 99, 100, 99], 1, [0, 0, 50, 100, 100]),
    ],
)
def test_bob_fills_lines_with_the_mean_of_their_neighbours(lines, first_line, expected):
    frame = np.repeat(np.array(lines, np.uint8)[:, None], 8, axis=1)
    assert bob(frame, first_line)[:, 3].tolist() == expected


@pytest.mark.parametrize("luminance", Luminance)
def test_grey_keeps_its_value_exactly(luminance):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert np.array_equal(to_grey(ramp, luminance), ramp[..., 0])
    assert np.array_equal(to_grey(ramp[..., 0], luminance), ramp[..., 0])


@pytest.mark.parametrize(
    ("luminance", "of_blue_green_red"),
    [
        (Luminance.BT601, [29, 150, 76]),
        (Luminance.BT709, [18, 182, 54]),
        (Luminance.GREEN, [0, 255, 0]),
    ],
)
def test_colours_are_weighted(luminance, of_blue_green_red):
    pure = np.eye(3, dtype=np.uint8)[None] * 255
    assert to_grey(pure, luminance)[0].tolist() == of_blue_green_red


def test_crop_comes_after_deinterlacing_so_that_an_odd_offset_keeps_the_fields():
    maker = ImageMaker(
        lambda: Luminance.BT601,
        Deinterlacing.BOB,
        FieldOrder.TOP_FIRST,
        Crop(offset_x=3, offset_y=1, width=20, height=5),
    )
    colour = np.repeat(interlaced(1)[:, :, None], 3, axis=2)
    first, second = maker.images(colour)
    assert np.array_equal(first, edge_at(2)[1:6, 3:23])
    assert np.array_equal(second, edge_at(3)[1:6, 3:23])
