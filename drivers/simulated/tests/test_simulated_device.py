"""The driver: pulses on time, none without the pedal, dose for each."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from fluoroview.hal import (
    DeadMan,
    DeviceError,
    DeviceHost,
    DeviceKind,
    DoseOrigin,
    ParameterError,
)
from fluoroview.hal.testing import until
from fluoroview_simulated.driver.device import DEVICE_ID, SimulatedDetector
from fluoroview_simulated.driver.pulse_schedule import PulseSchedule
from fluoroview_simulated.panel.panel import CEILING, LAG_PULSES, make_panel
from fluoroview_simulated.physics.beam import pulse_kap_ugym2, pulse_kerma_ugy
from fluoroview_simulated.procedures.phantom.procedure import Phantom
from fluoroview_simulated.room import scene_builder
from fluoroview_simulated.room.technique import Geometry

TECHNIQUE, GEOMETRY = Phantom.info.technique, Phantom.info.geometry


class Sink:
    """Stands in for the HAL's sink: collects, and lets the pedal go after `stop_after` frames."""

    class _Slot:
        def __init__(self, sink, shape):
            self.pixels, self._sink = np.zeros(shape, np.uint16), sink

        def commit(self, header):
            self._sink.frames.append((header, self.pixels))
            if len(self._sink.frames) >= self._sink.stop_after:
                self._sink.stopping = True
                self._sink.done.set()

    def __init__(self, size, stop_after):
        self.size, self.stop_after = size, stop_after
        self.frames, self.pulses, self.errors, self.refusals = [], [], [], []
        self.stopping, self.done = False, threading.Event()

    def acquire(self):
        return self._Slot(self, (self.size, self.size))

    def pulse(self, pulse):
        self.pulses.append(pulse)

    def refuse(self, reason):
        self.refusals.append(reason)
        self.done.set()

    def fail(self, error):
        self.errors.append(error)
        self.done.set()


@pytest.fixture
def detector():
    device = phantom()
    yield device
    device.close()


def phantom(device_id=DEVICE_ID):
    """A device with the test phantom before a small matrix; without automatic control."""
    device = SimulatedDetector(device_id)
    device.open()
    tree = device.parameters()
    tree.write("Procedure", "phantom")
    tree.write("Matrix", "512")
    tree.write("AutomaticBrightnessControl", False)
    return device


def run(detector, frames):
    sink = Sink(512, frames)
    detector.start(sink)
    assert sink.done.wait(30)
    detector.stop()
    assert sink.errors == []
    return sink


def test_one_frame_and_one_dose_for_each_pulse(detector):
    sink = run(detector, 5)
    assert [p.pulse_index for p in sink.pulses] == [0, 1, 2, 3, 4]
    assert [h.pulse_index for h, _ in sink.frames] == [0, 1, 2, 3, 4]
    for pulse in sink.pulses:
        assert pulse.origin is DoseOrigin.SIMULATED
        assert pulse.air_kerma_ugy == pulse_kerma_ugy(TECHNIQUE, GEOMETRY)
        assert pulse.kap_ugym2 == pulse_kap_ugym2(TECHNIQUE, GEOMETRY)
        assert pulse.exposure.tube_voltage_kv == TECHNIQUE.kv


def test_a_pulse_holds_the_lag_of_those_before_it_in_its_run(detector, monkeypatch):
    detector.patient()
    scene, rendered = detector.scene(), []
    render = scene.frame

    def frame(index, t_s, technique, out, before):
        rendered.append((t_s, list(before)))
        return render(index, t_s, technique, out, before)

    monkeypatch.setattr(scene, "frame", frame)
    run(detector, 7)
    run(detector, 2)
    times = [t_s for t_s, _ in rendered]
    past = [[t_s for t_s, _ in before] for _, before in rendered]
    assert past[:7] == [times[max(k - LAG_PULSES, 0) : k][::-1] for k in range(7)]
    assert past[7:] == [[], [times[7]]]
    assert {technique for _, before in rendered for _, technique in before} == {TECHNIQUE}


def test_nothing_without_the_pedal(detector):
    sink = Sink(512, 10)
    sink.stopping = True
    detector.start(sink)
    detector.stop()
    assert sink.pulses == []
    assert sink.frames == []


def test_pulses_go_on_counting_in_the_next_run(detector):
    run(detector, 3)
    assert [p.pulse_index for p in run(detector, 2).pulses] == [3, 4]


def test_stop_returns_at_once_while_waiting_for_the_next_pulse(detector):
    detector.parameters().write("PulseRate", "3")
    sink = Sink(512, 1)
    detector.start(sink)
    assert sink.done.wait(30)
    began = time.monotonic()
    detector.stop()
    assert time.monotonic() - began < 0.15


def test_stop_before_the_patient_is_ready():
    device = SimulatedDetector(DEVICE_ID)
    device.open()
    sink = Sink(1024, 1)
    device.start(sink)
    device.stop()
    device.close()
    device.close()
    assert len(sink.pulses) <= 1


def test_technique_reaches_the_next_pulse(detector):
    tree = detector.parameters()
    assert tree.write("TubeVoltage", 90.0) == 90.0
    tree.write("CopperFilter", "0.3")
    tree.write("FieldWidth", 100.0)
    pulse = run(detector, 1).pulses[0]
    technique = replace(TECHNIQUE, kv=90.0, filter_cu_mm=0.3)
    geometry = replace(GEOMETRY, field_width_mm=100.0)
    assert pulse.air_kerma_ugy == pulse_kerma_ugy(technique, geometry)
    assert pulse.kap_ugym2 == pulse_kap_ugym2(technique, geometry)
    assert pulse.exposure.field_width_mm == 100.0


def test_two_devices_with_one_seed_show_the_same_first_frame(detector):
    other = phantom("")
    first = run(detector, 1).frames[0][1]
    assert np.array_equal(run(other, 1).frames[0][1], first)
    other.close()


def test_time_goes_on_while_the_pedal_is_up(detector):
    run(detector, 2)
    stood = detector.now_s()
    assert stood >= 1 / 30
    detector.room.change(
        lambda s: replace(s, clock=replace(s.clock, stopped_ns=s.clock.stopped_ns - 2_000_000_000))
    )
    assert detector.now_s() == pytest.approx(stood + 2.0, abs=0.2)


def test_another_procedure_brings_its_technique_view_cases_and_controls(detector):
    tree = detector.parameters()
    assert "Inject" not in tree
    tree.write("Procedure", "coronary-angiography")
    info = detector.room.state.info
    assert info.name == "coronary-angiography"
    assert detector.room.state.technique == info.technique
    assert detector.room.state.geometry == info.geometry
    assert tree["Case"].limits()["choices"] == [c.name for c in info.cases]
    assert "Inject" in tree
    assert info.cases[0].teaching in str(tree["TeachingText"].read())
    with pytest.raises(ParameterError, match=info.cases[1].name):
        tree.write("Case", "healthy")


def test_the_stand_moves_and_the_image_follows(detector):
    tree = detector.parameters()
    tree.write("TableLateralPosition", 60.0)
    assert detector.room.state.geometry.isocentre_mm[0] == 60.0
    assert tree.write("FieldOfView", "160") == "160"
    assert detector.room.state.geometry.field_width_mm < 160.0
    assert tree.write("PatientPosition", "erect") == "erect"
    assert detector.room.state.geometry.down[2] == -1.0
    sink = run(detector, 2)
    assert sink.pulses[0].exposure.field_width_mm == detector.room.state.geometry.field_width_mm


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TubeVoltage", 126.0, "40.0 to 125.0 kV"),
        ("TubeCurrent", 0.0, "1.0 to 1000.0 mA"),
        ("PulseWidth", 50.0, "1.0 to 40.0 ms"),
        ("PulseRate", "60", "30, 15, 10, 7.5"),
        ("Matrix", "4096", "512, 1024, 2048"),
        ("Procedure", "barium-lunch", "modified-barium-swallow"),
        ("FieldWidth", 260.0, "0.0 to 250.0 mm"),
        ("Width", 100, "read-only"),
    ],
)
def test_values_out_of_limits_are_refused_with_what_is_allowed(detector, name, value, sentence):
    with pytest.raises(ParameterError, match=sentence):
        detector.parameters().write(name, value)


def test_unknown_device_is_refused():
    with pytest.raises(DeviceError, match=DEVICE_ID):
        SimulatedDetector("theatre 9").open()


def test_discovery_finds_the_room():
    assert [d.id for d in SimulatedDetector.discover()] == [DEVICE_ID]


def test_raster_does_not_drift():
    raster = PulseSchedule(1000, 30.0)
    now, dues = 1000, []
    for _ in range(3000):
        dues.append(raster.next(now))
        now = dues[-1] + 9_000_000  # each image takes 9 ms
    assert dues[-1] == 1000 + round(2999 * 1e9 / 30)
    assert raster.slot_s == pytest.approx(2999 / 30)


def test_schedule_skips_pulses_that_cannot_be_read_out():
    raster = PulseSchedule(0, 10.0)
    raster.next(0)
    assert raster.next(350_000_000) == 300_000_000
    assert raster.slot == 3


def test_through_the_hal_every_frame_is_accounted_for():
    frames = threading.Event()
    faults = []
    host = DeviceHost(
        "simulated", DEVICE_ID, "thread", driver_class=SimulatedDetector, on_fault=faults.append
    )
    host.open()
    host.write("Procedure", "phantom")
    host.write("Matrix", "512")
    ring = host.arm()
    host.start(dead_man=DeadMan.PROCESS)
    deadline = time.monotonic() + 20
    while host.ledger().delivered < 4 and time.monotonic() < deadline:
        frames.wait(0.02)
    ledger = host.stop()
    assert faults == []
    assert ledger.delivered >= 4
    assert ledger.expected == ledger.delivered + ledger.lost_ring
    assert ledger.lost_link == ledger.lost_sdk == ledger.after_stop == ledger.repeated == 0
    assert ring.layout.slots >= 8
    host.disarm()
    host.close()


def test_no_pulse_follows_300_ms_of_the_operators_silence():
    refused = threading.Event()
    host = DeviceHost(
        "simulated",
        DEVICE_ID,
        "thread",
        driver_class=SimulatedDetector,
        on_refuse=lambda _error: refused.set(),
    )
    host.open()
    assert host.traits.kinds == (
        DeviceKind.DETECTOR,
        DeviceKind.GENERATOR,
        DeviceKind.POSITIONER,
        DeviceKind.COLLIMATOR,
    )
    host.write("Procedure", "phantom")
    host.write("Matrix", "512")
    ring = host.arm()
    host.start(dead_man=DeadMan.OPERATOR)

    def beating_until_the_third_pulse():
        host.beat()
        return ring.pulses_since(0)[0] >= 3

    until(beating_until_the_third_pulse)
    last_beat_ns = time.monotonic_ns()
    until(refused.is_set)
    host.stop()
    _, pulses = ring.pulses_since(0)
    assert pulses[-1].host_time_ns - last_beat_ns < 300e6
    host.close()


def test_a_run_that_waits_for_the_patient_ends_with_the_pedal(monkeypatch):
    prepared = threading.Event()
    make_scene = scene_builder.make_scene

    def make_late(request, geometry):
        prepared.wait(60)
        return make_scene(request, geometry)

    monkeypatch.setattr(scene_builder, "make_scene", make_late)
    device = phantom()
    sink = Sink(512, 1)
    device.start(sink)
    sink.stopping = True  # as a host that is silent leaves it: nobody calls stop
    assert device._thread.ended_within(60)
    prepared.set()
    device.close()
    assert sink.pulses == sink.frames == sink.errors == []


def test_an_action_that_waits_for_the_patient_reports_its_progress(monkeypatch):
    device, reported = phantom(), threading.Event()
    make_scene = scene_builder.make_scene

    def make_late(request, geometry):
        reported.wait(60)
        return make_scene(request, geometry)

    monkeypatch.setattr(scene_builder, "make_scene", make_late)
    device.on_progress = lambda _progress: reported.set()
    device.parameters().write("Seed", 7)
    assert device.patient().seed == 7
    assert reported.is_set()
    device.close()


def test_dark_frames_have_no_pulse_and_no_dose(detector):
    detector.parameters().write("FieldContent", "dark")
    sink = run(detector, 3)
    assert sink.pulses == []
    assert all(h.exposure is None and h.pulse_index == -1 for h, _ in sink.frames)
    assert [h.hardware_counter for h, _ in sink.frames] == [0, 1, 2]


def test_the_open_field_has_no_patient_and_no_shutter_in_it(detector):
    tree = detector.parameters()
    tree.write("TubeCurrent", 5.0)
    tree.write("FieldWidth", 100.0)
    tree.write("FieldContent", "open field")
    sink = run(detector, 3)
    flat = sink.frames[-1][1].astype(float)
    assert flat.mean() > 1000
    assert flat.min() > 0.7 * flat.mean()
    assert sink.pulses[0].exposure.field_width_mm > Geometry().detector_mm


def test_a_raw_panel_has_dead_and_hot_pixels_clusters_and_lines():
    panel = make_panel(512, 250.0, seed=1, raw=True)
    dead = panel.raw_gain == 0
    assert dead.mean() < 0.01
    assert dead.all(axis=1).sum() == 1
    assert (panel.raw_offset == CEILING).any()


def test_brightness_control_brings_the_signal_to_its_level(detector):
    tree = detector.parameters()
    tree.write("AutomaticBrightnessControl", True)
    run(detector, 12)
    target = detector.room.state.control.target_quanta_per_mm2("normal", GEOMETRY)
    assert detector.scene().measured_quanta_per_mm2 == pytest.approx(target, rel=0.05)
    quiet = tree["AirKermaPerPulse"].read()
    tree.write("DoseLevel", "high")
    run(detector, 12)
    assert detector.scene().measured_quanta_per_mm2 == pytest.approx(2.0 * target, rel=0.05)
    assert tree["AirKermaPerPulse"].read() > 1.3 * quiet


def test_own_factors_end_the_automatic(detector):
    tree = detector.parameters()
    tree.write("AutomaticBrightnessControl", True)
    tree.write("TubeVoltage", 66.0)
    assert tree["AutomaticBrightnessControl"].read() is False
    assert run(detector, 3).pulses[-1].exposure.tube_voltage_kv == 66.0


@pytest.mark.parametrize(("held", "limit"), [(False, 88.0), (True, 176.0)])
def test_air_kerma_rate_stays_within_the_rule_unless_the_high_level_control_is_held(
    detector, held, limit
):
    tree = detector.parameters()
    tree.write("TubeVoltage", 110.0)
    tree.write("TubeCurrent", 200.0)
    tree.write("PulseWidth", 10.0)
    tree.write("HighLevelControl", held)
    pulse = run(detector, 2).pulses[-1]
    assert pulse.air_kerma_ugy * 30 * 60e-3 == pytest.approx(limit, rel=1e-6)
    assert f"{limit:g} mGy/min" in tree["BrightnessLimit"].read()


def test_acquisition_costs_what_it_costs(detector):
    tree = detector.parameters()
    fluoroscopy = run(detector, 2).pulses[-1].air_kerma_ugy
    tree.write("AcquisitionType", "acquisition")
    acquisition = run(detector, 2).pulses[-1]
    assert acquisition.air_kerma_ugy == pytest.approx(8 * fluoroscopy)
    assert acquisition.exposure.tube_current_ma == pytest.approx(160.0)


def test_spot_image_is_one_pulse_for_each_press(detector):
    detector.parameters().write("AcquisitionType", "single image")
    sink = Sink(512, 1)
    detector.start(sink)
    assert sink.done.wait(30)
    time.sleep(0.15)
    detector.stop()
    assert len(sink.pulses) == len(sink.frames) == 1


def refused(detector):
    sink = Sink(512, 5)
    detector.start(sink)
    assert sink.done.wait(30)
    detector.stop()
    assert sink.errors == sink.pulses == sink.frames == []
    return sink.refusals[0]


def test_hot_tube_is_no_fault_and_states_how_long_to_wait(detector):
    detector.patient()  # prepared, so that nothing cools meanwhile
    now_s = time.monotonic_ns() / 1e9
    detector.room.change(
        lambda s: replace(s, tube=replace(s.tube, heat_then_j=s.tube.capacity_j, then_s=now_s))
    )
    assert "too hot" in (sentence := refused(detector))
    assert "Wait" in sentence


def test_closed_collimation_gives_no_dose(detector):
    tree = detector.parameters()
    tree.write("FieldWidth", 2.0)
    assert "FieldWidth is 2 mm" in refused(detector)
    tree.write("FieldWidth", 200.0)
    tree.write("IrisDiameter", 0.0)
    assert "IrisDiameter" in refused(detector)


def test_factors_beyond_the_focal_spot_are_refused(detector):
    tree = detector.parameters()
    tree.write("FocalSpot", "0.3")
    tree.write("PulseRate", "1")
    tree.write("TubeVoltage", 100.0)
    tree.write("TubeCurrent", 200.0)
    sentence = refused(detector)
    assert "20 kW" in sentence
    assert "focal spot 0.3 takes 8 kW" in sentence


def test_truth_is_written_for_each_frame(detector, tmp_path):
    tree = detector.parameters()
    tree.write("TruthFolder", str(tmp_path / "truth"))
    sink = run(detector, 2)
    files = sorted((tmp_path / "truth").glob("*.npz"))
    assert [f.name for f in files[:2]] == ["frame-000000.npz", "frame-000001.npz"]
    with np.load(files[0], allow_pickle=False) as known:
        assert known["noiseless"].shape == (512, 512)
        assert float(known["soft"].max()) == pytest.approx(120.0, rel=0.02)
        assert '"filled_mm"' in str(known["facts"])
        mean = sink.frames[0][1][200:300, 30:60].mean()
        assert known["noiseless"][200:300, 30:60].mean() == pytest.approx(mean, rel=0.02)


def test_truth_folder_that_cannot_be_written_is_refused(detector, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match=r"TruthFolder.*cannot be written"):
        detector.parameters().write("TruthFolder", str(tmp_path / "file" / "in"))


def test_every_property_of_the_panel_can_be_switched_off(detector):
    tree = detector.parameters()
    for name in ("ScintillatorBlur", "ElectronicNoise", "NoiseCorrelation", "PanelPatterns", "Lag"):
        assert tree.write(name, False) is False
    tree.write("QuantumNoise", "off")
    sink = run(detector, 2)
    first, second = (pixels.astype(int) for _, pixels in sink.frames[:2])
    assert np.abs(first - second)[:, :100].max() <= 1  # the filling tube changes the scatter


def test_frames_jitter_as_set(detector):
    tree = detector.parameters()
    tree.write("FrameJitter", 5.0)
    times = [h.hardware_time_ns for h, _ in run(detector, 12).frames]
    off = np.diff(times) / 1e6 - 1e3 / 30
    assert 1.0 < off.std() < 15.0


def test_skin_dose_adds_up_and_can_be_written(detector, tmp_path):
    tree = detector.parameters()
    pulses = run(detector, 3).pulses
    first = tree["PeakSkinDose"].read()
    # The skin lies nearer or farther than the reference point, and scatters back.
    assert 0.3 < first / (sum(p.air_kerma_ugy for p in pulses) * 1e-3) < 2.0
    assert tree["PeakSkinDosePlace"].read().startswith("back")  # the tube is behind the patient
    run(detector, 3)
    assert tree["PeakSkinDose"].read() == pytest.approx(2 * first, rel=0.35)
    for name in ("map.npz", "map.png"):
        assert (tmp_path / name).name in tree.write("SkinDoseMapFile", str(tmp_path / name))
        assert (tmp_path / name).stat().st_size > 500
    with np.load(tmp_path / "map.npz", allow_pickle=False) as kept:
        assert kept["kerma_mgy"].max() == pytest.approx(tree["PeakSkinDose"].read(), abs=1e-4)
    with pytest.raises(ParameterError, match=r"SkinDoseMapFile.*\.png"):
        tree.write("SkinDoseMapFile", str(tmp_path / "map.bmp"))
    tree.write("SkinDoseReset", "")
    assert tree["PeakSkinDose"].read() == 0.0


def test_smaller_body_is_looked_at_where_its_organs_are(detector):
    tree = detector.parameters()
    tree.write("Procedure", "oesophagogram")
    adult = detector.room.state.geometry.isocentre_mm
    tree.write("PatientSize", "child")
    child = detector.room.state.geometry.isocentre_mm
    assert child[2] == pytest.approx(0.62 * adult[2])
    assert tree["TableLongitudinalPosition"].read() == 0.0


def test_continuous_radiation_gives_the_same_charge_over_the_whole_frame(detector):
    tree = detector.parameters()
    pulsed = run(detector, 2).pulses[-1]
    tree.write("PulseRate", "3")
    tree.write("RadiationMode", "continuous fluoroscopy")
    assert tree["AcquisitionFrameRate"].read() == 30.0
    continuous = run(detector, 3).pulses[-1]
    assert continuous.exposure.pulse_width_ms == pytest.approx(1e3 / 30)
    assert continuous.air_kerma_ugy == pytest.approx(pulsed.air_kerma_ugy)


def test_acquisition_finds_its_factors_with_test_pulses_whose_dose_counts(detector):
    tree = detector.parameters()
    tree.write("AutomaticBrightnessControl", True)
    tree.write("AcquisitionType", "acquisition")
    sink = run(detector, 4)
    assert len(sink.pulses) == len(sink.frames) + 3
    shown = {h.pulse_index for h, _ in sink.frames}
    test, taken = [], []
    for pulse in sink.pulses:
        (taken if pulse.pulse_index in shown else test).append(pulse)
    assert (
        len({(p.exposure.tube_voltage_kv, p.exposure.tube_current_ma) for p in taken}) == 1
    )  # locked
    assert test[-1].air_kerma_ugy < 0.3 * taken[0].air_kerma_ugy
    target = detector.room.state.control.target_quanta_per_mm2("normal", GEOMETRY) * 8
    assert detector.scene().measured_quanta_per_mm2 == pytest.approx(target, rel=0.25)
    again = run(detector, 3)  # nothing has moved: no further test
    assert len(again.pulses) == len(again.frames)


def test_procedures_that_are_read_subtracted_begin_as_acquisitions(detector):
    tree = detector.parameters()
    tree.write("Procedure", "peripheral-angiography")
    assert tree["AcquisitionType"].read() == "acquisition"
    tree.write("Procedure", "phantom")
    assert tree["AcquisitionType"].read() == "fluoroscopy"
