"""The replay driver: order, timing, pulses and dose on a fake clock; the whole road.

Nothing here sleeps but the last test, which waits for real frames.
"""

import math
import os
import threading
from dataclasses import replace

import numpy as np
import pytest

from fluoroview.dicom import DicomError, LoopDescription, write_loop
from fluoroview.hal import (
    DeviceError,
    DeviceHost,
    DeviceState,
    DoseOrigin,
    Exposure,
    FakeClock,
    FluoroError,
    LossCause,
    ParameterError,
    PixelIntensityRelationship,
)
from fluoroview.hal.sequencing import Sequencing
from fluoroview.hal.testing import RunHere
from fluoroview_dicom_replay import DicomReplay
from fluoroview_dicom_replay.discovery import VARIABLE
from fluoroview_dicom_replay.sequence import playback_order

FRAMES = (np.arange(4 * 8 * 12, dtype=np.uint16) % 4096).reshape(4, 8, 12)
EXPOSURE = Exposure(70.0, 10.0, 8.0)
LOOP = LoopDescription(
    durations_ms=(30.0, 40.0, 50.0, 50.0),
    simulated=True,
    bits_stored=12,
    intensity_relationship=PixelIntensityRelationship.LIN,
    exposure=EXPOSURE,
    air_kerma_mgy=0.4,
    kap_gycm2=0.02,
    dose_origin=DoseOrigin.SIMULATED,
)


@pytest.fixture
def loop_file(tmp_path):
    return write_loop(tmp_path / "loop.dcm", FRAMES, LOOP).path


class FakeSink:
    """Keeps what a run delivers, with the time on the fake clock; `most` pulses, then pedal up."""

    def __init__(self, clock, most=10_000):
        self.clock = clock
        self.most = most
        self.pulses = []
        self.frames = []
        self.headers = []
        self.losses = []
        self.error = None

    @property
    def stopping(self):
        return len(self.pulses) >= self.most

    def pulse(self, pulse):
        self.pulses.append((self.clock.monotonic_ns(), pulse))

    def offer(self, array, header):
        self.frames.append(array.copy())
        self.headers.append(header)

    def lost(self, count, cause):
        self.losses.append((count, cause))

    def fail(self, error):
        self.error = error

    @property
    def times_ms(self):
        return [(time - self.pulses[0][0]) / 1e6 for time, _ in self.pulses]


def play(path, most=10_000, late_ms=(), **parameters):
    """Play a file on a fake clock in this thread; each wait lasts `late_ms` longer."""
    clock, late_ms = FakeClock(), iter(late_ms)

    def wait(seconds):
        clock.advance_s(seconds + next(late_ms, 0.0) / 1000.0)
        return False

    detector = DicomReplay(str(path), RunHere(clock, wait))
    detector.open()
    try:
        tree = detector.parameters()
        for name, value in parameters.items():
            tree.write(name, value)
        sink = FakeSink(clock, most)
        detector.start(sink)
    finally:
        detector.close()
    return sink


# --------------------------------------------------------------------------- order and timing


@pytest.mark.parametrize(
    ("sequencing", "shown"),
    [
        (Sequencing.ONCE, [1, 2, 3]),
        (Sequencing.LOOP, [1, 2, 3, 1, 2, 3, 1, 2, 3]),
        (Sequencing.SWEEP, [1, 2, 3, 2, 1, 2, 3, 2, 1]),
    ],
)
def test_order(sequencing, shown):
    order = playback_order(1, 3, sequencing)
    played = [frame for (frame, _), _ in zip(order, range(9), strict=False)]

    assert played == shown


@pytest.mark.parametrize("sequencing", [Sequencing.LOOP, Sequencing.SWEEP])
def test_a_single_frame_repeats(sequencing):
    order = playback_order(0, 0, sequencing)

    assert [next(order) for _ in range(3)] == [(0, False), (0, True), (0, True)]


def test_only_the_first_showing_is_new():
    order = playback_order(0, 2, Sequencing.SWEEP)

    assert [next(order)[1] for _ in range(6)] == [False, False, False, True, True, True]


def test_frames_come_at_the_files_own_times(loop_file):
    sink = play(loop_file, PlaybackSequencing="once")

    assert sink.times_ms == pytest.approx([0, 30, 70, 120])
    np.testing.assert_array_equal(sink.frames, FRAMES)
    assert sink.error is None


def test_a_late_frame_does_not_make_the_next_one_late(loop_file):
    sink = play(loop_file, late_ms=[0, 25, 0, 0], PlaybackSequencing="once")

    assert sink.times_ms == pytest.approx([0, 55, 70, 120])


def test_after_a_long_sleep_it_goes_on_instead_of_racing(loop_file):
    sink = play(loop_file, late_ms=[0, 5000], most=4)

    assert sink.times_ms == pytest.approx([0, 5030, 5070, 5120])


@pytest.mark.parametrize(("speed", "times_ms"), [(2.0, [0, 15, 35, 60]), (0.5, [0, 60, 140, 240])])
def test_speed(loop_file, speed, times_ms):
    sink = play(loop_file, PlaybackSequencing="once", PlaybackSpeed=speed)

    assert sink.times_ms == pytest.approx(times_ms)


def test_the_loop_goes_on_after_the_last_frames_time(loop_file):
    sink = play(loop_file, most=6)

    assert sink.times_ms == pytest.approx([0, 30, 70, 120, 170, 200])


def test_a_part_is_played(loop_file):
    sink = play(loop_file, PlaybackSequencing="once", FirstFrame=2, LastFrame=3)

    np.testing.assert_array_equal(sink.frames, FRAMES[1:3])


def test_headers_count_from_0_on_the_files_clock(loop_file):
    sink = play(loop_file, late_ms=[0, 7], most=4)

    assert [header.hardware_counter for header in sink.headers] == [0, 1, 2, 3]
    first = sink.headers[0].hardware_time_ns
    elapsed = [(header.hardware_time_ns - first) / 1e6 for header in sink.headers]
    assert elapsed == pytest.approx([0, 30, 70, 120])
    assert [header.pulse_index for header in sink.headers] == [0, 1, 2, 3]


# --------------------------------------------------------------------------------- pulses


def test_no_pulse_once_the_pedal_is_released(loop_file):
    sink = play(loop_file, most=2)

    assert len(sink.pulses) == len(sink.frames) == 2


def test_pulses_carry_the_recorded_technique_and_dose(loop_file):
    sink = play(loop_file, PlaybackSequencing="once")
    pulses = [pulse for _, pulse in sink.pulses]

    assert {pulse.origin for pulse in pulses} == {DoseOrigin.RECORDED}
    assert {pulse.exposure.tube_voltage_kv for pulse in pulses} == {70.0}
    assert sink.headers[0].exposure == pulses[0].exposure
    assert sum(pulse.air_kerma_ugy for pulse in pulses) == pytest.approx(400.0)  # 0.4 mGy
    assert sum(pulse.kap_ugym2 for pulse in pulses) == pytest.approx(2.0)  # 0.02 Gy·cm²


def test_a_second_pass_adds_no_dose(loop_file):
    sink = play(loop_file, most=11)
    pulses = [pulse for _, pulse in sink.pulses]

    assert sum(pulse.air_kerma_ugy for pulse in pulses) == pytest.approx(400.0)
    assert [pulse.kap_ugym2 for pulse in pulses[4:]] == [0.0] * 7


def test_what_is_not_recorded_is_not_available_and_never_0(tmp_path):
    bare = replace(
        LOOP, air_kerma_mgy=math.nan, kap_gycm2=math.nan, exposure=Exposure(), simulated=False
    )
    sink = play(write_loop(tmp_path / "bare.dcm", FRAMES, bare).path, most=6)

    for _, pulse in sink.pulses:
        assert pulse.origin is DoseOrigin.NOT_AVAILABLE
        assert math.isnan(pulse.air_kerma_ugy)
        assert math.isnan(pulse.kap_ugym2)
        assert math.isnan(pulse.exposure.tube_voltage_kv)


def test_one_dose_figure_of_two(tmp_path):
    half = replace(LOOP, air_kerma_mgy=math.nan)
    sink = play(write_loop(tmp_path / "half.dcm", FRAMES, half).path, most=4)
    pulse = sink.pulses[0][1]

    assert pulse.origin is DoseOrigin.RECORDED
    assert math.isnan(pulse.air_kerma_ugy)
    assert pulse.kap_ugym2 == pytest.approx(0.5)


# ---------------------------------------------------------------------------- damaged files


def damage(monkeypatch, *frames):
    from fluoroview.dicom import DicomCine

    read = DicomCine.read

    def read_or_fail(self, index, out=None):
        if index in frames:
            raise DicomError(self.path, f"has a damaged frame {index + 1}.")
        return read(self, index, out)

    monkeypatch.setattr(DicomCine, "read", read_or_fail)


def test_a_damaged_frame_is_counted_and_its_pulse_too(loop_file, monkeypatch):
    damage(monkeypatch, 1)
    sink = play(loop_file, PlaybackSequencing="once")

    assert sink.losses == [(1, LossCause.SDK)]
    assert len(sink.pulses) == 4
    assert [header.hardware_counter for header in sink.headers] == [0, 2, 3]
    assert sink.error is None


def test_a_file_without_one_readable_frame_fails(loop_file, monkeypatch):
    damage(monkeypatch, 0, 1, 2, 3)
    sink = play(loop_file)

    assert "has a damaged frame 4" in str(sink.error)
    assert sink.losses == [(1, LossCause.SDK)] * 4


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda tmp: tmp / "gone.dcm", "does not exist"),
        (lambda tmp: tmp, "is a folder"),
    ],
)
def test_a_file_that_cannot_be_played_is_refused_with_its_sentence(tmp_path, make, what):
    host = DeviceHost("dicom_replay", str(make(tmp_path)), "thread", driver_class=DicomReplay)

    with pytest.raises(FluoroError, match=what):
        host.open()
    host.close()


# ------------------------------------------------------------------------------ parameters


def test_parameters_describe_the_file(loop_file):
    detector = DicomReplay(str(loop_file))
    detector.open()
    values = {parameter.name: parameter.read() for parameter in detector.parameters()}
    detector.close()

    assert values == {
        "Width": 12,
        "Height": 8,
        "PixelFormat": "Mono16",
        "BitDepth": 12,
        "PixelIntensityRelationship": "LIN",
        "AcquisitionFrameRate": pytest.approx(4000 / 170),
        "TimingSource": "FrameTimeVector (0018,1065)",
        "FileNotes": "",
        "PlaybackSpeed": 1.0,
        "PlaybackSequencing": "loop",
        "FirstFrame": 1,
        "LastFrame": 4,
        "CurrentFrame": 1,
        "FrameCount": 4,
    }


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PlaybackSpeed", 0, "0.05 to 8"),
        ("PlaybackSpeed", 100, "0.05 to 8"),
        ("PlaybackSequencing", "backwards", "loop, sweep, once"),
        ("FirstFrame", 5, "1 to 4"),
        ("LastFrame", 0, "1 to 4"),
        ("TimingSource", "mine", "read-only"),
    ],
)
def test_parameters_refuse_what_is_not_allowed(loop_file, name, value, allowed):
    detector = DicomReplay(str(loop_file))
    detector.open()
    try:
        with pytest.raises(ParameterError, match=allowed):
            detector.parameters().write(name, value)
    finally:
        detector.close()


def test_the_window_of_the_file_is_a_parameter(tmp_path):
    from fluoroview.hal.window import Window

    path = write_loop(tmp_path / "w.dcm", FRAMES, replace(LOOP, window=Window(200, 300))).path
    detector = DicomReplay(str(path))
    detector.open()
    tree = detector.parameters()
    detector.close()

    assert (tree["WindowCenter"].read(), tree["WindowWidth"].read()) == (200, 300)


def test_closing_twice_and_starting_closed(loop_file):
    detector = DicomReplay(str(loop_file))
    detector.close()
    detector.open()
    detector.close()
    detector.close()
    with pytest.raises(DeviceError, match="is not open"):
        detector.start(FakeSink(FakeClock()))


# ------------------------------------------------------------------------------- a still


@pytest.fixture
def still_file(tmp_path):
    return write_loop(tmp_path / "still.dcm", FRAMES[:1], replace(LOOP, durations_ms=(50.0,))).path


def test_a_file_of_one_frame_is_a_still_one_pulse_each_time_the_pedal_goes_down(still_file):
    first, second = play(still_file), play(still_file)

    assert len(first.pulses) == len(second.pulses) == 1
    assert np.array_equal(first.frames, FRAMES[:1])


def test_a_still_cannot_be_looped(still_file):
    with pytest.raises(ParameterError, match="allowed are once"):
        play(still_file, PlaybackSequencing="loop")


# ------------------------------------------------------------------------------- discovery


def test_files_in_the_named_folders_are_devices(tmp_path, loop_file, monkeypatch):
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"rubbish")
    (tmp_path / "empty.dcm").touch()
    other = tmp_path / "other"
    other.mkdir()
    second = write_loop(other / "b.dcm", FRAMES, replace(LOOP, manufacturer="Maker")).path
    folders = [str(tmp_path), str(tmp_path / "gone"), str(other), ""]
    monkeypatch.setenv(VARIABLE, os.pathsep.join(folders))

    devices = DicomReplay.discover()

    assert [device.id for device in devices] == [str(loop_file), str(second)]
    assert {device.driver for device in devices} == {"dicom_replay"}
    assert devices[1].vendor == "Maker"
    assert "12 × 8 · 4 frames" in devices[0].note


@pytest.mark.parametrize("value", [None, "", os.pathsep, "/nowhere/at/all"])
def test_nothing_to_find_is_no_error(monkeypatch, value):
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)

    assert DicomReplay.discover() == []


# -------------------------------------------------------------------------- the whole road


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_run_through_the_host_ends_with_an_exact_ledger(tmp_path, isolation):
    """The installed entry point, the ring, real time: 12 frames of 4 ms, played once."""
    frames = np.repeat(FRAMES, 3, axis=0)
    fast = replace(LOOP, durations_ms=(4.0,) * 12)
    path = write_loop(tmp_path / "fast.dcm", frames, fast).path
    arrived = threading.Event()
    host = DeviceHost("dicom_replay", str(path), isolation)
    host.open()
    try:
        host.write("PlaybackSequencing", "once")
        ring = host.arm()
        assert host.relationship is PixelIntensityRelationship.LIN
        assert host.bit_depth == 12
        host.start()
        for _ in range(400):
            if host.ledger().delivered == 12:
                break
            arrived.wait(0.01)
        ledger = host.stop()
        del ring
    finally:
        host.close()

    assert ledger.delivered == 12
    assert ledger.exact
    assert ledger.after_stop == ledger.repeated == 0
    assert host.state is DeviceState.CLOSED
