"""The driver on the HAL: the GigE Vision camera of aravis-tools streams over loopback."""

import itertools

import pytest

from fluoroview.hal import DeviceState, ParameterError


@pytest.fixture(params=["thread", "process"])
def host(request, camera, open_host):
    opened = open_host(camera.id, request.param)
    yield opened
    assert opened.faults == []


def test_it_streams_with_an_exact_ledger_over_the_wrap_of_its_counter(host, consume):
    consumer = consume(host)

    ledger = consumer.run(host, 170)  # the camera's 16-bit counter begins at 65400

    assert ledger.exact
    assert ledger.repeated == ledger.after_stop == 0
    assert ledger.delivered == len(consumer.headers)
    assert all(consumer.seen)
    numbers = [header.frame_number for header in consumer.headers]
    assert numbers[0] < 65536 < numbers[-1]
    assert len(set(numbers)) == len(numbers) == numbers[-1] - numbers[0] + 1 - ledger.lost
    steps_ns = [
        later.hardware_time_ns - earlier.hardware_time_ns
        for earlier, later in itertools.pairwise(consumer.headers)
    ]
    assert all(step_ns > 0 for step_ns in steps_ns)
    assert sorted(steps_ns)[len(steps_ns) // 2] == pytest.approx(5e6, rel=0.05)


def test_it_starts_and_stops_again_and_again(host, consume):
    consumer = consume(host)
    for run in range(1, 9):
        ledger = consumer.run(host, 3)
        assert ledger.run == run
        assert ledger.exact
        assert ledger.delivered >= 3
    runs = [header.run for header in consumer.headers]
    assert runs == sorted(runs)
    assert all(consumer.seen)


def test_layout_waits_for_idle_and_the_rest_does_not(host, consume):
    consumer = consume(host)
    host.start()
    consumer.wait_for(3)
    with pytest.raises(ParameterError, match="only while the device is IDLE"):
        host.write("Width", 128)
    assert host.write("AcquisitionFrameRate", 50.0) == 50.0
    assert host.stop().exact
    assert host.ring.pixels[0].shape == (48, 64)


@pytest.mark.parametrize(("pixel_format", "bits"), [("Mono8", 8), ("Mono16", 16)])
def test_the_image_is_the_cameras(camera, open_host, consume, pixel_format, bits):
    host = open_host(camera.id, pixel_format=pixel_format)
    consumer = consume(host)
    host.start()
    consumer.wait_for(5)
    host.stop()
    consumer.drain()
    assert all(consumer.seen)
    assert host.bit_depth == bits


def test_lost_packets_are_frames_lost_on_the_link_and_never_shown(plug_in, open_host, consume):
    camera = plug_in("FV02", "-r", "30")  # of 1000 packets; a frame here has 7
    host = open_host(camera.id)
    consumer = consume(host)

    ledger = consumer.run(host, 250)

    assert ledger.exact
    assert ledger.lost == ledger.lost_link > 10
    assert ledger.delivered == len(consumer.headers)
    assert ledger.after_stop == ledger.repeated == 0
    assert all(consumer.seen)


def test_closing_while_it_streams_is_safe_and_gives_the_camera_back(camera, open_host, consume):
    host = open_host(camera.id)
    consumer = consume(host)
    host.start()
    consumer.wait_for(2)
    consumer.close()
    host.close()
    assert host.state is DeviceState.CLOSED

    again = open_host(camera.id)  # a camera that is held would refuse
    assert again.state is DeviceState.IDLE


def test_the_camera_inside_aravis_needs_no_hardware(open_host, consume):
    host = open_host("Fake_1")
    consumer = consume(host)
    ledger = consumer.run(host, 10)
    assert ledger.exact
    assert ledger.lost == 0
    assert all(consumer.seen)
