"""One run: buffers go back whatever happens, and every frame has its fate.

A fake SDK does what the real one cannot be made to do: incomplete, short and wrong buffers, ids
that wrap, errors while streaming.
"""

import time
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest
from genicam import gentl

from fluoroview.hal import DeviceError, LossCause
from fluoroview.hal.sdk.pixel_format import BY_NAME
from fluoroview_gentl.stream import Stream

MONO8 = BY_NAME["Mono8"]
INCOMPLETE = "incomplete"


class FakeModule:
    """The data stream: counts what is queued back."""

    def __init__(self):
        self.ready = deque()
        self.queued_back = []
        self.num_queued = 4
        self.num_underrun = 0

    @property
    def num_awaiting_delivery(self):
        return len(self.ready)

    def queue_buffer(self, buffer):
        self.queued_back.append(buffer)


class FakePort:
    """The device's registers: `unplugged` is the error that they raise."""

    unplugged = None

    def read(self, address, size):
        assert (address, size) == (0, 4)
        if self.unplugged:
            raise self.unplugged
        return size, b"\0\0\2\0"


class FakeAcquirer:
    """Harvesters' ImageAcquirer as far as a stream uses it."""

    Events = SimpleNamespace(INCOMPLETE_BUFFER=1)

    def __init__(self, buffer_type, transport="Custom"):
        self.buffer_type = buffer_type
        self.module = FakeModule()
        self.data_streams = [SimpleNamespace(module=self.module)]
        self.device = SimpleNamespace(tl_type=transport)
        node_map = SimpleNamespace(
            Width=SimpleNamespace(value=3),
            Height=SimpleNamespace(value=2),
            BinningHorizontal=SimpleNamespace(value=2),
            has_node=lambda _name: False,
        )
        self.remote_device = SimpleNamespace(node_map=node_map, port=FakePort())
        self.error = None

    def add_callback(self, event, callback):
        self._callback = callback

    def start(self):
        self.started = True

    def deliver(self, frame_id, without=(), **changes):
        """Put a buffer at the end of the queue."""
        known = {
            "payload_type": 1,
            "raw_buffer": bytes([frame_id % 256]) * 6,
            "width": 3,
            "height": 2,
            "pixel_format": MONO8.code,
            "frame_id": frame_id,
            "timestamp_ns": frame_id * 1000,
            "parent": self.module,
        }
        known |= changes
        self.module.ready.append(
            self.buffer_type(**{key: value for key, value in known.items() if key not in without})
        )

    def try_fetch(self, *, timeout, is_raw):
        assert timeout > 0
        assert is_raw
        if self.error:
            raise self.error
        buffer = self.module.ready.popleft()
        if buffer == INCOMPLETE:  # harvesters queues it back itself
            self._callback.emit()
            return None
        return buffer


class Run:
    """A stream on the fake SDK and what it reported."""

    def __init__(self, buffer_type, transport="Custom", register=True):
        self.sdk = FakeAcquirer(buffer_type, transport)
        if not register:
            invalid = gentl.InvalidAddressException("GenTL exception: out of range")
            self.sdk.remote_device.port.unplugged = invalid
        self.losses = []
        self.pixels = np.zeros((2, 3), np.uint8)
        self.stream = Stream(self.sdk, MONO8, 4, lambda *loss: self.losses.append(loss))
        self.stream.start()

    def take(self):
        return self.stream.take(self.pixels)


@pytest.fixture
def run(sdk_part):
    return Run(sdk_part)


def test_nothing_ready_is_no_frame_and_no_wait(run):
    assert run.take() is None
    assert not run.stream.waiting()


def test_a_whole_buffer_becomes_a_frame_and_is_queued_back(run):
    run.sdk.deliver(7)
    assert run.stream.waiting()
    header = run.take()
    assert (header.hardware_counter, header.hardware_time_ns, header.binning) == (7, 7000, 2)
    assert run.pixels.tolist() == [[7] * 3] * 2
    assert len(run.sdk.module.queued_back) == 1
    assert run.losses == []


def test_an_incomplete_buffer_is_lost_on_the_link_and_not_shown(run):
    run.sdk.deliver(1)
    run.take()
    run.sdk.module.ready.append(INCOMPLETE)
    assert run.take() is None
    run.sdk.deliver(3)
    assert run.take().hardware_counter == 3
    assert run.losses == [(1, LossCause.LINK)]


@pytest.mark.parametrize(
    "changes", [{"raw_buffer": b"\x01" * 5}, {"size_filled": 3}, {"delivered_image_height": 1}]
)
def test_a_short_buffer_is_lost_on_the_link_and_not_shown(run, changes):
    run.sdk.deliver(1, **changes)
    assert run.take() is None
    assert run.losses == [(1, LossCause.LINK)]
    assert run.pixels.sum() == 0
    assert len(run.sdk.module.queued_back) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"width": 4}, "it delivered 4×2 Mono8, but the run was armed for 3×2 Mono8."),
        ({"pixel_format": BY_NAME["Mono12p"].code}, "it delivered 3×2 Mono12p"),
        ({"pixel_format": 0x81080001}, "it delivered 3×2 pixel format 0x81080001"),
        ({"payload_type": 6}, "it sends JPEG 2000 data"),
    ],
)
def test_another_image_than_agreed_ends_the_run_and_goes_back(run, changes, sentence):
    run.sdk.deliver(1, **changes)
    with pytest.raises(DeviceError, match=sentence):
        run.take()
    assert len(run.sdk.module.queued_back) == 1


def test_frames_dropped_for_want_of_buffers_are_the_sdks(run):
    run.sdk.deliver(1)
    run.sdk.module.num_queued = 0  # all are waiting for us
    run.take()
    run.sdk.module.num_queued = 4
    run.sdk.deliver(5)
    run.take()
    assert run.losses == [(3, LossCause.SDK)]


def test_ids_of_gige_vision_go_on_after_65535(sdk_part):
    run = Run(sdk_part, "GEV")
    for frame_id in (65535, 1):
        run.sdk.deliver(frame_id)
    assert [run.take().hardware_counter for _ in range(2)] == [65535, 65536]
    assert run.losses == []


def test_a_producer_without_ids_is_counted_by_buffers(run):
    run.sdk.deliver(0, without=["frame_id"])
    run.sdk.module.ready.append(INCOMPLETE)
    run.sdk.deliver(0, without=["frame_id"])
    headers = [run.take() for _ in range(3)]
    assert [header and header.hardware_counter for header in headers] == [0, None, 2]
    assert run.losses == [(1, LossCause.LINK)]


def test_of_several_streams_the_first_is_shown_and_all_are_queued_back(run):
    run.sdk.deliver(1)
    run.sdk.deliver(99)
    pair = list(run.sdk.module.ready)
    run.sdk.try_fetch = lambda **_: pair
    assert run.take().hardware_counter == 1
    assert run.sdk.module.queued_back == pair


def test_a_silent_device_that_is_unplugged_is_noticed(run):
    run.stream.ask_alive()
    run.sdk.remote_device.port.unplugged = gentl.IoException("GenTL exception: no answer")
    with pytest.raises(gentl.IoException):
        run.stream.ask_alive()


def test_a_device_without_the_register_is_not_asked(sdk_part):
    run = Run(sdk_part, register=False)
    run.stream.ask_alive()  # it never answered: its silence means nothing


def test_the_sdks_error_comes_through(run):
    run.sdk.deliver(1)
    run.sdk.error = gentl.IoException("GenTL exception: Communication error. (ID: -1010)")
    with pytest.raises(gentl.IoException):
        run.take()


def test_a_real_producer_that_starves_has_its_losses_named(red):
    node_map = red.remote_device.node_map
    before = node_map.AcquisitionFrameRate.value
    node_map.AcquisitionFrameRate.value = 200.0
    losses = []
    stream = Stream(red, BY_NAME["RGBa8"], 4, lambda *loss: losses.append(loss))
    pixels = np.zeros((400, 400), np.uint8)
    stream.start()
    try:
        counters = []
        deadline_s = time.monotonic() + 5
        while len(counters) < 20 and time.monotonic() < deadline_s:
            header = stream.take(pixels)
            if header is not None:
                counters.append(header.hardware_counter)
                if len(counters) == 5:
                    time.sleep(0.15)  # 30 frames, for which there are 4 buffers
    finally:
        stream.stop()
        node_map.AcquisitionFrameRate.value = before
    lost = sum(count for count, _ in losses)
    assert lost > 10
    assert {cause for _, cause in losses} == {LossCause.SDK}
    assert counters[-1] - counters[0] + 1 == len(counters) + lost
