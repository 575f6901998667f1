"""The driver on the HAL: an emulated camera streams in a thread and in a child process."""

import contextlib
import itertools

import numpy as np
import pytest

from fluoroview.hal import DeviceError, DeviceHost, DeviceState, ParameterError
from fluoroview_pylon import PylonDetector

CAMERA = "0815-0000"
SIDE = 128


def set_up(host, rate_hz=60.0):
    """Small images, so that a busy machine emulates them in time."""
    for name, value in (("Width", SIDE), ("Height", SIDE), ("PixelFormat", "Mono16")):
        host.write(name, value)
    host.write("AcquisitionFrameRate", rate_hz)


@pytest.fixture(params=["thread", "process"])
def host(request, open_host):
    opened = open_host(CAMERA, request.param)
    set_up(opened)
    yield opened
    assert opened.faults == []


def test_it_streams_with_an_exact_ledger(host, bench):
    ring = host.arm()
    consumer = bench.consume(ring, lambda frame: frame.pixels.max())
    ledger = consumer.run(host, 20)

    assert ledger.exact
    assert ledger.lost == ledger.repeated == ledger.after_stop == 0
    assert ledger.delivered == len(consumer.headers)
    assert consumer.numbers == list(range(ledger.delivered))
    times = [header.hardware_time_ns for header in consumer.headers]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert min(consumer.seen) > 0
    assert (host.bit_depth, ring.pixels[0].shape, ring.pixels[0].dtype) == (
        16,
        (SIDE, SIDE),
        np.uint16,
    )


def test_failed_buffers_are_lost_on_the_link_and_never_shown(host, bench):
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(5)
    host.write("ForceFailedBufferCount", 7)
    host.write("ForceFailedBuffer", "")
    consumer.wait_for(20)
    ledger = host.stop()
    consumer.drain()

    assert ledger.exact
    assert ledger.lost == ledger.lost_link == 7
    assert ledger.delivered == len(consumer.headers)
    missing = set(range(consumer.numbers[-1])) - set(consumer.numbers)
    assert len(missing) == 7
    assert max(missing) - min(missing) == 6
    described = {entry.name: entry.value for entry in host.parameters()}
    assert described["Statistic_Failed_Buffer_Count"] == 7


def test_it_starts_and_stops_again_and_again(host, bench):
    consumer = bench.consume(host.arm())
    for run in range(1, 11):
        before = len(consumer.headers)
        ledger = consumer.run(host, 2)
        assert ledger.run == run
        assert ledger.exact
        assert ledger.lost == 0
        assert ledger.delivered == len(consumer.headers) - before
    assert {header.run for header in consumer.headers} == set(range(1, 11))


def test_layout_is_fixed_while_streaming_and_the_rate_is_not(host, bench):
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(2)
    for name, value in (("Width", 64), ("PixelFormat", "Mono8")):
        with pytest.raises(ParameterError, match="only while the device is IDLE"):
            host.write(name, value)
    assert host.write("AcquisitionFrameRate", 30.0) == 30.0
    assert host.stop().exact


def test_another_size_is_armed_after_disarming(host, bench):
    host.arm()
    host.disarm()
    host.write("Width", 64)
    host.write("PixelFormat", "Mono8")
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(3)
    assert host.stop().lost == 0
    assert (host.ring.pixels[0].shape, host.ring.pixels[0].dtype) == ((SIDE, 64), np.uint8)
    assert host.bit_depth == 8


def test_closing_while_it_streams_is_safe(open_host, bench):
    host = open_host(CAMERA, "thread")
    set_up(host)
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(2)
    consumer.close()
    host.close()
    assert host.state is DeviceState.CLOSED


def test_two_cameras_at_once(open_host, bench):
    hosts = [open_host(f"0815-000{index}", "thread") for index in range(2)]
    consumers = []
    for host in hosts:
        set_up(host)
        consumers.append(bench.consume(host.arm()))
        host.start()
    for consumer in consumers:
        consumer.wait_for(5)
    assert all(host.stop().exact for host in hosts)


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_camera_that_is_not_there_is_reported(isolation):
    host = DeviceHost("pylon", "0815-0009", isolation)
    with pytest.raises(DeviceError) as caught:
        host.open()
    assert str(caught.value) == (
        "There is no pylon camera '0815-0009'. Present: 0815-0000, 0815-0001. Check its power "
        "and cable, or choose one of these."
    )
    assert host.state is DeviceState.CLOSED


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_camera_unplugged_while_streaming_is_a_fault_with_its_reason(isolation, open_host, bench):
    host = open_host(CAMERA, isolation)
    set_up(host)
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(2)
    with contextlib.suppress(DeviceError):  # the HAL reads the format again, from nothing
        host.write("TestUnplug", "")
    host.faults.first(1.0)
    assert host.ledger().exact
    assert host.faults == [
        "pylon:0815-0000 failed: the camera was unplugged, lost its power or its link. Check its "
        "power and cable, then open it again. Restart the device, or choose another one."
    ]


def test_a_camera_unplugged_while_idle_is_reported_and_opens_again():
    detector = PylonDetector(CAMERA)
    detector.open()
    tree = detector.parameters()
    tree.write("TestUnplug", "")
    for call in (tree["BitDepth"].read, lambda: detector.start(sink=None)):
        with pytest.raises(DeviceError) as caught:
            call()
        assert str(caught.value) == (
            "PixelFormat cannot be read: The camera device has been physically removed. Check its "
            "power and cable, then open it again."
        )
    detector.close()
    detector.open()
    assert detector.parameters()["Width"].read() > 0
    detector.close()


def test_closing_twice_and_before_opening_is_safe(detector):
    PylonDetector(CAMERA).close()
    detector.close()
    detector.close()


def test_a_format_that_is_not_decoded_is_refused_before_the_run(detector, monkeypatch):
    monkeypatch.setattr("fluoroview_pylon.detector.is_known", lambda _pixel_type: False)
    with pytest.raises(DeviceError, match="set to PixelFormat Mono8, which the pylon driver"):
        detector.start(sink=None)
