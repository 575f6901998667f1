"""The recording as a device: frames, counter, losses, timing, dose and damage.

Recordings are made here from made-up frames; they are played on a fake clock, but for the last
test, which goes the whole road.
"""

import contextlib
import itertools
import os
import threading
from dataclasses import replace

import h5py
import numpy as np
import pytest

from fluoroview.hal import (
    DeviceError,
    DeviceHost,
    DoseOrigin,
    Exposure,
    FakeClock,
    FrameFormat,
    FrameHeader,
    Ledger,
    ParameterError,
    PixelIntensityRelationship,
    Pulse,
)
from fluoroview.hal.clock import SystemClock
from fluoroview.hal.runtime.ledger import read_ledger
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.sink import FrameSink, SlotPool
from fluoroview.hal.testing import RunHere
from fluoroview.recording import Ending, RecordError, Recording, RecordingInfo
from fluoroview.recording.layout import RunAccount
from fluoroview.recording.places import VARIABLE
from fluoroview.recording.writing import RecordingFile
from fluoroview_recording import RecordingReplay
from fluoroview_recording.detector import replayed

EXPOSURE = Exposure(70.0, 10.0, 8.0, 2.8, 0.1, 1100.0, 246.0, 240.0)
FORMAT = FrameFormat(6, 9)
INFO = RecordingInfo("test", "panel", PixelIntensityRelationship.LIN, 12, 50.0)
STEP_NS = 20_000_000


def pixels_of(number):
    return np.full((FORMAT.rows, FORMAT.columns), number + 1, np.uint16)


def header_of(run, number, **fields):
    time_ns = 10**9 * run + number * STEP_NS
    given = {"hardware_time_ns": 5 * 10**9 + time_ns, "host_time_ns": time_ns} | fields
    return FrameHeader(number % 256, pulse_index=number, exposure=EXPOSURE, run=run,
                       frame_number=number, temperature_c=30.0, gain_mode=2, **given)  # fmt: skip


def pulse_of(run, number, origin=DoseOrigin.MEASURED):
    time_ns = 10**9 * run + number * STEP_NS - 8_000_000
    return Pulse(number, time_ns, EXPOSURE, 2.0, 0.5, origin)


def account_of(run, numbers, **losses):
    lost = sum(losses.get(name, 0) for name in ("lost_link", "lost_sdk", "lost_ring"))
    delivered = len(numbers) + losses.get("left_out", 0)
    return RunAccount(run, True, delivered + lost, delivered, recorded=len(numbers), **losses)


def make(path, runs, ending=Ending.CLOSED, origin=DoseOrigin.MEASURED, **fields):
    """Write a recording; `runs` gives each run's frame numbers and losses."""
    file = RecordingFile.create(path, FORMAT, INFO, FakeClock())
    for run, (numbers, losses) in runs.items():
        for number in numbers:
            file.add_frame(header_of(run, number, **fields), pixels_of(number))
            file.add_pulses(run, [pulse_of(run, number, origin)])
        file.put_run(account_of(run, list(numbers), **losses))
    if ending is Ending.OPEN:
        file.flush()
        file._file.close()
    else:
        file.close(ending)
    return path


class Played:
    """What a run on the fake clock delivered, through a real sink and ring; it may wait `most`
    times before it is ended."""

    def __init__(self, path, most=1000, **parameters):
        clock = FakeClock()
        self.ring = FrameRing.create(FORMAT, 64)
        self.ring.words[Word.RUN] = 1
        reader = self.ring.reader()
        self.errors = []
        sink = FrameSink(SlotPool(self.ring), clock=clock, run=1, counter_bits=64,
                         bell=lambda: None, on_fail=self.errors.append)  # fmt: skip
        left = itertools.count(most, -1)

        def wait(seconds):
            clock.advance_s(seconds)
            return next(left) <= 0

        detector = RecordingReplay(str(path), RunHere(clock, wait))
        with contextlib.closing(detector):
            detector.open()
            tree = detector.parameters()
            for name, value in ({"PlaybackSequencing": "once"} | parameters).items():
                tree.write(name, value)
            self.values = {parameter.name: parameter.read() for parameter in tree}
            detector.start(sink)
        self.headers, self.firsts = [], []
        while (frame := reader.next(0.0)) is not None:
            self.headers.append(frame.header)
            self.firsts.append(int(frame.pixels[0, 0]))
            reader.release()
        _, self.pulses = self.ring.pulses_since(0)
        self.ledger = read_ledger(self.ring)
        self.ring.close()

    @property
    def gaps_ms(self):
        times = [header.host_time_ns for header in self.headers]
        return [(after - before) / 1e6 for before, after in itertools.pairwise(times)]


# ------------------------------------------------------------------- frames, counter, losses


def test_frames_come_back_with_their_headers_and_the_unwrapped_counter(tmp_path):
    played = Played(make(tmp_path / "r.h5", {1: (range(250, 260), {})}))
    assert played.firsts == list(range(251, 261))
    for number, header in zip(range(250, 260), played.headers, strict=True):
        original = header_of(1, number)
        assert header == replace(
            original, hardware_counter=number, run=1, host_time_ns=header.host_time_ns
        )


def test_the_ledger_of_the_replay_shows_the_losses_of_the_original_by_cause(tmp_path):
    losses = {"lost_link": 3, "lost_sdk": 1, "lost_ring": 2, "left_out": 4}
    numbers = [0, 1, 4, 5, 12]  # 2 and 6 missing inside, 2 more after the end
    played = Played(make(tmp_path / "r.h5", {1: (numbers, losses)}))
    assert played.ledger == Ledger(
        run=1, expected=15, delivered=5, lost_link=3, lost_sdk=1 + 4, lost_ring=2
    )
    assert played.ledger.exact
    assert [header.frame_number for header in played.headers] == numbers


def test_a_gap_that_no_account_explains_is_the_recording_s(tmp_path):
    played = Played(make(tmp_path / "r.h5", {1: ([0, 5], {})}))
    assert (played.ledger.lost_sdk, played.ledger.lost_link) == (4, 0)


def test_runs_are_joined_without_their_pause_and_counters_go_on(tmp_path):
    path = make(tmp_path / "r.h5", {1: (range(3), {}), 2: (range(100, 103), {"lost_link": 1})})
    played = Played(path)
    assert [header.frame_number for header in played.headers] == [0, 1, 2, 3, 4, 5]
    assert played.gaps_ms == [pytest.approx(20.0)] * 5
    hardware = [header.hardware_time_ns for header in played.headers]
    assert hardware == sorted(set(hardware))
    assert played.ledger.lost_link == 1
    assert [pulse.pulse_index for pulse in played.pulses] == [0, 1, 2, 3, 4, 5]


def test_one_run_can_be_chosen(tmp_path):
    path = make(tmp_path / "r.h5", {1: (range(3), {}), 4: (range(100, 103), {})})
    assert [h.frame_number for h in Played(path, Run=4).headers] == [100, 101, 102]
    with pytest.raises(DeviceError, match="no frames of run 2"):
        Played(path, Run=2)


def test_a_loop_goes_on_counting_and_adds_no_dose(tmp_path):
    path = make(tmp_path / "r.h5", {1: (range(3, 6), {})})
    played = Played(path, most=13, PlaybackSequencing="loop")
    assert [header.frame_number for header in played.headers] == list(range(3, 9))
    assert played.firsts == [4, 5, 6, 4, 5, 6]
    assert played.gaps_ms == [pytest.approx(20.0)] * 5
    assert played.ledger.lost == 0
    assert [pulse.pulse_index for pulse in played.pulses] == [3, 4, 5, 6, 7, 8, 9]
    assert sum(pulse.air_kerma_ugy for pulse in played.pulses) == pytest.approx(3 * 2.0)


# ---------------------------------------------------------------------------- timing and dose


@pytest.mark.parametrize(("speed", "gap_ms"), [(1.0, 20.0), (4.0, 5.0), (0.5, 40.0)])
def test_frames_keep_their_intervals_at_any_speed(tmp_path, speed, gap_ms):
    played = Played(make(tmp_path / "r.h5", {1: (range(5), {})}), PlaybackSpeed=speed)
    assert played.gaps_ms == [pytest.approx(gap_ms)] * 4
    assert played.values["AcquisitionFrameRate"] == pytest.approx(1000 / gap_ms)


def test_without_a_clock_in_the_device_the_times_of_commit_are_kept(tmp_path):
    path = make(tmp_path / "r.h5", {1: (range(4), {})}, hardware_time_ns=0)
    played = Played(path)
    assert played.gaps_ms == [pytest.approx(20.0)] * 3
    assert {header.hardware_time_ns for header in played.headers} == {0}


def test_each_pulse_is_reported_before_its_image(tmp_path):
    played = Played(make(tmp_path / "r.h5", {1: (range(4), {})}))
    for pulse, header in zip(played.pulses, played.headers, strict=True):
        assert pulse.pulse_index == header.pulse_index
        assert header.host_time_ns - pulse.host_time_ns == pytest.approx(8_000_000, abs=2)
        assert pulse.exposure == EXPOSURE


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (DoseOrigin.MEASURED, DoseOrigin.RECORDED),
        (DoseOrigin.RECORDED, DoseOrigin.RECORDED),
        (DoseOrigin.COMPUTED, DoseOrigin.COMPUTED),
        (DoseOrigin.SIMULATED, DoseOrigin.SIMULATED),
        (DoseOrigin.NOT_AVAILABLE, DoseOrigin.NOT_AVAILABLE),
    ],
)
def test_an_origin_never_gets_better_by_being_recorded(then, now):
    shown = replayed(pulse_of(1, 0, then), 77, again=False)
    assert (shown.origin, shown.host_time_ns, shown.air_kerma_ugy) == (now, 77, 2.0)


def test_the_device_s_clock_goes_on_from_run_to_run(tmp_path):
    clock = FakeClock()
    detector = RecordingReplay(str(tmp_path), RunHere(clock))
    assert detector._device_clock_ns() == 0
    clock.advance_s(2.5)
    assert detector._device_clock_ns() == 2_500_000_000


# ------------------------------------------------------------------------------------- damage


def _harm(path, *places):
    with h5py.File(path, "r") as file:
        chunks = [file["images"].id.get_chunk_info(place) for place in places]
    with path.open("r+b") as file:
        for chunk in chunks:
            file.seek(chunk.byte_offset)
            file.write(bytes(chunk.size))


def test_a_damaged_frame_counts_as_lost_and_the_run_goes_on(tmp_path):
    path = make(tmp_path / "r.h5", {1: (range(5), {})})
    _harm(path, 2)
    played = Played(path)
    assert [header.frame_number for header in played.headers] == [0, 1, 3, 4]
    assert played.ledger.lost_sdk == 1
    assert played.ledger.exact
    assert len(played.pulses) == 5
    assert not played.errors


def test_a_recording_of_damaged_frames_only_fails_with_a_sentence(tmp_path):
    path = make(tmp_path / "r.h5", {1: (range(3), {})})
    _harm(path, 0, 1, 2)
    played = Played(path, PlaybackSequencing="loop")
    assert len(played.errors) == 1
    assert "is damaged" in played.errors[0]
    assert "fluoroview recover" in played.errors[0]


def test_a_recording_that_was_cut_off_plays_what_is_whole_and_reports_it(tmp_path, monkeypatch):
    path = make(tmp_path / "r.h5", {1: (range(4), {})}, ending=Ending.OPEN)
    monkeypatch.setattr("fluoroview.recording.reading.writer_alive", lambda _writer: False)
    played = Played(path)
    assert len(played.headers) == 4
    assert "cut off while it was recorded" in played.values["RecordingNotes"]


def test_skipped_frames_are_in_the_notes(tmp_path):
    played = Played(make(tmp_path / "r.h5", {1: ([0, 2], {"left_out": 1})}))
    assert played.values["RecordingNotes"].startswith("1 frames were not recorded")


def test_an_empty_recording_is_refused(tmp_path):
    path = make(tmp_path / "r.h5", {})
    with pytest.raises(RecordError, match="holds no frames that can be played"):
        RecordingReplay(str(path)).open()


# --------------------------------------------------------------------- parameters, discovery


def test_the_device_states_what_was_recorded(tmp_path):
    values = Played(make(tmp_path / "r.h5", {1: (range(4), {}), 2: (range(2), {})})).values
    assert (values["Width"], values["Height"], values["PixelFormat"]) == (9, 6, "Mono16")
    assert (values["BitDepth"], values["PixelIntensityRelationship"]) == (12, "LIN")
    assert (values["FrameCount"], values["RunCount"]) == (6, 2)
    assert values["RecordedDevice"] == "test:panel"
    assert values["RecordedUTC"] == "2026-01-01T00:00:00+00:00"
    assert values["RecordingNotes"] == ""


@pytest.mark.parametrize(
    ("name", "value"), [("Run", -1), ("Run", 3), ("PlaybackSpeed", 9.0), ("PlaybackSpeed", 0.0)]
)
def test_values_that_are_not_allowed_are_refused(tmp_path, name, value):
    path = make(tmp_path / "r.h5", {1: (range(2), {}), 2: (range(2), {})})
    with pytest.raises(ParameterError):
        Played(path, **{name: value})


def test_recordings_in_the_named_folders_are_devices(tmp_path, monkeypatch):
    first = make(tmp_path / "a.fluoro.h5", {1: (range(3), {})})
    second = make(tmp_path / "b.fluoro.h5", {1: (range(2), {})})
    (tmp_path / "notes.txt").write_text("no recording")
    (tmp_path / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"rubbish")
    monkeypatch.setenv(VARIABLE, os.pathsep.join([str(tmp_path), str(tmp_path / "gone")]))
    devices = RecordingReplay.discover()
    broken = tmp_path / "broken.h5"
    assert [device.id for device in devices] == [str(second), str(first), str(broken)]
    assert "is not a recording" in devices[2].note
    assert devices[0].model == "test:panel"
    assert devices[0].note == "2 frames, recorded 2026-01-01 00:00 UTC"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    assert RecordingReplay.discover() == []


def test_files_that_discovery_has_no_time_for_are_listed_unexamined(tmp_path, monkeypatch):
    path = make(tmp_path / "a.fluoro.h5", {1: (range(3), {})})
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setattr("fluoroview_recording.discovery.MAX_S", -1.0)
    (device,) = RecordingReplay.discover()
    assert device.id == str(path)
    assert device.note.startswith("Not examined")


def test_a_closed_device_is_a_sentence(tmp_path):
    with pytest.raises(DeviceError, match="is not open"):
        RecordingReplay(str(tmp_path / "r.h5")).parameters()


# ------------------------------------------------------------------------------ the whole road


def test_a_run_through_the_host_in_a_child_process(tmp_path):
    path = make(tmp_path / "r.h5", {1: ([*range(10), 12], {"lost_link": 2})})
    host = DeviceHost("recording", str(path), clock=SystemClock())
    pause = threading.Event()
    host.open()
    try:
        host.write("PlaybackSequencing", "once")
        host.write("PlaybackSpeed", 4.0)
        host.arm()
        host.start()
        for _ in range(3000):
            if host.ledger().delivered == 11:
                break
            pause.wait(0.01)
        ledger = host.stop()
    finally:
        host.close()
    assert (ledger.delivered, ledger.lost_link, ledger.expected) == (11, 2, 13)
    with Recording(path) as recording:
        assert recording.runs[0].expected == ledger.expected
