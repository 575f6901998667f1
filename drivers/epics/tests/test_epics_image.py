"""One NTNDArray: types, colours and times, without a network."""

import numpy as np
import pytest
from p4p.nt import NTNDArray

from fluoroview.hal import DeviceError
from fluoroview_epics import image
from fluoroview_epics.image import ImageReader, layout_of

TYPE = NTNDArray()


def wrapped(pixels, **attributes):
    value = TYPE.wrap(pixels, attrib={"ColorMode": 0} | attributes)
    value.uniqueId = 7
    return value


def read(value):
    layout = layout_of(value, "PV")
    out = np.zeros((layout.rows, layout.columns), layout.dtype)
    ImageReader(layout, "PV").read(value, out)
    return out


@pytest.mark.parametrize(
    ("dtype", "values", "delivered", "expected"),
    [
        ("uint8", [0, 1, 255], "uint8", [0, 1, 255]),
        ("int8", [-128, 0, 127], "uint8", [0, 0, 127]),
        ("uint16", [0, 1, 65535], "uint16", [0, 1, 65535]),
        ("int16", [-32768, 0, 32767], "uint16", [0, 0, 32767]),
        ("uint32", [0, 1, 65535], "uint16", [0, 1, 65535]),
        ("int32", [-5, 1, 65535], "uint16", [0, 1, 65535]),
    ],
)
def test_types_are_delivered_without_changing_a_count(dtype, values, delivered, expected):
    out = read(wrapped(np.array([values, values], dtype)))
    assert out.dtype == delivered
    assert out.tolist() == [expected, expected]


@pytest.mark.parametrize("dtype", ["int32", "uint32"])
def test_a_value_that_16_bits_cannot_hold_is_reported_and_not_cut_off(dtype):
    with pytest.raises(DeviceError, match="PV has a pixel of 65536, but at most 65535"):
        read(wrapped(np.array([[1, 65536]], dtype)))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint64", "bool"])
def test_other_types_are_refused(dtype):
    with pytest.raises(DeviceError, match=f"PV has pixels of type {dtype}") as caught:
        layout_of(wrapped(np.zeros((2, 3), dtype)), "PV")
    assert "NDPluginProcess" in str(caught.value)


@pytest.mark.parametrize(("mode", "axis"), [(2, 2), (3, 1), (4, 0)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colour_in_any_order_becomes_luminance(mode, axis, dtype):
    red, green, blue = (np.full((4, 5), count, dtype) for count in (200, 100, 50))
    out = read(wrapped(np.stack([red, green, blue], axis=axis), ColorMode=mode))
    assert out.shape == (4, 5)
    assert out.dtype == dtype
    assert np.unique(out).tolist() == [(77 * 200 + 150 * 100 + 29 * 50 + 128) >> 8]


def test_bayer_becomes_luminance():
    mosaic = np.tile(np.array([[200, 100], [100, 50]], np.uint8), (2, 3))  # RGGB
    out = read(wrapped(mosaic, ColorMode=1, BayerPattern=0))
    assert np.unique(out).tolist() == [(77 * 200 + 150 * 100 + 29 * 50 + 128) >> 8]


@pytest.mark.parametrize(
    ("shape", "mode", "sentence"),
    [
        ((4,), 0, "has the dimensions 4 and 4 pixels"),
        ((2, 3, 4), 0, "has the dimensions 4×3×2 and 24 pixels"),
        ((2, 3, 4), 2, "has the dimensions 4×3×2 and 24 pixels"),
        ((2, 3), 2, "has the dimensions 3×2 and 6 pixels"),
    ],
)
def test_what_is_no_image_is_refused(shape, mode, sentence):
    with pytest.raises(DeviceError, match=sentence):
        layout_of(wrapped(np.zeros(shape, np.uint8), ColorMode=mode), "PV")


def test_too_few_pixels_for_the_dimensions_are_refused():
    value = wrapped(np.zeros((2, 3), np.uint8))
    value.value = np.zeros(5, np.uint8)
    with pytest.raises(DeviceError, match="3×2 and 5 pixels"):
        layout_of(value, "PV")


def test_the_time_is_the_images_else_the_iocs():
    value = wrapped(np.zeros((2, 3), np.uint8))
    assert image.time_ns(value) == 0
    value.timeStamp = {"secondsPastEpoch": 5, "nanoseconds": 6}
    assert image.time_ns(value) == 5_000_000_006
    value.dataTimeStamp = {"secondsPastEpoch": 3, "nanoseconds": 4}
    assert image.time_ns(value) == 3_000_000_004


def test_counter_and_binning_are_read():
    value = wrapped(np.zeros((2, 3), np.uint8))
    assert (image.counter_of(value), image.binning_of(value)) == (7, 1)
