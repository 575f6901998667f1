"""Where the image lies: plain, padded, multi-part, and payloads that have none."""

from types import SimpleNamespace

import numpy as np
import pytest

from fluoroview.hal import DeviceError
from fluoroview.hal.sdk.pixel_format import BY_NAME
from fluoroview_gentl.image import find_image

MONO8, RGBA8 = BY_NAME["Mono8"].code, BY_NAME["RGBa8"].code
COORD3D = 0x026000C1
NODE_MAP = SimpleNamespace(
    Width=SimpleNamespace(value=4),
    Height=SimpleNamespace(value=2),
    PixelFormat=SimpleNamespace(get_int_value=lambda: MONO8),
)


def test_a_plain_image_is_read_as_the_buffer_states(sdk_part):
    buffer = sdk_part(
        payload_type=1,
        raw_buffer=bytes(range(40)),
        size_filled=30,
        image_offset=2,
        width=5,
        height=3,
        padding_x=1,
        pixel_format=RGBA8,
        pixel_endianness=2,
        delivered_image_height=3,
    )
    image = find_image(buffer, NODE_MAP)
    assert image.data.tolist() == list(range(2, 30))
    assert (image.code, image.rows, image.columns) == (RGBA8, 3, 5)
    assert (image.line_padding, image.big_endian, image.complete) == (1, True, True)


def test_what_the_buffer_does_not_say_the_node_map_does(sdk_part):
    image = find_image(sdk_part(payload_type=0, raw_buffer=bytes(8)), NODE_MAP)
    assert (image.code, image.rows, image.columns, image.data.size) == (MONO8, 2, 4, 8)


def test_missing_lines_make_it_incomplete(sdk_part):
    buffer = sdk_part(payload_type=1, raw_buffer=bytes(8), height=2, delivered_image_height=1)
    assert not find_image(buffer, NODE_MAP).complete


def test_the_first_part_that_is_an_image_is_taken(sdk_part):
    depth = sdk_part(data_format=COORD3D, data_offset=0, data_size=4, width=1, height=1)
    grey = sdk_part(data_format=MONO8, data_offset=4, data_size=6, width=2, height=2, x_padding=1)
    buffer = sdk_part(payload_type=10, raw_buffer=bytes(range(12)), parts=[depth, grey])
    image = find_image(buffer, NODE_MAP)
    assert image.data.tolist() == [4, 5, 6, 7, 8, 9]
    assert (image.rows, image.columns, image.line_padding) == (2, 2, 1)


@pytest.mark.parametrize(
    ("payload_type", "sentence"),
    [
        (5, "it sends JPEG data, which the gentl driver does not decode."),
        (8, "it sends chunk data without an image"),
        (11, r"GenDC containers.*Set GenDCStreamingMode to Off\."),
        (1234, "it sends payload type 1234"),
    ],
)
def test_a_payload_without_an_image_is_reported(sdk_part, payload_type, sentence):
    with pytest.raises(DeviceError, match=sentence):
        find_image(sdk_part(payload_type=payload_type), NODE_MAP)


def test_parts_without_an_image_are_reported(sdk_part):
    buffer = sdk_part(payload_type=10, raw_buffer=b"", parts=[sdk_part(data_format=COORD3D)])
    with pytest.raises(DeviceError, match=r"without an image \(formats 0x026000C1\)"):
        find_image(buffer, NODE_MAP)


def take(acquirer):
    for _ in range(200):
        buffer = acquirer.try_fetch(timeout=0.01, is_raw=True)
        if buffer is not None:
            return buffer
    raise AssertionError("no buffer came")


@pytest.fixture
def node_map(red):
    """The node map of a real device, put back to what it was."""
    node_map = red.remote_device.node_map
    yield node_map
    red.stop()
    node_map.GenDCStreamingMode.value = "Off"
    select_range(node_map, enabled=False)


def select_range(node_map, *, enabled):
    node_map.ComponentSelector.value = "Range"
    node_map.ComponentEnable.value = enabled
    node_map.ComponentSelector.value = "Intensity"


def test_a_real_multi_part_payload_has_the_colour_image(red, node_map):
    select_range(node_map, enabled=True)
    red.start()
    buffer = take(red)
    try:
        image = find_image(buffer, node_map)
        assert int(buffer.payload_type) == 10
        assert len(buffer.parts) == 4
        assert (image.code, image.rows, image.columns) == (RGBA8, 400, 400)
        pixels = image.data.reshape(400, 400, 4)
        white = np.mean(np.all(pixels == 255, axis=2))
        assert 0.9 < white < 1.0  # a ball on a white ground
    finally:
        buffer.parent.queue_buffer(buffer)


def test_a_real_gendc_payload_is_refused(red, node_map):
    node_map.GenDCStreamingMode.value = "On"
    red.start()
    buffer = take(red)
    try:
        with pytest.raises(DeviceError, match="GenDC containers"):
            find_image(buffer, node_map)
    finally:
        buffer.parent.queue_buffer(buffer)
