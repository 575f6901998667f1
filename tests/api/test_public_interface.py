"""`import fluoroview as fv`: what scripts and notebooks do, on real drivers in real processes."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fluoroview as fv
from fluoroview.api import AcquisitionTimeoutError
from fluoroview.hal import PixelIntensityRelationship
from fluoroview.hal.parameter import ParameterError
from fluoroview.hal.testing import has_code

SMALL = {"Width": 64, "Height": 96, "AcquisitionFrameRate": 100.0}


@pytest.fixture
def pattern():
    with fv.open_detector("pattern", parameters=SMALL) as detector:
        yield detector


def test_acquired_frames_are_an_array_with_headers(pattern):
    frames = pattern.acquire(20)

    assert frames.pixels.shape == (20, 96, 64)
    assert frames.pixels.dtype == np.uint16
    numbers = [header.frame_number for header in frames.headers]
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    assert frames.ledger.delivered >= 20
    assert "20 frames of 96×64 uint16" in repr(frames)
    header, pixels = frames[3]
    assert header is frames.headers[3]
    assert (pixels == frames.pixels[3]).all()


def test_a_detector_acquires_again_and_again(pattern):
    first, second = pattern.acquire(5), pattern.acquire(5)

    assert first.headers[0].run != second.headers[0].run
    assert pattern.state == "IDLE"


def test_parameters_read_and_write_like_a_dictionary(pattern):
    pattern["Width"] = 128

    assert pattern["Width"] == 128
    assert pattern.acquire(1).pixels.shape == (1, 96, 128)
    with pytest.raises(ParameterError, check=has_code("FV-HAL-016")):
        pattern["Width"] = -1


def test_a_closed_detector_states_it(pattern):
    pattern.close()

    assert pattern.state == "CLOSED"
    assert "CLOSED" in repr(pattern)
    with pytest.raises(fv.FluoroError):
        pattern.acquire()


def test_a_timeout_raises_with_how_many_frames_came(pattern):
    pattern["AcquisitionFrameRate"] = 0.5

    with pytest.raises(AcquisitionTimeoutError, check=has_code("FV-API-001")):
        pattern.acquire(10000, timeout_s=0.5)
    assert pattern.state == "IDLE"


def test_an_unknown_driver_is_named():
    with pytest.raises(fv.FluoroError, check=has_code("FV-HAL-031")):
        fv.open_detector("nosuch")


def test_a_loop_is_written_and_read(tmp_path, pattern):
    frames = pattern.acquire(4)
    written = fv.write_loop(tmp_path / "loop.dcm", frames.pixels, rate_hz=10.0, simulated=True)

    with fv.read_cine(written.path) as cine:
        assert len(cine) == 4
        assert cine.duration_ms(0) == pytest.approx(100.0)
        assert (cine.read(2) == frames.pixels[2]).all()


def test_a_recording_holds_every_frame(tmp_path):
    path = tmp_path / "run.fluoro.h5"
    status = fv.record("pattern", path, 10, parameters=SMALL)

    with fv.read_recording(path) as recording:
        assert recording.frame_count == status.frames >= 10
        assert recording.read(0).shape == (96, 64)


def test_a_driver_is_checked():
    report = fv.check("pattern", rules=["loads"], effort="quick")

    assert report.exit_code == 0
    with pytest.raises(fv.FluoroError, check=has_code("FV-API-002")):
        fv.check("pattern", effort="heroic")


def test_a_frame_becomes_an_image(pattern):
    frames = pattern.acquire(1)
    pipeline = fv.Pipeline(96, 64, fv.PipelineSettings(), PixelIntensityRelationship.LIN)
    image = np.empty((96, 64), np.uint16)
    pipeline.process(frames.pixels[0], image)

    assert image.max() > image.min()


def test_every_public_name_exists_and_is_documented():
    for name in fv.__all__:
        value = getattr(fv, name)
        assert name in dir(fv)
        assert name == "__version__" or value.__doc__, name
    with pytest.raises(AttributeError):
        fv.nosuch  # noqa: B018


def test_importing_and_using_the_interface_imports_no_qt_and_little_at_first():
    code = (
        "import sys, fluoroview as fv\n"
        "assert 'numpy' not in sys.modules\n"
        "[getattr(fv, name) for name in fv.__all__]\n"
        "with fv.open_detector('pattern') as d: d.acquire(2)\n"
        "assert not [m for m in sys.modules if m.startswith(('PyQt6', 'pyqtgraph'))]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_types_name_what_the_interface_has():
    stub = ast.parse(Path(fv.__file__).with_suffix(".pyi").read_text())
    typed = {
        (each.names[0].name, each.module) for each in stub.body if isinstance(each, ast.ImportFrom)
    }

    assert typed == set(fv._PLACES.items())
