"""Where compressed frames lie: every way in which real files state it, and files that are cut."""

import struct

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.uid import JPEGLSLossless, RLELossless

from fluoroview.dicom import DicomCine

FRAMES = (np.random.default_rng(7).integers(0, 4096, (4, 48, 64))).astype(np.uint16)

IN_THREE = {"fragments_per_frame": 3}


def repacked(path, **how):
    """Encapsulate a compressed file's frames again."""
    data = pydicom.dcmread(path)
    count = int(data.NumberOfFrames)
    frames = list(generate_frames(data.PixelData, number_of_frames=count))
    if how.pop("extended", False):
        data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = (
            encapsulate_extended(frames)
        )
    else:
        data.PixelData = encapsulate(frames, **how)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    data.save_as(path)
    return path


def wrong_table(path):
    """Offsets that point into the middle of fragments, as faulty gateways write them."""
    repacked(path, has_bot=True, fragments_per_frame=3)
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<HHI", 0xFFFE, 0xE000, 16)) + 8
    content[at : at + 16] = struct.pack("<4I", 0, 11, 22, 33)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("syntax", "pack"),
    [
        pytest.param(RLELossless, {"has_bot": True}, id="basic table"),
        pytest.param(RLELossless, {"has_bot": False}, id="empty table"),
        pytest.param(RLELossless, {"extended": True}, id="extended table"),
        pytest.param(JPEGLSLossless, IN_THREE | {"has_bot": True}, id="fragments"),
        pytest.param(JPEGLSLossless, IN_THREE | {"has_bot": False}, id="fragments, no table"),
        pytest.param(JPEGLSLossless, "wrong", id="a wrong table"),
    ],
)
def test_every_frame_is_found(make_dicom, syntax, pack):
    path = make_dicom(FRAMES, compress=syntax, BitsStored=12, FrameTime=40)
    path = wrong_table(path) if pack == "wrong" else repacked(path, **pack)

    with DicomCine(path) as cine:
        assert cine.frame_count == 4
        assert cine.warnings == ()
        for index in (2, 3, 0, 1):
            np.testing.assert_array_equal(cine.read(index), FRAMES[index])


def test_one_frame_in_many_fragments_without_table(make_dicom):
    path = make_dicom(FRAMES[:1], compress=JPEGLSLossless, BitsStored=12)
    repacked(path, has_bot=False, fragments_per_frame=5)

    with DicomCine(path) as cine:
        assert cine.frame_count == 1
        np.testing.assert_array_equal(cine.read(0), FRAMES[0])


@pytest.mark.parametrize("has_table", [True, False])
def test_a_cut_inside_a_frame_of_fragments_drops_that_frame(make_dicom, has_table):
    path = make_dicom(FRAMES, compress=JPEGLSLossless, BitsStored=12, FrameTime=40)
    repacked(path, has_bot=has_table, fragments_per_frame=3)
    path.write_bytes(path.read_bytes()[:-600])  # within the last fragment

    with DicomCine(path) as cine:
        assert cine.frame_count == 3
        assert cine.warnings[0].startswith("The file is truncated: 4 frames stated, 3 whole")
        np.testing.assert_array_equal(cine.read(2), FRAMES[2])


def test_only_the_closing_delimiter_is_missing(make_dicom):
    path = make_dicom(FRAMES, compress=RLELossless, FrameTime=40)
    content = path.read_bytes()
    assert content.endswith(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
    path.write_bytes(content[:-8])

    with DicomCine(path) as cine:
        assert cine.frame_count == 4
        assert cine.warnings == ()
        np.testing.assert_array_equal(cine.read(3), FRAMES[3])


def test_reading_a_late_frame_does_not_touch_the_others(make_dicom):
    path = make_dicom(FRAMES, compress=RLELossless)
    with DicomCine(path) as cine:
        source = cine._reader._source
        reads = []
        stream = source._file.stream

        class Watched:
            closed = False

            def seek(self, place):
                reads.append(place)
                return stream.seek(place)

            def read(self, size):
                return stream.read(size)

        object.__setattr__(source._file, "stream", Watched())
        cine.read(3)

    assert reads == [source._index.frames[3][0].start]
