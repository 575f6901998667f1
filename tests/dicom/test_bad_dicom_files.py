"""Files that cannot be played, and the sentence about each: what happened, and what to do."""

import os
import struct

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.pixels.decoders import pyjpegls, pylibjpeg
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from fluoroview.dicom import DicomCine, DicomError
from fluoroview.dicom.reading import decoder_for
from fluoroview.hal.testing import has_code

FRAMES = np.arange(3 * 32 * 40, dtype=np.uint16).reshape(3, 32, 40)
FRAME_BYTES = FRAMES[0].nbytes


def cut(path, keep_bytes):
    """Cut a file so that `keep_bytes` of it remain (counted from the end if negative)."""
    whole = path.read_bytes()
    path.write_bytes(whole[:keep_bytes])
    return path


def header_bytes(path):
    return path.stat().st_size - FRAMES.nbytes


def written(tmp_path, content):
    path = tmp_path / "some.dcm"
    path.write_bytes(content)
    return path


def dataset_file(make_dicom, name):
    path = make_dicom(FRAMES)
    data = pydicom.dcmread(path)
    del data.PixelData
    if name == "report":
        del data.Rows, data.Columns
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.67"
    if name == "float":
        data.FloatPixelData = np.zeros(12, np.float32).tobytes()
    data.save_as(path)
    return path


def stated(make_dicom, **attributes):
    return make_dicom(FRAMES, **attributes)


def short_pixels(make_dicom):
    """Pixels that are whole by their element's own length, and too few for one frame."""
    path = make_dicom(FRAMES)
    data = pydicom.dcmread(path)
    data.PixelData = data.PixelData[: FRAME_BYTES // 2]
    data.save_as(path)
    return path


def without_fragments(make_dicom):
    """Encapsulated pixels that hold an empty offset table and then the end of the sequence."""
    path = make_dicom(FRAMES, compress=RLELossless)
    content = path.read_bytes()
    at = content.index(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)) + 12
    empty = struct.pack("<HHIHHI", 0xFFFE, 0xE000, 0, 0xFFFE, 0xE0DD, 0)
    path.write_bytes(content[:at] + empty)
    return path


BAD_FILES = {
    "file gone": (
        lambda make, tmp: tmp / "gone.dcm",
        "does not exist",
        "Choose a file that exists",
    ),
    "a folder": (lambda make, tmp: tmp, "is a folder", "Choose one of the files in it"),
    "empty": (lambda make, tmp: written(tmp, b""), "is empty", "Copy it again"),
    "text": (lambda make, tmp: written(tmp, b"hello" * 99), "is not a DICOM file", "(.dcm"),
    "an image": (
        lambda make, tmp: written(tmp, b"\x89PNG\r\n" + b"x" * 200),
        "is not a DICOM file but a PNG image",
        "Choose a DICOM file",
    ),
    "short text": (lambda make, tmp: written(tmp, b"x"), "is not a DICOM file", "Choose"),
    "only a preamble": (
        lambda make, tmp: written(tmp, bytes(128) + b"DICM"),
        "ends in the middle of its header: it is truncated",
        "Copy it again",
    ),
    "cut in the header": (
        lambda make, tmp: cut(make(FRAMES, PatientName="x" * 60), 350),
        "truncated",
        "Copy it again",
    ),
    "cut before the pixels": (
        lambda make, tmp: cut(make(FRAMES), -FRAMES.nbytes - 12),
        "describes an image but has no pixels: it is truncated",
        "Copy it again",
    ),
    "cut in an element": (
        lambda make, tmp: cut(make(FRAMES), -FRAMES.nbytes - 13),
        "ends in the middle of its header: it is truncated",
        "Copy it again",
    ),
    "cut in the first frame": (
        lambda make, tmp: cut(make(FRAMES), -2 * FRAME_BYTES - 1),
        f"is truncated: {FRAME_BYTES - 1} of {FRAMES.nbytes} bytes of pixels are there, and not "
        "one whole frame",
        "Copy it again",
    ),
    "cut in the first compressed frame": (
        lambda make, tmp: cut(make(FRAMES, compress=RLELossless), 1000),
        "is truncated: its pixels end inside fragment 1, and not one whole frame is there",
        "Copy it again",
    ),
    "empty compressed pixels": (
        lambda make, tmp: without_fragments(make),
        "has empty pixel data: not one frame is in it",
        "Export it again",
    ),
    "a report": (
        lambda make, tmp: dataset_file(make, "report"),
        "has no pixels. Its kind is X-Ray Radiation Dose SR Storage",
        "such as XA or XRF",
    ),
    "rows but no pixels": (
        lambda make, tmp: dataset_file(make, "image"),
        "it is truncated, or was sent without them",
        "Copy it again",
    ),
    "float pixels": (
        lambda make, tmp: dataset_file(make, "float"),
        "holds floating-point pixels",
        "Export it again with 8 or 16 bits",
    ),
    "pixels too few for one frame": (
        lambda make, tmp: short_pixels(make),
        f"contradicts itself: a frame of its stated size takes {FRAME_BYTES} bytes",
        "Export it again",
    ),
    "a codec that nobody has": (
        lambda make, tmp: with_syntax(make, b"1.2.840.10008.1.2.4.100"),
        "is stored as MPEG2 Main Profile / Main Level (1.2.840.10008.1.2.4.100)",
        "Export it again uncompressed",
    ),
    "a transfer syntax that does not exist": (
        lambda make, tmp: with_syntax(make, b"1.2.840.10008.9.9.99"),
        "states the transfer syntax '1.2.840.10008.9.9.99', which the standard does not know",
        "explicit VR little endian",
    ),
    "a deflated file that is cut": (
        lambda make, tmp: cut(make(FRAMES, DeflatedExplicitVRLittleEndian), -100),
        "truncated",
        "Copy it again",
    ),
}


def with_syntax(make_dicom, uid):
    """A compressed file whose transfer syntax is overwritten."""
    path = make_dicom(FRAMES, compress=RLELossless)
    content = path.read_bytes()
    at = content.index(b"1.2.840.10008.1.2.5\0")
    uid += b"\0" * (len(uid) % 2)
    data = bytearray(content[:at] + uid + content[at + 20 :])
    data[at - 2 : at] = struct.pack("<H", len(uid))
    group_length = data.index(struct.pack("<HH", 2, 0)) + 8
    (length,) = struct.unpack_from("<I", data, group_length)
    struct.pack_into("<I", data, group_length, length + len(uid) - 20)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_with_a_sentence(case, make_dicom, tmp_path):
    make, what, remedy = BAD_FILES[case]
    path = make(make_dicom, tmp_path)

    with pytest.raises(DicomError) as caught:
        DicomCine(path)

    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert what in sentence
    assert remedy in sentence
    assert sentence.endswith(".") or sentence.endswith(")")


def test_a_file_that_may_not_be_read(make_dicom, monkeypatch):
    path = make_dicom(FRAMES)

    def refuse(self, *arguments, **keywords):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(DicomError, check=has_code("FV-DCM-004")):
        DicomCine(path)


def test_an_error_of_the_disk_is_passed_on(make_dicom, monkeypatch):
    def fail(self, *arguments, **keywords):
        raise OSError(5, "Input/output error")

    path = make_dicom(FRAMES)
    monkeypatch.setattr("pathlib.Path.open", fail)
    with pytest.raises(DicomError, check=has_code("FV-DCM-005")):
        DicomCine(path)


def without_plugins(decoder, monkeypatch):
    known = {plugin.__name__: plugin.DECODER_DEPENDENCIES for plugin in (pyjpegls, pylibjpeg)}
    missing = {name: each[decoder.UID] for name, each in known.items() if decoder.UID in each}
    monkeypatch.setattr(decoder, "_available", {})
    monkeypatch.setattr(decoder, "_unavailable", missing)


@pytest.mark.parametrize(
    ("transfer_syntax", "package"),
    [
        ("1.2.840.10008.1.2.4.50", "pylibjpeg-libjpeg"),
        ("1.2.840.10008.1.2.4.70", "pylibjpeg-libjpeg"),
        ("1.2.840.10008.1.2.4.80", "pyjpegls"),
        ("1.2.840.10008.1.2.4.90", "pylibjpeg-openjpeg"),
        ("1.2.840.10008.1.2.4.201", "pylibjpeg-openjpeg"),
        ("1.2.840.10008.1.2.5", "pylibjpeg-rle"),
    ],
)
def test_a_missing_decoder_names_the_packages_that_decode(transfer_syntax, package, monkeypatch):
    decoder = decoder_for("loop.dcm", pydicom.uid.UID(transfer_syntax))
    without_plugins(decoder, monkeypatch)

    with pytest.raises(DicomError, match=f"its decoder is not installed.*{package}"):
        decoder_for("loop.dcm", pydicom.uid.UID(transfer_syntax))


def test_a_missing_decoder_is_reported_when_the_file_is_opened(make_dicom, monkeypatch):
    path = make_dicom(FRAMES, compress=JPEGLSLossless)
    without_plugins(decoder_for(path, JPEGLSLossless), monkeypatch)

    with pytest.raises(DicomError, check=has_code("FV-DCM-021")):
        DicomCine(path)


# ------------------------------------------- odd files that play nevertheless, with a warning


def truncated(make_dicom):
    return cut(make_dicom(FRAMES), -10)


def more_stated(make_dicom):
    path = make_dicom(FRAMES)
    data = pydicom.dcmread(path)
    data.NumberOfFrames = 5
    data.save_as(path)
    return path


def fewer_stated(make_dicom):
    path = make_dicom(FRAMES)
    data = pydicom.dcmread(path)
    data.NumberOfFrames = 1
    data.save_as(path)
    return path


def unstated(make_dicom):
    return make_dicom(FRAMES, NumberOfFrames=None)


@pytest.mark.parametrize(
    ("make", "whole", "warning"),
    [
        (
            truncated,
            2,
            "The file is truncated: 3 frames stated, 2 whole ones found; the 2 are played. "
            "The missing frames cannot be recovered from this file.",
        ),
        (
            lambda make: cut(make(FRAMES, compress=RLELossless), -100),
            2,
            "The file is truncated: 3 frames stated, 2 whole ones found; the 2 are played. "
            "The missing frames cannot be recovered from this file.",
        ),
        (
            more_stated,
            3,
            "The file contradicts itself: 5 frames stated, 3 whole ones found; the 3 are played. "
            "The missing frames cannot be recovered from this file.",
        ),
        (
            fewer_stated,
            3,
            "The file contradicts itself: 1 frame stated, 3 whole ones found; the 3 are played.",
        ),
        (
            lambda make: make(FRAMES, NumberOfFrames=2**31 - 1),
            3,
            "The file contradicts itself: 2147483647 frames stated, 3 whole ones found; the 3 are "
            "played. The missing frames cannot be recovered from this file.",
        ),
        (unstated, 3, "NumberOfFrames is missing; the pixels hold 3 frames."),
    ],
    ids=[
        "truncated",
        "truncated, compressed",
        "more stated",
        "fewer stated",
        "absurdly many stated",
        "none stated",
    ],
)
def test_whole_frames_are_played_with_a_warning(make_dicom, make, whole, warning):
    with DicomCine(make(make_dicom)) as cine:
        assert cine.frame_count == whole
        assert cine.warnings[0] == warning
        assert len(cine.timing.durations_ms) == whole
        for index in range(whole):
            np.testing.assert_array_equal(cine.read(index), FRAMES[index])


def test_a_surplus_that_is_no_whole_frame_is_left_alone(make_dicom):
    path = make_dicom(FRAMES)
    data = pydicom.dcmread(path)
    data.NumberOfFrames = 2
    data.PixelData += b"abcdef"
    data.save_as(path)

    with DicomCine(path) as cine:
        assert cine.frame_count == 2


def test_no_timing_is_among_the_warnings(make_dicom):
    with DicomCine(make_dicom(FRAMES)) as cine:
        assert any("states no frame rate" in warning for warning in cine.warnings)


def test_a_data_set_without_preamble_is_read(make_dicom):
    path = make_dicom(FRAMES, FrameTime=40)
    data = pydicom.dcmread(path)
    del data.file_meta
    pydicom.dcmwrite(path, data, implicit_vr=True, little_endian=True, enforce_file_format=False)
    content = path.read_bytes()
    path.write_bytes(content[132:] if content[128:132] == b"DICM" else content)

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(2), FRAMES[2])
        assert "no DICOM preamble" in cine.warnings[0]
        assert "Implicit VR Little Endian is assumed" in cine.warnings[1]


def test_a_damaged_frame_names_itself_and_the_others_play(make_dicom):
    path = make_dicom(FRAMES, compress=RLELossless, FrameTime=40)
    with DicomCine(path) as cine:
        span = cine._reader._source._index.frames[1][0]
    content = bytearray(path.read_bytes())
    content[span.start : span.start + span.length] = b"\xff" * span.length
    path.write_bytes(content)

    with DicomCine(path) as cine:
        np.testing.assert_array_equal(cine.read(0), FRAMES[0])
        np.testing.assert_array_equal(cine.read(2), FRAMES[2])
        with pytest.raises(DicomError, check=has_code("FV-DCM-024")):
            cine.read(1)


def test_a_file_cut_while_it_plays(make_dicom):
    path = make_dicom(FRAMES)
    with DicomCine(path) as cine:
        os.truncate(path, header_bytes(path) + FRAME_BYTES)
        with pytest.raises(DicomError, check=has_code("FV-DCM-023")):
            cine.read(2)


def test_reading_after_close_is_an_error_and_closing_twice_is_not(make_dicom):
    cine = DicomCine(make_dicom(FRAMES))
    cine.close()
    cine.close()
    with pytest.raises(DicomError, check=has_code("FV-DCM-022")):
        cine.read(0)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_frame_that_does_not_exist(make_dicom, index):
    with (
        DicomCine(make_dicom(FRAMES)) as cine,
        pytest.raises(IndexError, match="has frames 0 to 2"),
    ):
        cine.read(index)


@pytest.mark.parametrize("out", [np.empty((32, 41), np.uint16), np.empty((32, 40), np.uint8)])
def test_an_array_that_does_not_fit(make_dicom, out):
    with DicomCine(make_dicom(FRAMES)) as cine, pytest.raises(ValueError, match="is required"):
        cine.read(0, out)


@pytest.fixture(scope="module")
def sound_files(tmp_path_factory, build_dicom):
    """The bytes of an uncompressed and a compressed file, and a place for damaged ones."""
    folder = tmp_path_factory.mktemp("sound")
    contents = []
    for compress in (None, RLELossless, JPEGLSLossless):
        data = build_dicom(FRAMES, FrameTime=40, WindowCenter=900, WindowWidth=1800)
        if compress:
            data.compress(compress)
        pydicom.dcmwrite(folder / "sound.dcm", data, enforce_file_format=True)
        contents.append((folder / "sound.dcm").read_bytes())
    return contents, folder / "damaged.dcm"


@settings(max_examples=150)
@given(
    which=st.integers(0, 2),
    at=st.integers(128, 1100),
    removed=st.integers(0, 12),
    put=st.binary(max_size=12),
)
def test_a_file_damaged_anywhere_plays_or_is_refused_with_a_sentence(
    sound_files, which, at, removed, put
):
    contents, path = sound_files
    content = contents[which]
    path.write_bytes(content[:at] + put + content[at + removed :])
    sentence = ""

    try:
        with DicomCine(path) as cine:
            assert cine.frame_count >= 1
            assert cine.description
            cine.exposure(0)
            cine.read(0)
    except DicomError as error:
        sentence = str(error)

    assert not sentence or sentence.startswith(f"{path} ")


def test_a_refused_file_is_not_left_open(make_dicom):
    """An open handle would lock the file on Windows."""
    path = make_dicom(FRAMES, BitsAllocated=64, BitsStored=16, SOPInstanceUID=generate_uid())
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    with pytest.raises(DicomError):
        DicomCine(path)

    assert not before or len(os.listdir("/proc/self/fd")) == before


def test_escape_sequences_of_a_file_and_of_its_name_are_shown_and_not_sent(make_dicom, tmp_path):
    path = make_dicom(FRAMES, SeriesDescription="\x1b[2Jgone")
    with DicomCine(path) as cine:
        assert cine.description.isprintable()
    hostile = tmp_path / "x\x1b]0;y\x07\n.dcm"
    hostile.write_bytes(b"no DICOM")
    with pytest.raises(DicomError) as caught:
        DicomCine(hostile)
    assert str(caught.value).isprintable()
