"""From stored pixels to the image: one table of how pixels are stored and what is shown."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from fluoroview.dicom import DicomCine, DicomError, Scale
from fluoroview.hal import PixelIntensityRelationship
from fluoroview.hal.window import Window

U16 = np.array([[[0, 1, 2], [1000, 4095, 7]]], np.uint16)
I16 = np.array([[[-2048, -1, 0], [1, 2047, 7]]], np.int16)
U8 = np.array([[[0, 1, 2], [100, 255, 7]]], np.uint8)

CASES = [
    pytest.param(U16, {}, U16, 65535, Scale(), id="16 bits"),
    pytest.param(U16, {"BitsStored": 12}, U16, 4095, Scale(), id="12 bits in 16"),
    pytest.param(
        U16 | 0xF000, {"BitsStored": 12}, U16, 4095, Scale(), id="an overlay in the high bits"
    ),
    pytest.param(
        U16 << 4 | 0xF,
        {"BitsStored": 12, "HighBit": 15},
        U16,
        4095,
        Scale(),
        id="12 bits at the upper end, an overlay below",
    ),
    pytest.param(U8, {}, U8, 255, Scale(), id="8 bits"),
    pytest.param(
        I16,
        {"BitsStored": 12},
        (I16.astype(int) + 2048),
        4095,
        Scale(1, -2048),
        id="signed values start at 0",
    ),
    pytest.param(
        I16, {}, (I16.astype(int) + 32768), 65535, Scale(1, -32768), id="signed, all 16 bits"
    ),
    pytest.param(
        U16,
        {"BitsStored": 12, "PhotometricInterpretation": "MONOCHROME1"},
        4095 - U16,
        4095,
        Scale(-1, 4095),
        id="MONOCHROME1 is turned over",
    ),
    pytest.param(
        I16,
        {"BitsStored": 12, "PhotometricInterpretation": "MONOCHROME1"},
        2047 - I16.astype(int),
        4095,
        Scale(-1, 2047),
        id="signed MONOCHROME1",
    ),
    pytest.param(
        U16,
        {"RescaleSlope": 0.5, "RescaleIntercept": -100, "RescaleType": "HU"},
        U16,
        65535,
        Scale(0.5, -100, "HU"),
        id="rescale changes the scale, not the image",
    ),
    pytest.param(
        U16,
        {"RescaleSlope": 0, "RescaleIntercept": -100},
        U16,
        65535,
        Scale(),
        id="a slope of 0 was never meant",
    ),
    pytest.param(
        U16.astype(np.uint32) << 16 | 0x8000,
        {},
        U16,
        65535,
        Scale(65536, 0),
        id="32 bits lose their lower half",
    ),
]


@pytest.mark.parametrize(("stored", "attributes", "image", "largest", "scale"), CASES)
@pytest.mark.parametrize(
    "syntax",
    [None, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
    ids=["explicit", "implicit", "big endian", "deflated"],
)
def test_stored_pixels_become_the_image(
    make_dicom, syntax, stored, attributes, image, largest, scale
):
    path = make_dicom(stored, **({"syntax": syntax} if syntax else {}), **attributes)

    with DicomCine(path) as cine:
        shown = cine.read(0)
        assert shown.dtype == np.uint16
        np.testing.assert_array_equal(shown, image[0])
        assert cine.image_max == largest
        assert cine.scale == scale
        assert cine.inverted == (attributes.get("PhotometricInterpretation") == "MONOCHROME1")


@pytest.mark.parametrize(
    ("stored", "attributes", "image", "largest", "scale"), [CASES[i] for i in (0, 2, 3, 4, 5, 7)]
)
def test_the_same_through_a_codec(make_dicom, stored, attributes, image, largest, scale):
    path = make_dicom(stored, compress=RLELossless, **attributes)

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(0), image[0])


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_codecs_agree_frame_by_frame(make_dicom, syntax):
    frames = np.arange(4 * 64 * 48, dtype=np.uint16).reshape(4, 64, 48) % 4096
    path = make_dicom(frames, compress=syntax, BitsStored=12)

    with DicomCine(path) as cine:
        assert cine.frame_count == 4
        for index in (3, 0, 2, 1):
            np.testing.assert_array_equal(cine.read(index), frames[index])


def test_signed_jpeg_2000_starts_at_0(make_dicom):
    stored = np.tile(I16, (1, 32, 32))
    path = make_dicom(stored, compress=JPEG2000Lossless, BitsStored=12)

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(0), stored[0].astype(int) + 2048)


RGB = np.array([[[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]]], np.uint8)
LUMINANCE = [[76, 150], [29, 255]]  # ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B


@pytest.mark.parametrize(
    ("stored", "options"),
    [
        pytest.param(RGB, {}, id="by pixel"),
        pytest.param(
            RGB.transpose(0, 3, 1, 2).reshape(RGB.shape), {"PlanarConfiguration": 1}, id="by plane"
        ),
        pytest.param(RGB, {"compress": RLELossless}, id="RLE"),
    ],
)
def test_colour_becomes_luminance(make_dicom, stored, options):
    path = make_dicom(stored, **options)

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(0), LUMINANCE)
        assert cine.colour
        assert cine.image_max == 255


def lut_item(entries, first=0, bits=16):
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item["LUTDescriptor"].VR = "US"
    item.ModalityLUTType = "US"
    item.LUTData = np.asarray(entries, "<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SQUARES = [i * i for i in range(256)]


def test_a_modality_look_up_table_is_applied_outside_xa(make_dicom):
    path = make_dicom(U8, SOPClassUID=SECONDARY_CAPTURE, ModalityLUTSequence=[lut_item(SQUARES)])

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(0), U8[0].astype(int) ** 2)
        assert cine.image_max == 65025


def test_the_modality_look_up_table_of_xa_is_not_for_the_screen(make_dicom):
    """It leads from LOG values to linear ones (PS3.3 C.8.7.1.1.2)."""
    path = make_dicom(U8, ModalityLUTSequence=[lut_item(SQUARES)], PixelIntensityRelationship="LOG")

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(0), U8[0])
        assert cine.intensity_relationship is PixelIntensityRelationship.LOG


def test_a_broken_look_up_table_is_ignored_with_a_sentence(make_dicom):
    item = lut_item(SQUARES)
    del item.LUTDescriptor
    path = make_dicom(U8, SOPClassUID=SECONDARY_CAPTURE, ModalityLUTSequence=[item])

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(0), U8[0])
        assert "look-up table is unusable" in cine.warnings[0]


def test_a_palette_becomes_luminance(make_dicom):
    ramp = np.arange(256, dtype="<u2") * 257
    palettes = {}
    for colour in ("Red", "Green", "Blue"):
        palettes[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palettes[f"{colour}PaletteColorLookupTableData"] = ramp.tobytes()
    path = make_dicom(U8, PhotometricInterpretation="PALETTE COLOR", **palettes)

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(0), U8[0].astype(int) * 257)
        assert cine.colour


@pytest.mark.parametrize(
    ("attributes", "centre", "width"),
    [
        ({"WindowCenter": 2000, "WindowWidth": 3000}, 2000, 3000),
        ({"WindowCenter": [2000, 1], "WindowWidth": [3000, 1]}, 2000, 3000),
        (
            {
                "WindowCenter": 2000,
                "WindowWidth": 3000,
                "PhotometricInterpretation": "MONOCHROME1",
            },
            2095,
            3000,
        ),
        (
            {"WindowCenter": 0, "WindowWidth": 100, "RescaleSlope": 2, "RescaleIntercept": -1000},
            500,
            50,
        ),
        ({"VOILUTSequence": [lut_item(SQUARES, first=1000)]}, 1128, 256),
    ],
)
def test_the_window_is_in_image_values(make_dicom, attributes, centre, width):
    path = make_dicom(U16, BitsStored=12, **attributes)

    with DicomCine(path) as cine:
        assert cine.window == Window(centre, width)


@pytest.mark.parametrize("attributes", [{}, {"WindowCenter": 5, "WindowWidth": 0}])
def test_no_window(make_dicom, attributes):
    with DicomCine(make_dicom(U16, **attributes)) as cine:
        assert cine.window is None


def test_an_image_leads_back_to_the_files_values():
    scale = Scale(0.5, -100)

    assert scale.to_file([0, 300]).tolist() == [-100, 50]
    assert scale.to_image(50) == 300


@pytest.mark.parametrize(
    ("attributes", "what"),
    [
        ({"Rows": 0}, "does not state how many rows and columns"),
        ({"Columns": None}, "does not state how many rows and columns"),
        ({"Rows": 65535, "Columns": 65535}, "claims frames of 65535 × 65535 pixels"),
        ({"BitsAllocated": 1}, "1 sample(s) per pixel of 1 bits"),
        ({"BitsAllocated": 64, "BitsStored": 16}, "of 64 bits"),
        ({"SamplesPerPixel": 4}, "4 sample(s)"),
        ({"BitsStored": 17}, "17 of them used"),
    ],
)
def test_pixels_that_cannot_be_shown_are_refused(make_dicom, attributes, what):
    path = make_dicom(U16, **attributes)

    with pytest.raises(DicomError) as caught:
        DicomCine(path)

    assert what in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_bits_stored_means_all_bits(make_dicom):
    with DicomCine(make_dicom(U16, BitsStored=None, HighBit=None)) as cine:
        np.testing.assert_array_equal(cine.read(0), U16[0])
