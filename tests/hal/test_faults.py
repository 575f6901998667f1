"""Scripted faults: each has its effect, the ledger stays exact, and a seed repeats them."""

import time

import numpy as np
import pytest

from fluoroview.hal import DeviceHost, DeviceState, FakeClock, FluoroError, FrameHeader
from fluoroview.hal.frame import FrameFormat
from fluoroview.hal.runtime.faults import (
    Fault,
    FaultScript,
    FaultScriptError,
    faulty_sink,
    read_faults,
)
from fluoroview.hal.runtime.ledger import read_ledger
from fluoroview.hal.runtime.ring import FrameRing
from fluoroview.hal.sink import SlotPool
from fluoroview.hal.testing import has_code


class Bench:
    """A sink with a script, and what comes out of its ring."""

    def __init__(self, *faults, seed=0, run=1):
        self.ring = FrameRing.create(FrameFormat(4, 4), 64)
        self.reader = self.ring.reader()
        self.failed = []
        script = FaultScript(seed=seed, fault=[Fault(**fault) for fault in faults])
        self.sink = faulty_sink(script)(
            SlotPool(self.ring), clock=FakeClock(), run=run, counter_bits=64,
            bell=self.ring.ring_bell, on_fail=self.failed.append,
        )  # fmt: skip

    def send(self, count, first=0):
        for counter in range(first, first + count):
            slot = self.sink.acquire()
            slot.pixels[:] = 100 + counter
            slot.commit(FrameHeader(counter))
        return self

    def arrived(self):
        frames = []
        while frame := self.reader.next(0):
            frames.append((frame.header, frame.pixels.copy()))
            self.reader.release()
        self.sink.close()
        ledger = read_ledger(self.ring)
        self.reader.close()
        self.ring.close()
        assert ledger.exact
        return frames, ledger


def counters(frames):
    return [header.hardware_counter for header, _ in frames]


@pytest.mark.parametrize(
    ("fault", "arriving", "lost", "repeated"),
    [
        ({"kind": "drop", "at_frame": 2}, [0, 1, 3, 4, 5], 1, 0),
        ({"kind": "drop", "every": 3}, [0, 1, 3, 4], 1, 0),
        ({"kind": "duplicate", "at_frame": 2}, [0, 1, 2, 3, 4, 5], 0, 1),
        ({"kind": "reorder", "at_frame": 2}, [0, 1, 3, 4, 5], 1, 1),
        ({"kind": "drop", "from_frame": 2, "until_frame": 4}, [0, 1, 4, 5], 2, 0),
        ({"kind": "drop", "at_frame": 2, "runs": [9]}, [0, 1, 2, 3, 4, 5], 0, 0),
    ],
)
def test_frames_that_go_astray_are_accounted_for(fault, arriving, lost, repeated):
    frames, ledger = Bench(fault).send(6).arrived()
    assert counters(frames) == arriving
    assert (ledger.lost_link, ledger.repeated) == (lost, repeated)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "saturate", "at_frame": 2}, np.full((4, 4), 65535)),
        (
            {"kind": "dead_line", "at_frame": 2, "row": 1},
            [[102] * 4, [0] * 4, [102] * 4, [102] * 4],
        ),
        ({"kind": "tear", "at_frame": 2}, [[102] * 4, [102] * 4, [101] * 4, [101] * 4]),
        (
            {"kind": "gain_drift", "percent_per_frame": 50.0, "from_frame": 1},
            np.full((4, 4), 204),
        ),
    ],
)
def test_pixels_change_as_the_script_states(fault, expected):
    frames, _ = Bench(fault).send(4).arrived()
    assert np.array_equal(frames[2][1], expected)


def test_temperature_drifts():
    frames, _ = Bench({"kind": "temperature_drift", "celsius_per_frame": 2.0}).send(4).arrived()
    assert [header.temperature_c for header, _ in frames] == [30, 32, 34, 36]


def test_a_counter_that_wraps_loses_nothing():
    frames, ledger = Bench({"kind": "counter_wrap", "at_frame": 3}).send(6).arrived()
    assert counters(frames) == [65533, 65534, 65535, 0, 1, 2]
    assert (ledger.delivered, ledger.lost) == (6, 0)


def test_a_disconnected_cable_is_reported_and_no_frame_follows():
    bench = Bench({"kind": "unplug", "at_frame": 2})
    frames, _ = bench.send(6).arrived()
    assert counters(frames) == [0, 1]
    assert bench.failed == ["the cable was disconnected (fault script)"]


def test_chances_repeat_with_the_seed_and_differ_with_another():
    fault = {"kind": "drop", "probability": 0.3}

    def missing(**how):
        return counters(Bench(fault, **how).send(60).arrived()[0])

    assert missing(seed=1) == missing(seed=1)
    assert missing(seed=1) != missing(seed=2)
    assert missing(seed=1, run=1) != missing(seed=1, run=2)
    assert 30 < len(missing(seed=1)) < 55


def scripted(tmp_path, text):
    path = tmp_path / "faults.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[fault]]\nkind = "dorp"', r"kind = 'dorp' is not allowed\. Kinds are: drop, duplicate"),
        ("[[fault]]\nat_frame = 3", r"fault\.0\.kind is missing\. Kinds are: drop, duplicate"),
        ('[[fault]]\nkind = "drop"\natframe = 3', "0.atframe is an unknown key. Keys are: kind"),
        ("fualt = []", "fualt is an unknown key. Keys are: seed, fault."),
        (
            '[[fault]]\nkind = "drop"\nprobability = 2.0',
            "0.probability = 2.0 is not allowed",
        ),
        ('[[fault]]\nkind = "drop"\nevery = 2\nat_frame = 3', "at_frame and every exclude"),
        ('[[fault]]\nkind = "drop"\nevery = 2\nat_frame = 0', "at_frame and every exclude"),
        ('[[fault]]\nkind = "drop"\nfrom_frame = 9\nuntil_frame = 9', "must be after from_frame"),
        ('[[fault]]\nkind = "drop"\nruns = 3', "fault.0.runs = 3 is not allowed; input should"),
        ('[[fault]]\nkind = "drop"\nruns = []', "fault.0.runs = .. is not allowed; list should"),
        ('[[fault]]\nkind = "drop"\nruns = [1, 0]', "fault.0.runs.1 = 0 is not allowed"),
        ('[[fault]]\nkind = "drop"\nat_frame = true', "0.at_frame = True is not allowed"),
        ('[[fault]]\nkind = "drop"\nat_frame = 9\nuntil_frame = 9', "at_frame must be at or after"),
        ('[[fault]]\nkind = "drop"\nrow = 3', "fault.0 .* row belongs to dead_line, not to drop"),
        ('[[fault]]\nkind = "counter_wrap"\nevery = 3', "takes at_frame alone, not every"),
        ('[[fault]]\nkind = "counter_wrap"\nat_frame = 0', "of counter_wrap is 1 to 65535"),
        (2 * '[[fault]]\nkind = "counter_wrap"\n', r"faults\.toml is not allowed: a counter wraps"),
        ("fault = 3", r"Each fault is a section: \[\[fault\]\]"),
        ("nonsense", "is not TOML"),
    ],
)
def test_a_wrong_script_names_file_key_and_what_is_allowed(tmp_path, text, sentence):
    path = scripted(tmp_path, text)
    with pytest.raises(FaultScriptError, match=sentence) as caught:
        read_faults(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).count("duplicate") <= 1, "kinds are listed once"


@pytest.mark.usefixtures("test_drivers")
@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_dead_line_outside_the_image_is_refused_before_a_run(tmp_path, isolation):
    script = '[[fault]]\nkind = "dead_line"\nrow = %d\n'
    host = DeviceHost("ramp", "r0", isolation, faults=scripted(tmp_path, script % 48))
    host.open()
    try:
        with pytest.raises(FluoroError) as caught:
            host.arm()
        assert host.state is DeviceState.IDLE
    finally:
        host.close()
    assert "faults.toml: fault.0.row = 48 is not allowed" in str(caught.value)
    assert "have 48 rows. Allowed is 0 to 47." in str(caught.value)

    host = DeviceHost("ramp", "r0", isolation, faults=scripted(tmp_path, script % 47))
    host.open()
    host.arm()
    host.close()


@pytest.mark.usefixtures("test_drivers")
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("crash", "SIGSEGV"),
        ("unplug", "the cable was disconnected"),
        ("wrong_size", "it delivered 32×24 uint16, but 64×48 uint16 was stated"),
        ("flood", "it floods"),
        ("hang_in_stop", "did not finish stop within 1 s"),
    ],
)
def test_a_fatal_fault_in_a_child_process_is_reported_and_the_device_starts_again(
    tmp_path, kind, sentence
):
    script = f'[[fault]]\nkind = "{kind}"\nat_frame = 5\nruns = [1]\n'
    faults = []
    host = DeviceHost("ramp", "r0", on_fault=faults.append, faults=scripted(tmp_path, script))
    try:
        host.open()
        host.arm()
        host.start()
        end = time.monotonic() + 5
        while not faults and time.monotonic() < end:
            time.sleep(0.01)
            if kind == "hang_in_stop" and host.ledger().delivered > 8:
                with pytest.raises(FluoroError, check=has_code("FV-HAL-024")):
                    host.stop()
        assert sentence in str(faults[0])
        assert host.state is DeviceState.FAULT
        assert host.ledger().exact
        host.close()
        host.open()
        assert host.state is DeviceState.IDLE
    finally:
        host.close()
