"""The driver on the HAL: a real producer streams in a thread and in a child process."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from genicam import gentl

from fluoroview.hal import DeviceError, DeviceHost, DeviceState, ParameterError
from fluoroview.hal.testing import Bench
from fluoroview_gentl import GenTLDetector

RED = "viky.cti:VikyTL_DEV_red"


@pytest.fixture
def bench():
    with Bench() as bench:
        yield bench


@pytest.fixture(params=["thread", "process"])
def host(request, bench):
    opened = bench.open("gentl", RED, request.param)
    yield opened
    bench.close()
    assert opened.faults == []


def test_it_streams_with_an_exact_ledger(host, bench):
    ring = host.arm()
    consumer = bench.consume(ring, lambda frame: set(np.unique(frame.pixels).tolist()))
    ledger = consumer.run(host, 30)

    assert ledger.exact
    assert ledger.lost == ledger.repeated == ledger.after_stop == 0
    assert ledger.delivered == len(consumer.headers)
    numbers = [header.frame_number for header in consumer.headers]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    times = [header.hardware_time_ns for header in consumer.headers]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert set().union(*consumer.seen) == {77, 255}  # the luminance of a red ball on a white ground
    assert (host.bit_depth, ring.pixels[0].shape, ring.pixels[0].dtype) == (8, (400, 400), np.uint8)


def test_it_starts_and_stops_again_and_again(host, bench):
    ring = host.arm()
    consumer = bench.consume(ring)
    for run in range(1, 7):
        ledger = consumer.run(host, 2)
        assert ledger.run == run
        assert ledger.exact
        assert ledger.lost == 0
        assert ledger.delivered >= 2
    assert [header.run for header in consumer.headers] == sorted(
        header.run for header in consumer.headers
    )


def test_size_and_format_are_those_that_were_set(host, bench):
    host.write("Width", 320)
    host.write("Height", 240)
    host.write("PixelFormat", "Mono8")
    host.write("AcquisitionFrameRate", 100.0)
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(10)
    with pytest.raises(ParameterError, match="only while the device is IDLE"):
        host.write("Width", 400)
    assert host.write("AcquisitionFrameRate", 50.0) == 50.0
    ledger = host.stop()
    assert ledger.exact
    assert host.ring.pixels[0].shape == (240, 320)


def test_incomplete_buffers_are_lost_on_the_link_and_the_stream_goes_on(monkeypatch, bench):
    """The real SDK, but every third buffer is called incomplete, until all were once."""
    asked = itertools.count(1)
    monkeypatch.setattr(gentl.Buffer, "is_complete", lambda _buffer: next(asked) % 3 != 0)
    host = bench.open("gentl", RED)
    consumer = bench.consume(host.arm())
    ledger = consumer.run(host, 20)
    assert ledger.exact
    assert ledger.lost == ledger.lost_link > 8
    assert all(header.frame_number % 3 != 0 for header in consumer.headers)


def test_closing_while_it_streams_is_safe(bench):
    host = bench.open("gentl", RED)
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(2)
    consumer.close()
    host.close()
    assert host.state is DeviceState.CLOSED


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_device_that_is_gone_is_reported_and_another_opens(isolation):
    host = DeviceHost("gentl", "viky.cti:VikyTL_DEV_mauve", isolation)
    with pytest.raises(DeviceError, match=r"no GenTL device 'viky.cti:VikyTL_DEV_mauve'\."):
        host.open()
    assert host.state is DeviceState.CLOSED


def test_a_device_that_vanishes_while_streaming_is_a_fault_with_its_reason(monkeypatch, bench):
    host = bench.open("gentl", RED)
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(2)
    detector = host._transport._server._device
    lost = gentl.IoException("GenTL exception: Communication error has occurred. (ID: -1010)")

    def unplugged(**_):
        raise lost

    monkeypatch.setattr(detector._acquirer, "try_fetch", unplugged)
    fault = host.faults.first()
    assert len(host.faults) == 1
    assert "Communication error has occurred." in fault
    assert "Check its power and cable" in fault


def test_reading_returns_at_once_when_the_pedal_is_released():
    detector = GenTLDetector(RED)
    detector.open()
    sink = SimpleNamespace(stopping=True, lost=lambda *_: None)
    try:
        detector._sink = sink
        detector._stream = SimpleNamespace(
            take=lambda _pixels: pytest.fail("it looked for a frame"), stop=lambda: None
        )
        assert detector.read(np.zeros((400, 400), np.uint8), 10.0) is None
    finally:
        detector.close()
