"""A loop on the disk: what it states, what it refuses, and that nothing is ever lost by writing."""

import errno
import resource
import shutil
import signal
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoroview.dicom import (
    DicomCine,
    DicomError,
    LoopDescription,
    Storage,
    write_image,
    write_loop,
)
from fluoroview.dicom import header as header_module
from fluoroview.dicom import writing as writing_module
from fluoroview.hal import DoseOrigin, Exposure, PixelIntensityRelationship
from fluoroview.hal.testing import has_code
from fluoroview.hal.window import Window

FRAMES = np.random.default_rng(3).integers(0, 4096, (5, 24, 32)).astype(np.uint16)
EXPOSURE = Exposure(72.5, 10.3, 8.0, 2.8, 0.1, 1100.0, 230.0, 180.0)
LOOP = LoopDescription(
    durations_ms=(1000 / 15,) * 5,
    simulated=True,
    started=datetime(2026, 3, 1, 12, 30, 5, 250_000, tzinfo=UTC),
    intensity_relationship=PixelIntensityRelationship.LOG,
    counts_per_e_fold=400.0,
    bits_stored=12,
    window=Window(2047.5, 3000.0),
    exposure=EXPOSURE,
    air_kerma_mgy=1.25,
    kap_gycm2=0.5,
    dose_origin=DoseOrigin.SIMULATED,
    series_description="Barium swallow, lateral",
)


def test_a_loop_comes_back_as_it_was(tmp_path):
    written = write_loop(tmp_path / "loop.dcm", FRAMES, LOOP)

    with DicomCine(written.path) as cine:
        assert (cine.frame_count, cine.rows, cine.columns) == (5, 24, 32)
        for index, frame in enumerate(FRAMES):
            np.testing.assert_array_equal(cine.read(index), frame)
        assert cine.timing.source == "FrameTime (0018,1063)"
        assert cine.timing.durations_ms == pytest.approx(LOOP.durations_ms)
        assert cine.intensity_relationship is PixelIntensityRelationship.LOG
        assert cine.image_max == 4095
        assert cine.window == LOOP.window
        assert cine.exposure(4) == EXPOSURE
        assert cine.dose.entrance_mgy == 1.25
        assert cine.dose.kap_gycm2 == pytest.approx(0.5)
        assert cine.warnings == ()
    assert written.size_bytes == written.path.stat().st_size
    assert written.frame_count == 5
    assert written.warnings == ()


def test_what_the_file_states(tmp_path):
    written = write_loop(tmp_path / "loop.dcm", FRAMES, LOOP)
    data = pydicom.dcmread(written.path)

    assert data.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.12.2"
    assert data.SOPInstanceUID == written.sop_instance_uid
    assert data.Modality == "RF"
    assert data.ImageType == ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    assert data.PhotometricInterpretation == "MONOCHROME2"
    assert (data.BitsAllocated, data.BitsStored, data.HighBit) == (16, 12, 11)
    assert data.FrameIncrementPointer == 0x00181063
    assert data.CineRate == 15
    assert data.ImageAndFluoroscopyAreaDoseProduct == 5  # dGy·cm²
    assert data.EntranceDoseInmGy == 1.25
    assert "simulated" in data.CommentsOnRadiationDose
    assert (data.KVP, data.XRayTubeCurrentInuA, data.AveragePulseWidth) == (72.5, 10300, 8)
    assert data.ExposureTime == 40  # 5 pulses of 8 ms
    assert data.FilterMaterial == ["ALUMINUM", "COPPER"]
    assert data.FilterThicknessMaximum == [2.8, 0.1]
    assert data.DistanceSourceToDetector == 1100
    assert data.FieldOfViewDimensions == [230, 180]
    assert data.SoftwareVersions.startswith("FluoroView ")
    assert data["PixelData"].VR == "OW"


def test_a_simulated_loop_is_marked_in_every_viewer(tmp_path):
    data = pydicom.dcmread(write_loop(tmp_path / "loop.dcm", FRAMES, LOOP).path)

    assert data.PatientName == "Simulated^Patient"
    assert data.PatientID == "SIMULATED"
    assert data.ImageComments.startswith("SIMULATED: no patient and no x-rays.")


def test_a_real_loop_does_not(tmp_path):
    real = replace(LOOP, simulated=False, patient_name="Doe^Jane", patient_id="7", comment="Run 3")
    data = pydicom.dcmread(write_loop(tmp_path / "loop.dcm", FRAMES, real).path)

    assert data.PatientName == "Doe^Jane"
    assert data.PatientID == "7"
    assert data.ImageComments == "Run 3"


def test_times_are_local_with_their_offset_from_utc(tmp_path):
    data = pydicom.dcmread(write_loop(tmp_path / "loop.dcm", FRAMES, LOOP).path)

    stamp = data.AcquisitionDate + data.AcquisitionTime + data.TimezoneOffsetFromUTC
    assert datetime.strptime(stamp, "%Y%m%d%H%M%S.%f%z") == LOOP.started


def test_what_is_unknown_is_absent_or_empty_and_never_0(tmp_path):
    bare = LoopDescription(durations_ms=(40.0,) * 5, simulated=False)
    data = pydicom.dcmread(write_loop(tmp_path / "loop.dcm", FRAMES, bare).path)

    assert data.KVP is None
    assert data.XRayTubeCurrent is None
    assert data.PatientName == ""
    for keyword in (
        "ImageAndFluoroscopyAreaDoseProduct",
        "EntranceDoseInmGy",
        "FilterType",
        "AveragePulseWidth",
        "WindowCenter",
        "ImageComments",
        "DerivationDescription",
    ):
        assert keyword not in data


def test_log_images_bring_the_way_back_to_linear_values(tmp_path):
    data = pydicom.dcmread(write_loop(tmp_path / "loop.dcm", FRAMES, LOOP).path)

    assert data.PixelIntensityRelationship == "LOG"
    linear = pydicom.pixels.apply_modality_lut(FRAMES[0], data)
    np.testing.assert_allclose(linear, 65535 * np.exp((FRAMES[0] - 4095.0) / 400), atol=0.5)


def test_log_images_of_an_unknown_law_are_marked_as_made_for_the_screen(tmp_path):
    written = write_loop(
        tmp_path / "loop.dcm", FRAMES, replace(LOOP, counts_per_e_fold=float("nan"))
    )

    assert "unknown law" in written.warnings[0]
    assert pydicom.dcmread(written.path).PixelIntensityRelationship == "DISP"


def test_the_files_of_one_session_share_their_study(tmp_path):
    first = write_loop(tmp_path / "1.dcm", FRAMES, LOOP)
    same = replace(LOOP, study_uid=first.study_uid, series_uid=first.series_uid)
    second = write_loop(tmp_path / "2.dcm", FRAMES, same)

    assert second.study_uid == first.study_uid
    assert second.series_uid == first.series_uid
    assert second.sop_instance_uid != first.sop_instance_uid


def test_a_held_image_is_a_single_frame(tmp_path):
    derived = replace(LOOP, derivation="Mean of 4 frames")
    written = write_image(tmp_path / "hold.dcm", FRAMES[0], derived)
    data = pydicom.dcmread(written.path)

    assert "NumberOfFrames" not in data
    assert "FrameIncrementPointer" not in data
    assert data.ImageType[0] == "DERIVED"
    assert data.DerivationDescription == "Mean of 4 frames"
    with DicomCine(written.path) as cine:
        assert cine.warnings == ()
        np.testing.assert_array_equal(cine.read(0), FRAMES[0])


@pytest.mark.parametrize("columns", [32, 31])
def test_8_bits_and_an_odd_number_of_bytes(tmp_path, columns):
    frames = (FRAMES[:, :23, :columns] >> 4).astype(np.uint8)
    written = write_loop(tmp_path / "loop.dcm", frames, replace(LOOP, bits_stored=8))

    data = pydicom.dcmread(written.path)
    assert (data.BitsAllocated, data.BitsStored) == (8, 8)
    np.testing.assert_array_equal(data.pixel_array, frames)


def test_one_buffer_may_serve_all_frames(tmp_path):
    def reused():
        buffer = np.empty(FRAMES[0].shape, np.uint16)
        for frame in FRAMES:
            buffer[...] = frame
            yield buffer

    write_loop(tmp_path / "loop.dcm", reused(), LOOP)

    np.testing.assert_array_equal(pydicom.dcmread(tmp_path / "loop.dcm").pixel_array, FRAMES)


def test_frames_that_are_not_contiguous(tmp_path):
    odd = [np.asfortranarray(FRAMES[0]), FRAMES[1].T.copy().T, *FRAMES[2:]]
    write_loop(tmp_path / "loop.dcm", odd, LOOP)

    np.testing.assert_array_equal(pydicom.dcmread(tmp_path / "loop.dcm").pixel_array, FRAMES)


def test_progress_is_reported_after_each_frame(tmp_path):
    steps = []
    write_loop(tmp_path / "loop.dcm", FRAMES, LOOP, lambda *now: steps.append(now))

    assert steps == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


# ---------------------------------------------------------------------------------- timing


def test_uneven_times_become_a_vector(tmp_path):
    uneven = replace(LOOP, durations_ms=(33.0, 66.5, 33.25, 100.0, 40.0))
    written = write_loop(tmp_path / "loop.dcm", FRAMES, uneven)
    data = pydicom.dcmread(written.path)

    assert data.FrameIncrementPointer == 0x00181065
    assert list(data.FrameTimeVector) == [0, 33, 66.5, 33.25, 100]
    assert "FrameTime" not in data
    with DicomCine(written.path) as cine:
        # Nothing follows the last frame: its own time is not in the file.
        assert cine.timing.durations_ms == pytest.approx((33.0, 66.5, 33.25, 100.0, 100.0))


def test_jitter_of_less_than_a_percent_is_one_frame_time(tmp_path):
    jitter = replace(LOOP, durations_ms=(33.3, 33.4, 33.3, 33.2, 50.0))
    data = pydicom.dcmread(write_loop(tmp_path / "loop.dcm", FRAMES, jitter).path)

    assert data.FrameTime == pytest.approx(33.3)


def small_frames(count):
    return (np.zeros((2, 2), np.uint16) for _ in range(count))


def long_loop(count):
    rng = np.random.default_rng(1)
    return replace(LOOP, durations_ms=tuple(rng.uniform(20, 120, count).tolist()))


@pytest.mark.parametrize("count", [9_000, 12_000, 16_000])
def test_a_long_vector_stays_within_the_limit_of_its_element(tmp_path, count):
    """Fewer decimals, but the sum of the gaps never drifts."""
    loop = long_loop(count)
    written = write_loop(tmp_path / "loop.dcm", small_frames(count), loop)

    assert written.warnings == ()
    raw = pydicom.dcmread(written.path).get_item("FrameTimeVector")
    assert raw.length <= 65_534
    with DicomCine(written.path) as cine:
        starts = np.cumsum(cine.timing.durations_ms)
        assert np.abs(starts - np.cumsum(loop.durations_ms))[:-1].max() <= 0.51


def test_a_vector_that_cannot_fit_becomes_its_mean_with_a_warning(tmp_path):
    written = write_loop(tmp_path / "loop.dcm", small_frames(30_000), long_loop(30_000))

    assert "too many for one FrameTimeVector" in written.warnings[0]
    with DicomCine(written.path) as cine:
        assert cine.timing.source == "FrameTime (0018,1063)"


@given(st.lists(st.floats(0, 5000), min_size=2, max_size=50).filter(lambda x: sum(x[:-1]) > 50))
def test_written_times_never_drift(durations_ms):
    vector = header_module._time_vector(tuple(durations_ms[:-1]))

    starts = np.cumsum([float(x) for x in vector])
    np.testing.assert_allclose(starts[1:], np.cumsum(durations_ms)[:-1], atol=0.0006, rtol=1e-6)
    assert all(len(entry) <= 16 for entry in vector)


# ------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("frames", "description", "what"),
    [
        ([], LOOP, "there are no frames"),
        (FRAMES[:4], LOOP, "5 frames were announced and 4 came"),
        (FRAMES, replace(LOOP, durations_ms=(40.0,) * 4), "4 frames were announced and more"),
        (FRAMES, replace(LOOP, bits_stored=10), "more than 10 bits can"),
        (FRAMES, replace(LOOP, bits_stored=14), "14 bits stored; 8, 10, 12 or 16 are allowed"),
        (FRAMES.astype(np.float32), LOOP, "frames are float32 (24, 32); uint8 or uint16"),
        (FRAMES[..., None].repeat(3, -1), LOOP, "rows × columns, are allowed"),
        ([*FRAMES[:4], FRAMES[4][:20]], LOOP, "frame 5 is uint16 (20, 32) and the first one"),
        (FRAMES, replace(LOOP, durations_ms=(0.0,) * 5), "all zero"),
        (FRAMES, replace(LOOP, durations_ms=(40, 40, -1, 40, 40)), "negative"),
        (FRAMES, replace(LOOP, durations_ms=(40, 40, float("nan"), 40, 40)), "not numbers"),
    ],
)
def test_a_loop_that_cannot_be_written_leaves_nothing(tmp_path, frames, description, what):
    target = tmp_path / "loop.dcm"

    with pytest.raises(DicomError) as caught:
        write_loop(target, frames, description)

    assert what in str(caught.value)
    assert str(caught.value).startswith(f"{target} was not stored: ")
    assert list(tmp_path.iterdir()) == []


def test_more_than_4_gib_is_refused_with_how_many_frames_fit(tmp_path):
    frame = np.zeros((2048, 2048), np.uint16)
    long = replace(LOOP, durations_ms=(40.0,) * 600)

    with pytest.raises(DicomError, check=has_code("FV-DCM-030")):
        write_loop(tmp_path / "loop.dcm", [frame], long)

    assert list(tmp_path.iterdir()) == []


class FullDisk:
    """A file on a disk that has room for `room` more bytes."""

    def __init__(self, stream, room):
        self._stream = stream
        self._room = room

    def write(self, data):
        self._room -= memoryview(data).nbytes
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._stream.write(data)

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._stream.close()


@pytest.mark.parametrize("room", [0, 300, 14_000])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, room):
    target = tmp_path / "loop.dcm"
    write_loop(target, FRAMES, LOOP)
    before = target.read_bytes()
    real_open = writing_module.Path.open

    def open_on_full_disk(self, mode="r", *arguments, **keywords):
        stream = real_open(self, mode, *arguments, **keywords)
        return FullDisk(stream, room) if "+" in mode else stream

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.open", open_on_full_disk)
        with pytest.raises(DicomError) as caught:
            write_loop(target, FRAMES, LOOP)

    assert "was not stored: the disk is full." in str(caught.value)
    assert "Nothing was overwritten. Free some space" in str(caught.value)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_too_large_for_its_disk(tmp_path):
    """A limit of the operating system stands for that of the disk: EFBIG, and no signal."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, old[1]))
    try:
        with pytest.raises(DicomError, check=has_code("FV-DCM-025")):
            write_loop(tmp_path / "loop.dcm", FRAMES, LOOP)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(DicomError, check=has_code("FV-DCM-025")):
        write_loop(tmp_path / "nowhere" / "loop.dcm", FRAMES, LOOP)


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    def refuse(path, *_arguments):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(DicomError, check=has_code("FV-DCM-025")):
        write_loop(tmp_path / "loop.dcm", FRAMES, LOOP)


def test_an_error_of_the_frames_source_is_not_mistaken_for_one_of_the_target(tmp_path):
    def broken():
        yield FRAMES[0]
        raise FileNotFoundError(errno.ENOENT, "gone", "/another/file")

    with pytest.raises(FileNotFoundError, match="another"):
        write_loop(tmp_path / "loop.dcm", broken(), LOOP)

    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_export_leaves_nothing(tmp_path):
    def interrupt(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_loop(tmp_path / "loop.dcm", FRAMES, LOOP, interrupt)

    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------ the checker


@pytest.mark.parametrize(
    ("frames", "description"),
    [
        pytest.param(FRAMES, LOOP, id="XRF loop"),
        pytest.param(FRAMES, replace(LOOP, storage=Storage.XA), id="XA loop"),
        pytest.param(FRAMES, replace(LOOP, durations_ms=(33, 66, 33, 100, 40)), id="uneven times"),
        pytest.param(
            FRAMES, LoopDescription(durations_ms=(40.0,) * 5, simulated=False), id="nothing known"
        ),
        pytest.param(
            FRAMES[:1], replace(LOOP, durations_ms=(0.0,), derivation="Mean of 4"), id="image"
        ),
        pytest.param((FRAMES >> 4).astype(np.uint8), replace(LOOP, bits_stored=8), id="8 bits"),
        pytest.param(FRAMES, replace(LOOP, bits_stored=16, counts_per_e_fold=4096), id="16 bits"),
    ],
)
def test_dciodvfy_finds_no_error(tmp_path, frames, description):
    """David Clunie's checker (Debian: dicom3tools) knows the object definitions of the standard."""
    checker = shutil.which("dciodvfy")
    assert checker, "install dicom3tools (Debian: apt-get install dicom3tools)"
    written = write_loop(tmp_path / "loop.dcm", frames, description)

    report = subprocess.run(
        [checker, "-new", str(written.path)], capture_output=True, text=True, check=False
    ).stderr

    assert "XRFImage" in report or "XAImage" in report
    assert [line for line in report.splitlines() if line.startswith("Error")] == []
