"""The sample data holds what its names promise, and the script that made it makes it again."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

from fluoroview import samples as sample_data
from fluoroview.dicom import DicomCine
from fluoroview.pipeline.calibration.file import load_calibration
from fluoroview.recording import Recording
from fluoroview.samples import SampleError, SampleKind, find_sample, samples
from fluoroview.session.room import read_room

FOLDER = Path(__file__).parent.parent / "sample_data"
MAX_BYTES = 3_000_000
LOOPS = [sample for sample in samples() if sample.kind is SampleKind.LOOP]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_samples", FOLDER / "make_samples.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_samples_are_a_swallow_a_dsa_run_a_coronary_cine_and_a_recording():
    assert [sample.name for sample in samples()] == ["swallow", "dsa", "coronary", "recording"]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_a_sample_is_small(sample):
    assert sample.path.stat().st_size <= MAX_BYTES


@pytest.mark.parametrize("sample", LOOPS, ids=lambda sample: sample.name)
def test_a_loop_is_losslessly_compressed_valid_and_marked_as_simulated(sample):
    data = pydicom.dcmread(sample.path, stop_before_pixels=True)
    checked = subprocess.run(["dciodvfy", sample.path], capture_output=True, text=True, check=False)
    errors = [line for line in checked.stderr.splitlines() if line.startswith("Error")]
    assert not errors
    assert data.file_meta.TransferSyntaxUID.is_compressed
    assert data.LossyImageCompression == "00"
    assert data.ImageComments.startswith("SIMULATED")
    assert str(data.PatientName) == "Simulated^Patient"


@pytest.mark.parametrize(
    ("name", "modality", "frames", "rate_hz"),
    [("swallow", "RF", 40, 30), ("dsa", "XA", 18, 3), ("coronary", "XA", 36, 15)],
)
def test_every_frame_of_a_loop_can_be_played_at_its_rate(name, modality, frames, rate_hz):
    path = find_sample(name).path
    assert pydicom.dcmread(path, stop_before_pixels=True).Modality == modality
    cine = DicomCine(path)
    try:
        assert cine.frame_count == frames
        pixels = np.empty((cine.rows, cine.columns), np.uint16)
        for index in range(frames):
            assert cine.duration_ms(index) == pytest.approx(1000 / rate_hz, rel=1e-3)
            assert cine.read(index, pixels).std() > 10
    finally:
        cine.close()


def test_the_dsa_run_names_its_mask_and_shows_vessels_when_it_is_subtracted():
    data = pydicom.dcmread(find_sample("dsa").path)
    (mask,) = data.MaskSubtractionSequence
    frames = data.pixel_array.astype(float)
    numbers = [number - 1 for number in mask.MaskFrameNumbers]
    difference = frames - frames[numbers].mean(axis=0)
    assert (data.RecommendedViewingMode, mask.MaskOperation) == ("SUB", "AVG_SUB")
    darkest = [np.percentile(each[20:-20, 20:-20], 0.5) for each in difference]
    assert min(darkest) < -80
    assert max(darkest[:3]) > -40


def test_the_recording_is_whole_and_the_calibration_set_has_its_shape():
    calibration = load_calibration(FOLDER / "calibration" / "raw_panel.h5")
    with Recording(find_sample("recording").path) as recording:
        assert not recording.damage
        assert recording.frame_count >= 5
        for index in range(recording.frame_count):
            assert recording.read(index).shape == calibration.offset.shape


@pytest.mark.parametrize("room", sorted(FOLDER.glob("rooms/*.toml")), ids=lambda path: path.stem)
def test_the_rooms_are_valid(room):
    assert read_room(room).name


def test_the_script_makes_the_same_images_again(script, tmp_path):
    loop = next(loop for loop in script.LOOPS if loop.name == "dsa")
    made = pydicom.dcmread(script.make_loop(loop, tmp_path))
    kept = pydicom.dcmread(find_sample("dsa").path)
    assert made.SOPInstanceUID == kept.SOPInstanceUID
    # Vector units of other processors round the last bit differently.
    assert np.abs(made.pixel_array.astype(int) - kept.pixel_array).max() <= 1


def test_a_name_that_does_not_exist_lists_those_that_do():
    with pytest.raises(SampleError) as caught:
        find_sample("barium")
    assert "swallow, dsa, coronary, recording" in str(caught.value)


def test_without_the_source_a_sentence_states_where_the_samples_are(monkeypatch, tmp_path):
    monkeypatch.setattr(sample_data, "_FOLDER", tmp_path)
    assert samples() == ()
    with pytest.raises(SampleError) as caught:
        find_sample()
    assert "come with the source" in str(caught.value)
