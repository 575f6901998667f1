"""The guided calibration on a panel with pattern, defects and lag, with and without an operator."""

import math
import threading
from dataclasses import replace

import numpy as np
import pytest

from fluoroview.bench.calibration import frames_of, pattern_and_quantum_noise
from fluoroview.hal import (
    Access,
    Detector,
    DeviceState,
    Exposure,
    FloatParameter,
    FrameHeader,
    IntParameter,
    ParameterTree,
    StrParameter,
)
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.testing import has_code, until
from fluoroview.pipeline import CalibrationError, CorrectionSettings, PipelineSettings
from fluoroview.pipeline.calibration.defects import summarise
from fluoroview.pipeline.calibration.file import save_calibration
from fluoroview.pipeline.correction import Correction
from fluoroview.pipeline.lag import LagModel
from fluoroview.session.calibration.unattended import FieldContentSwitch, take_unattended
from fluoroview.session.calibration.workflow import CalibrationPlan, CalibrationWorkflow, StepKind
from fluoroview.session.room import DetectorSection, LoopSection, Room
from fluoroview.session.session import Session

ROWS, COLUMNS, RATE_HZ = 96, 128, 500.0
PLAN = CalibrationPlan(darks=12, flats=12, levels=2, lag=False)


class World:
    """The beam that the operator has in hand, and the panel's secrets."""

    def __init__(self):
        rng = np.random.default_rng(7)
        self.rng = rng
        self.quanta = 0.0
        self.states_exposure = False
        self.frames_before_silence = math.inf
        self.lag = 0.0
        self.temperature_c = math.nan
        self.offset = 150 + 20 * rng.standard_normal((ROWS, COLUMNS))
        self.gain = 1 + 0.05 * rng.standard_normal((ROWS, COLUMNS))
        self.gain[30, 40] = self.gain[:, 100] = self.gain[50:54, 60:64] = 0.0

    def frame(self, held):
        """Return one frame of the panel and what it holds back for the next."""
        quanta = self.rng.poisson(np.full((ROWS, COLUMNS), self.quanta))
        read = (1 - self.lag) * quanta + held
        noise = self.rng.normal(0, 2, (ROWS, COLUMNS))
        counts = np.clip(np.rint(self.gain * read + self.offset + noise), 0, 16383)
        return counts.astype(np.uint16), self.lag * quanta


class Panel(Detector):
    """A 14-bit panel that only knows its own counts; `world` is set by the test."""

    world: World

    @classmethod
    def discover(cls):
        return []

    def open(self):
        self.exposure_us, self.serial = 10_000.0, "A1"
        self._quit, self._thread = threading.Event(), None

    def parameters(self):
        def set_exposure(value):
            self.exposure_us = value

        return ParameterTree(
            [
                IntParameter("Width", lambda: COLUMNS, unit="px"),
                IntParameter("Height", lambda: ROWS, unit="px"),
                StrParameter("PixelFormat", lambda: "Mono14"),
                StrParameter("DeviceSerialNumber", lambda: self.serial),
                FloatParameter("AcquisitionFrameRate", lambda: RATE_HZ, unit="Hz"),
                FloatParameter(
                    "ExposureTime",
                    lambda: self.exposure_us,
                    set_exposure,
                    minimum=100.0,
                    maximum=1e6,
                    unit="µs",
                    access=Access.RW_IDLE,
                ),
            ]
        )

    def start(self, sink):
        self._quit.clear()
        self._thread = threading.Thread(target=self._run, args=(sink,), daemon=True)
        self._thread.start()

    def _run(self, sink):
        count, held = 0, 0.0
        while not self._quit.wait(1 / RATE_HZ) and not sink.stopping:
            if count >= self.world.frames_before_silence:
                continue
            exposure = Exposure(tube_voltage_kv=70.0) if self.world.states_exposure else None
            pixels, held = self.world.frame(held)
            header = FrameHeader(count, exposure=exposure, temperature_c=self.world.temperature_c)
            sink.offer(pixels, header)
            count += 1

    def stop(self):
        self._quit.set()
        if self._thread:
            self._thread.join()

    def close(self):
        self.stop()


@pytest.fixture
def world(monkeypatch):
    Panel.world = World()
    monkeypatch.setattr("fluoroview.hal.runtime.host.load_driver", lambda _name: Panel)
    return Panel.world


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a connected session; all are closed at the end."""
    made = []

    def make(driver="panel", device="p0", calibration="", **parameters):
        detector = DetectorSection(
            driver=driver, device=device, isolation="thread", parameters=parameters
        )
        loop = LoopSection(seconds=2.0, folder=str(tmp_path / "loops"))
        session = Session(Room(detector=detector, loop=loop, calibration=str(calibration)))
        session.problems = []
        session.events.problem.connect(lambda problem: session.problems.append(problem.sentence))
        made.append(session)
        session.connect().result(30)
        return session

    yield make
    for session in made:
        session.close()


@pytest.fixture
def session(world, make):
    return make()


def taken(calibrating, world, quanta=None):
    """Take the current step as an operator who does what it says; return the result."""
    step = calibrating.current
    world.quanta = 16383 * step.aim if quanta is None else quanta
    return calibrating.take().result(30)


def whole(session, world, plan=PLAN):
    calibrating = CalibrationWorkflow(session, plan)
    while calibrating.current is not None:
        assert taken(calibrating, world).passed
    return calibrating.finish()


def test_step_by_step_it_becomes_a_calibration(session, world):
    calibrating = CalibrationWorkflow(session, PLAN)
    assert [step.kind for step in calibrating.steps] == ["dark", "flat", "flat"]
    assert "Close the shutter" in calibrating.current.instruction
    dark = taken(calibrating, world)
    assert dark.counts == pytest.approx(150, abs=2)
    assert dark.summary.startswith("12 frames, offset 1")
    assert "about 35% of the range" in calibrating.current.instruction
    assert taken(calibrating, world).counts == pytest.approx(0.35 * 16383, rel=0.02)
    assert taken(calibrating, world).passed
    made = calibrating.finish()
    found = summarise(made.defects)
    assert (found.singles, found.clusters, found.columns) == (1, 1, 1)
    assert made.key.serial == "A1"
    assert made.key.mode["ExposureTime"] == 10_000.0
    assert [level.frames for level in made.levels] == [12, 12]


def test_progress_is_reported_frame_by_frame(session, world):
    calibrating = CalibrationWorkflow(session, PLAN)
    heard = []
    calibrating.events.progress.connect(heard.append)
    taken(calibrating, world)
    assert [progress.done for progress in heard] == list(range(1, 13))
    assert heard[-1].total == 12
    assert heard[-1].counts == pytest.approx(150, abs=3)


@pytest.mark.parametrize(
    ("quanta", "says"),
    [(0.0, "The field is too dark"), (40_000.0, "The field is saturated")],
)
def test_a_step_that_fails_stays_and_is_taken_again(session, world, monkeypatch, quanta, says):
    monkeypatch.setattr("fluoroview.session.calibration.workflow.BEAM_FRAMES", 10)
    calibrating = CalibrationWorkflow(session, PLAN)
    taken(calibrating, world)
    step = calibrating.current
    result = taken(calibrating, world, quanta)
    assert not result.passed
    assert says in result.findings[0].sentence
    assert calibrating.current is step
    assert taken(calibrating, world).passed
    assert calibrating.current is not step


def test_dark_frames_under_beam_are_refused(session, world):
    world.states_exposure = True
    calibrating = CalibrationWorkflow(session, PLAN)
    result = taken(calibrating, world)
    assert "12 of the 12 dark frames were exposed" in result.findings[0].sentence
    assert calibrating.current.kind is StepKind.DARK


def test_the_beam_may_come_late(session, world):
    calibrating = CalibrationWorkflow(session, PLAN)
    taken(calibrating, world)
    world.quanta = 0.0
    threading.Timer(0.1, setattr, (world, "quanta", 5000.0)).start()
    result = calibrating.take().result(30)
    assert result.passed
    assert result.counts == pytest.approx(5000, rel=0.02)


def test_dark_frames_taken_again_drop_what_rests_on_them(session, world):
    calibrating = CalibrationWorkflow(session, PLAN)
    taken(calibrating, world)
    taken(calibrating, world)
    world.quanta = 0.0
    calibrating.take(calibrating.steps[0]).result(30)
    assert list(calibrating.results) == [calibrating.steps[0]]
    assert calibrating.current is calibrating.steps[1]


def test_a_mode_that_changes_between_steps_is_refused(session, world):
    calibrating = CalibrationWorkflow(session, PLAN)
    taken(calibrating, world)
    session.set_parameter("ExposureTime", 20_000.0).result(30)
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-033")):
        taken(calibrating, world)
    session.set_parameter("ExposureTime", 10_000.0).result(30)
    assert taken(calibrating, world).passed


def test_lag_is_measured_from_the_decay(session, world):
    world.lag = 0.04
    calibrating = CalibrationWorkflow(
        session, CalibrationPlan(darks=8, flats=8, levels=1, lag_frames=40)
    )
    calibrating.end_beam = lambda: setattr(world, "quanta", 0.0)
    while calibrating.current is not None:
        assert taken(calibrating, world).passed
    lag = calibrating.finish().lag
    assert lag.first_frame_residual == pytest.approx(0.04, abs=0.002)
    assert lag.frame_rate_hz == RATE_HZ


def test_lag_without_a_decay_is_refused_and_may_be_skipped(session, world):
    calibrating = CalibrationWorkflow(
        session, CalibrationPlan(darks=8, flats=8, levels=1, lag_frames=16)
    )
    taken(calibrating, world)
    taken(calibrating, world)
    result = taken(calibrating, world)  # the operator leaves the beam on
    assert "The beam did not go off" in result.findings[0].sentence
    calibrating.skip_lag()
    assert calibrating.current is None
    assert calibrating.finish().lag is None


def test_the_temperature_is_that_of_the_frames(session, world):
    world.temperature_c = 33.5
    assert whole(session, world).key.temperature_c == pytest.approx(33.5)


def test_missing_frames_are_reported(session, world, monkeypatch):
    monkeypatch.setattr("fluoroview.session.calibration.workflow.NO_FRAME_S", 0.3)
    world.frames_before_silence = 5
    calibrating = CalibrationWorkflow(session, PLAN)
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-032")):
        taken(calibrating, world)
    assert session.device_status().state is DeviceState.ARMED
    world.frames_before_silence = math.inf
    assert taken(calibrating, world).passed


def test_a_step_can_be_cancelled_and_ends_the_run(session, world):
    calibrating = CalibrationWorkflow(session, CalibrationPlan(darks=1000))
    begun = threading.Event()
    calibrating.events.progress.connect(lambda _: begun.set())
    future = calibrating.take()
    assert begun.wait(5)
    calibrating.cancel()
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-030")):
        future.result(30)
    assert session.device_status().state is DeviceState.ARMED
    assert not calibrating.taking


def test_a_run_that_ends_early_is_reported(session, world):
    calibrating = CalibrationWorkflow(session, CalibrationPlan(darks=1000))
    begun = threading.Event()
    calibrating.events.progress.connect(lambda _: begun.set())
    future = calibrating.take()
    assert begun.wait(5)
    session.release_pedal()
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-031")):
        future.result(30)


def test_while_the_pedal_is_down_nothing_is_taken(session, world):
    session.press_pedal()
    until(lambda: session.state.pedal_down)
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-028")):
        CalibrationWorkflow(session, PLAN).take().result(30)


def test_what_is_out_of_order_is_refused(session, world):
    calibrating = CalibrationWorkflow(session, PLAN)
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-026")):
        calibrating.take(calibrating.steps[1])
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-027")):
        calibrating.finish()


@pytest.mark.parametrize("wrong", [{"darks": 1}, {"flats": 0}, {"levels": 0}, {"lag_frames": 4}])
def test_a_plan_out_of_limits_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(CalibrationError, match=f"{name} = .* Allowed are"):
        CalibrationPlan(**wrong)


def test_dark_frames_are_no_fluoroscopy(session, world):
    calibrating = CalibrationWorkflow(session, PLAN)
    taken(calibrating, world)
    assert session.snapshot().dose.fluoroscopy_time_s == 0.0
    assert session.runs == ()
    taken(calibrating, world)
    assert session.snapshot().dose.fluoroscopy_time_s > 0.0


def test_flats_that_make_no_calibration_are_to_be_taken_again(session, world, monkeypatch):
    calibrating = CalibrationWorkflow(session, PLAN)
    while calibrating.current is not None:
        taken(calibrating, world)
    monkeypatch.setattr("fluoroview.pipeline.calibration.build.MAX_DEFECT_FRACTION", 1e-4)
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-005")):
        calibrating.finish()
    assert calibrating.current is calibrating.steps[1]


# in use


def test_a_calibration_in_use_flattens_the_images(session, world, tmp_path):
    save_calibration(tmp_path / "c.h5", whole(session, world))
    assert session.calibration_file is None
    session.use_calibration(tmp_path / "c.h5").result(30)
    assert session.calibration_file == tmp_path / "c.h5"
    session.use_calibration(None).result(30)
    assert session.calibration_file is None


def test_the_room_s_calibration_is_found_in_its_folder(session, world, tmp_path, make):
    save_calibration(tmp_path / "c.h5", whole(session, world))
    other = make(calibration=tmp_path)
    assert other.calibration_file == tmp_path / "c.h5"
    assert other.problems == []


def test_a_calibration_of_another_mode_is_refused_with_the_reason(session, world, tmp_path, make):
    save_calibration(tmp_path / "c.h5", whole(session, world))
    other = make(calibration=tmp_path / "c.h5", ExposureTime=20_000.0)
    assert other.calibration_file is None
    assert "made at ExposureTime 10000 µs, but the detector is at 20000 µs" in other.problems[0]
    assert "The images are not corrected." in other.problems[0]
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-013")):
        other.use_calibration(tmp_path / "c.h5").result(30)
    other.set_parameter("ExposureTime", 10_000.0).result(30)
    assert other.calibration_file == tmp_path / "c.h5"


def test_while_the_device_runs_the_calibration_stays(session, world, tmp_path):
    save_calibration(tmp_path / "c.h5", whole(session, world))
    session.press_pedal()
    with pytest.raises(FluoroError, check=has_code("FV-SES-006")):
        session.use_calibration(tmp_path / "c.h5").result(30)
    session.release_pedal()


# the simulated detector, unattended


@pytest.fixture
def suite(make):
    return make("simulated", "suite", Matrix="512", PanelCorrection="off")


@pytest.fixture
def of_suite(suite):
    switch = FieldContentSwitch.of(suite)
    calibrating = CalibrationWorkflow(
        suite, CalibrationPlan(darks=16, flats=24, levels=2, lag_frames=20)
    )
    take_unattended(calibrating, switch)
    return calibrating.finish()


def test_unattended_the_simulated_panel_falls_to_its_quantum_noise(suite, of_suite, tmp_path):
    found = {p.name: p.value for p in suite.parameters}
    assert found["FieldContent"] == "patient"
    assert (found["TubeCurrent"], found["PulseWidth"]) == (7.0, 5.0)
    assert of_suite.lag.first_frame_residual == pytest.approx(0.034, abs=0.002)
    for name, value in {"TubeCurrent": 6.0, "FieldContent": "open field"}.items():
        suite.set_parameter(name, value).result(30)
    raw = frames_of(suite, 16)
    target = np.zeros(raw[0].shape, np.float32)
    correction = Correction(CorrectionSettings(), of_suite, target)
    pattern_before, _ = pattern_and_quantum_noise(
        np.where(of_suite.defects, np.median(raw[0]), raw)
    )
    pattern, quantum = pattern_and_quantum_noise([correction.apply(frame).copy() for frame in raw])
    assert pattern_before > quantum
    assert pattern < 0.25 * quantum  # 48 flats: 1/√48 = 0.14
    flat = correction.apply(raw[0])
    bad = of_suite.defects
    assert (summarise(bad).rows, summarise(bad).columns) == (1, 1)
    assert np.abs(flat[bad] / np.median(flat) - 1).max() < 0.4
    # another matrix, another panel, another mode of it
    save_calibration(tmp_path / "c.h5", of_suite)
    suite.use_calibration(tmp_path / "c.h5").result(30)
    for name, value, says in (
        ("Matrix", "1024", "made at Width 512 px, but the detector is at 1024 px"),
        ("Seed", 2, "serial number SIM00001, but the detector's is SIM00002"),
        ("PanelCorrection", "on", "made at PanelCorrection off, but the detector is at on"),
    ):
        before = found[name]
        suite.set_parameter(name, value).result(30)
        assert says in suite.problems[-1]
        assert suite.calibration_file is None
        suite.set_parameter(name, before).result(30)
        assert suite.calibration_file is not None
    suite.set_parameter("PulseRate", "15").result(30)
    assert suite.calibration_file is not None


def test_a_panel_without_a_scene_cannot_be_calibrated_unattended(session):
    assert FieldContentSwitch.of(session) is None


def test_the_field_content_is_restored_when_a_step_fails(make):
    session = make("simulated", "suite", Matrix="512")
    calibrating = CalibrationWorkflow(
        session, CalibrationPlan(darks=4, flats=4, levels=1, lag=False)
    )
    switch = FieldContentSwitch.of(session)
    session.set_parameter("TubeVoltage", 125.0).result(30)
    session.set_parameter("CopperFilter", "0").result(30)
    calibrating.steps = (calibrating.steps[0], *(_dimmer(s) for s in calibrating.steps[1:]))
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-020")):
        take_unattended(calibrating, switch)
    assert {p.name: p.value for p in session.parameters}["FieldContent"] == "patient"


def _dimmer(step):
    return replace(step, aim=0.001)


@pytest.mark.parametrize("requested", [True, False])
def test_lag_of_another_frame_rate_is_skipped_and_reported_where_it_is_requested(
    session, world, tmp_path, requested
):
    made = replace(whole(session, world), lag=LagModel((0.02,), (2.0,), RATE_HZ / 2))
    save_calibration(tmp_path / "c.h5", made)
    correction = CorrectionSettings(lag=requested)
    session._core.devices.room = session.room.model_copy(
        update={"pipeline": PipelineSettings(correction=correction)}
    )
    session.use_calibration(tmp_path / "c.h5").result(30)
    assert session.calibration_file == tmp_path / "c.h5"
    mismatch = f"was measured at {RATE_HZ / 2:g} frames/s, and the detector runs at {RATE_HZ:g}"
    assert any(mismatch in problem for problem in session.problems) is requested
