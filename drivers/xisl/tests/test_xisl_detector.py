"""The driver on the HAL: the emulator streams in a thread and in a child process."""

import itertools
import threading

import numpy as np
import psutil
import pytest

from fluoroview.hal import DeviceError, DeviceState, ParameterError
from fluoroview.hal.states import DEADLINE_S
from fluoroview_xisl import XislDetector, acquisition, detector

ISOLATIONS = ["thread", "process"]


@pytest.fixture(autouse=True)
def _slow_enough_for_a_busy_machine(settings):
    settings(READOUT_US=10000, PATIENT=1)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_it_streams_with_an_exact_ledger(open_host, consume, isolation):
    host = open_host(isolation)
    consumer = consume(host.arm())
    ledger = consumer.run(host, 25)

    assert ledger.exact
    assert ledger.delivered == len(consumer.headers) >= 25
    assert (ledger.lost_sdk, ledger.lost) == (1, 1)  # the first frame, partly exposed
    numbers = [header.frame_number for header in consumer.headers]
    assert numbers == list(range(1, len(numbers) + 1))
    times = [header.hardware_time_ns for header in consumer.headers]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert {level for _, _, level in consumer.seen} == {1000}  # none is half exposed
    assert host.relationship == "LIN"
    assert host.faults == []


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_it_starts_and_stops_again_and_again(open_host, consume, isolation):
    host = open_host(isolation)
    consumer = consume(host.arm())
    for number in range(1, 21):
        ledger = consumer.run(host, 2)
        assert (ledger.run, ledger.lost, ledger.after_stop) == (number, 1, 0)
        assert ledger.exact
    assert [header.run for header in consumer.headers] == sorted(
        header.run for header in consumer.headers
    )


def test_the_16_bit_counter_wraps_and_the_frame_number_goes_on(open_host, consume, settings):
    settings(COUNTER_START=65526)
    host = open_host()
    consumer = consume(host.arm())
    ledger = consumer.run(host, 20)
    assert ledger.exact
    assert (ledger.lost_link, ledger.lost_sdk, ledger.repeated) == (0, 1, 0)
    numbers = [header.frame_number for header in consumer.headers]
    assert numbers == list(range(65527, 65527 + len(numbers)))
    assert [counter for counter, _, _ in consumer.seen] == [n % 65536 for n in numbers]


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_frames_lost_on_the_link_and_by_the_sdk_are_counted_apart(
    open_host, consume, settings, isolation
):
    settings(DROP_LINK=7, DROP_SDK=5)
    host = open_host(isolation)
    consumer = consume(host.arm())
    ledger = consumer.run(host, 45)

    assert ledger.exact
    last = consumer.headers[-1].frame_number  # the first frame has number 0
    on_link = (last + 1) // 7
    by_sdk = (last + 1 - on_link) // 5
    assert (ledger.lost_link, ledger.lost_sdk) == (on_link, by_sdk + 1)
    assert ledger.delivered == len(consumer.headers)
    # the slot comes from the SDK: a count of callbacks would show old frames after the first loss
    assert [counter for counter, _, _ in consumer.seen] == [
        header.frame_number for header in consumer.headers
    ]


def test_a_callback_that_takes_long_loses_frames_in_the_sdk(
    open_host, consume, settings, monkeypatch
):
    settings(PATIENT=0)
    host = open_host()
    consumer = consume(host.arm())
    calls, waited = itertools.count(), threading.Event()
    commit = acquisition.Acquisition._commit

    def slow(self, slot):
        commit(self, slot)
        if next(calls) == 5:
            waited.wait(0.2)  # twenty frame times; the grabber keeps eight

    monkeypatch.setattr(acquisition.Acquisition, "_commit", slow)
    ledger = consumer.run(host, 30)
    assert ledger.exact
    assert ledger.lost_sdk > 10
    assert [counter for counter, _, _ in consumer.seen] == [
        header.frame_number for header in consumer.headers
    ]


def test_a_panel_without_frame_counter_counts_by_the_grabber(open_host, consume, settings):
    settings(HEADER_ID=11, DROP_SDK=4)
    host = open_host()
    consumer = consume(host.arm())
    ledger = consumer.run(host, 20)
    assert ledger.exact
    assert ledger.lost_sdk == 1 + (consumer.headers[-1].frame_number + 1) // 4
    assert [counter for counter, _, _ in consumer.seen] == [
        header.frame_number for header in consumer.headers
    ]


def test_size_gain_and_binning_are_those_that_were_set(open_host, consume):
    host = open_host()
    host.write("BinningMode", "2x2")
    host.write("CameraGain", 2)
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(5)
    assert host.write("ExposureTime", 10000.0) == 10000.0
    for name, value in (("BinningMode", "1x1"), ("CameraGain", 0), ("CameraMode", 1)):
        with pytest.raises(ParameterError, match="only while the device is IDLE"):
            host.write(name, value)
    assert host.stop().exact
    assert host.ring.pixels[0].shape == (24, 32)
    assert (consumer.headers[0].binning, consumer.headers[0].gain_mode) == (2, 2)
    assert consumer.seen[0][2] == 3000


def test_a_trigger_that_never_comes_is_no_fault(open_host, consume, monkeypatch):
    monkeypatch.setattr(detector, "_SILENCE_S", 0.05)
    host = open_host()
    host.write("FrameSyncMode", "ExternalTrigger")
    host.arm()
    host.start()
    assert not host.faults.reported.wait(0.3)
    ledger = host.stop()
    assert (ledger.expected, ledger.exact) == (0, True)


def test_closing_while_it_streams_is_safe(open_host, consume):
    host = open_host()
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(3)
    consumer.close()
    host.close()
    assert host.state is DeviceState.CLOSED


def test_two_panels_stream_at_once_in_one_process(open_host, consume, settings):
    settings(SERIALS="A1,B2")
    hosts = [open_host(device=name) for name in ("A1", "B2")]
    consumers = [consume(host.arm()) for host in hosts]
    for host in hosts:
        host.start()
    for consumer in consumers:
        consumer.wait_for(10)
    ledgers = [host.stop() for host in hosts]
    assert all(ledger.exact and ledger.lost == 1 for ledger in ledgers)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_pulled_cable_is_a_fault_with_its_reason(open_host, settings, isolation):
    settings(UNPLUG_AFTER=10)
    host = open_host(isolation)
    host.arm()
    host.start()
    assert host.faults.reported.wait(5)
    assert host.state is DeviceState.FAULT
    assert host.faults == [
        "xisl:EMU0001 failed: the acquisition ended unexpectedly: the hardware did not answer in "
        "time (XISL error 6). Check its power and cable, then open it again. Restart the device, "
        "or choose another one."
    ]
    assert host.ledger().exact
    settings(UNPLUG_AFTER=0)
    host.close()
    host.open()  # the abandoned driver gave the panel back
    host.arm()
    host.start()
    host.stop()


def test_silence_is_a_fault(open_host, settings, monkeypatch):
    settings(SILENT_AFTER=10)
    monkeypatch.setattr(detector, "_SILENCE_S", 0.5)
    host = open_host()
    host.arm()
    host.start()
    assert host.faults.reported.wait(5)
    assert "no frame came for 0.5 s. Check its power and cable" in host.faults[0]
    assert host.ledger().delivered == 9


def test_an_error_in_the_callback_ends_the_run_and_not_the_process(open_host, monkeypatch, capfd):
    host = open_host()
    host.arm()

    def broken(self, slot):
        raise KeyError(slot)

    monkeypatch.setattr(acquisition.Acquisition, "_commit", broken)
    host.start()
    assert host.faults.reported.wait(5)
    assert "KeyError in the frame callback: " in host.faults[0]
    assert capfd.readouterr().err == ""  # nothing ran into C, where ctypes would print it


class Sink:
    """A sink that takes nothing; `on_lost` and `on_commit` are called in XISL's thread."""

    stopping = False
    pixels = np.zeros((48, 64), np.uint16)

    def __init__(self, on_lost=lambda: None, on_commit=lambda: None):
        self.on_lost, self.on_commit = on_lost, on_commit

    def lost(self, *_):
        self.on_lost()

    def acquire(self):
        return self

    def commit(self, _header):
        self.on_commit()


@pytest.fixture
def opened():
    """Two drivers that opened the same panel in this process."""
    pair = XislDetector("EMU0001"), XislDetector("EMU0001")
    for one in pair:
        one.open()
    yield pair
    for one in pair:
        one.close()


def test_stopping_from_the_callback_returns_and_the_abort_follows(opened):
    """What a careless user does: ends the run inside a frame."""
    first, second = opened
    stopped = threading.Event()

    def stop():
        first.stop()
        stopped.set()

    first.start(Sink(on_lost=stop))
    assert stopped.wait(2)
    second.start(Sink())  # waits for the abort that is on its way
    second.stop()


def test_a_panel_that_streams_is_neither_started_nor_opened_again(opened):
    first, second = opened
    came = threading.Event()
    first.start(Sink(on_commit=came.set))
    assert came.wait(2)
    with pytest.raises(DeviceError, match="cannot start: an acquisition is already running"):
        second.start(Sink())
    with pytest.raises(DeviceError, match="EMU0001 cannot be opened: an acquisition is already"):
        XislDetector("EMU0001").open()  # opening ends what an unclean exit left running
    first._run._ring.fill(0)
    for _ in range(2):  # the frame on its way may be an older one
        came.clear()
        assert came.wait(2)
    assert first._run._ring.any()  # XISL still fills the ring of the first
    first.stop()


def test_a_stop_that_leaves_a_frame_on_its_way_is_an_error(opened, monkeypatch):
    """Some version of XISL may return from the abort before the callback does."""
    detector, _ = opened
    inside, go_on = threading.Event(), threading.Event()

    def linger():
        inside.set()
        go_on.wait(5)

    detector.start(Sink(on_commit=linger))
    assert inside.wait(2)
    status = detector._xisl.status
    with monkeypatch.context() as patch:
        patch.setattr(detector._xisl, "status", lambda name, *rest: 0)
        run = detector._run
        with pytest.raises(DeviceError, match="a frame is still on its way"):
            detector.stop()
    go_on.set()
    assert status("Acquisition_Abort", run._handle) == 0
    assert run._abort() == 0


# The driver below calls Acquisition_Abort in the callback, as XISL forbids.
IMPATIENT = """
from fluoroview_xisl import XislDetector


class ImpatientDetector(XislDetector):
    def start(self, sink):
        super().start(sink)
        run, commit = self._run, self._run._commit

        def commit_and_abort(slot):
            commit(slot)
            run._xisl.status("Acquisition_Abort", run._handle)

        run._commit = commit_and_abort
"""


@pytest.fixture
def impatient(tmp_path, monkeypatch):
    """Install a driver that ends the run from the callback."""
    (tmp_path / "fluoroview_impatient.py").write_text(IMPATIENT, encoding="utf-8")
    info = tmp_path / "fluoroview_impatient-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: fluoroview-impatient\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(
        "[fluoroview.drivers]\nimpatient = fluoroview_impatient:ImpatientDetector\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "impatient"


def test_a_deadlock_in_the_sdk_is_killed_at_its_deadline_and_frees_the_panel(
    open_host, consume, impatient, settings, tmp_path
):
    settings(LOCK=tmp_path / "claim")
    host = open_host("process", driver=impatient)
    with pytest.raises(DeviceError, match=r"another program holds it \(XISL error 34\)"):
        open_host("process")  # the hardware is claimed
    child = psutil.Process(host.pid)
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(1)
    with pytest.raises(DeviceError) as caught:
        host.stop()
    assert str(caught.value) == (
        f"impatient:EMU0001 did not finish stop within {DEADLINE_S['stop']:g} s and was "
        "abandoned. Restart the device, or choose another one."
    )
    assert host.state is DeviceState.FAULT
    assert host.ledger().delivered == 1  # the account outlives the child
    consumer.close()
    host.close()
    psutil.wait_procs([child], timeout=2)
    assert not child.is_running()
    open_host("process")  # the claim died with the child
