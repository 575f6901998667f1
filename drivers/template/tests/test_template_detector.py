"""What a driver must do, on the device that it finds first. Keep these tests; add your own.

They need a device. The first three lines below are all that is particular to this driver.
"""

import itertools
import math

import pytest

from fluoroview.hal import DeviceError, DeviceState, ParameterError
from fluoroview.hal.runtime.registry import discover, installed_drivers, load_driver
from fluoroview.hal.testing import Bench

DRIVER = "template"  # the name in pyproject.toml
ISOLATIONS = ["thread", "process"]
UNKNOWN_DEVICE = "no such device"


@pytest.fixture(scope="module")
def device_id():
    """The first device, looked for as FluoroView does it: in a process of its own."""
    info = next((info for info in installed_drivers() if info.name == DRIVER), None)
    assert info, f"driver {DRIVER} is not installed: pip install -e ."
    found = discover(info)
    assert not found.error
    assert found.devices, f"driver {DRIVER} finds no device; is it plugged in?"
    return found.devices[0].id


@pytest.fixture
def bench():
    """Devices on the HAL and readers of their rings; all closed at the end of the test."""
    with Bench() as bench:
        yield bench


@pytest.fixture(params=ISOLATIONS)
def host(request, bench, device_id):
    """An opened device, in a thread and in a process of its own; it must not fail on the way."""
    opened = bench.open(DRIVER, device_id, request.param)
    yield opened
    bench.close()
    assert opened.faults == []


@pytest.fixture
def detector(device_id):
    """The driver's object alone, opened."""
    opened = load_driver(DRIVER)(device_id)
    opened.open()
    yield opened
    opened.close()


def test_it_streams_and_every_frame_is_accounted_for(host, bench):
    consumer = bench.consume(host.arm())
    ledger = consumer.run(host, 20)
    assert ledger.exact
    assert ledger.delivered == len(consumer.headers) >= 20
    assert (ledger.lost_link, ledger.lost_ring) == (0, 0)
    assert (ledger.repeated, ledger.after_stop) == (0, 0)
    for before, after in itertools.pairwise(consumer.headers):
        assert after.frame_number > before.frame_number
        assert after.hardware_time_ns > before.hardware_time_ns


def test_it_starts_and_stops_again_and_again(host, bench):
    consumer = bench.consume(host.arm())
    for number in range(1, 11):
        ledger = consumer.run(host, 2)
        assert ledger.run == number
        assert ledger.exact
        assert (ledger.repeated, ledger.after_stop) == (0, 0)


def test_frames_have_the_size_that_the_parameters_state(host, bench):
    stated = {parameter.name: parameter.value for parameter in host.parameters()}
    ring = host.arm()
    assert ring.pixels[0].shape == (stated["Height"], stated["Width"])
    consumer = bench.consume(ring)
    host.start()
    consumer.wait_for(2)
    assert host.stop().exact


def test_what_changes_the_format_is_refused_while_it_streams(host, bench):
    idle_only = [p for p in host.parameters() if p.access == "rw when idle"]
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(1)
    for parameter in idle_only:
        with pytest.raises(ParameterError, match="only while the device is IDLE"):
            host.write(parameter.name, parameter.value)
    assert host.stop().exact


def test_closing_while_it_streams_is_safe(host, bench):
    consumer = bench.consume(host.arm())
    host.start()
    consumer.wait_for(2)
    consumer.close()
    host.close()
    assert host.state is DeviceState.CLOSED


def test_it_opens_and_closes_again_and_again(detector):
    for _ in range(20):
        detector.close()
        detector.open()
    detector.close()
    detector.close()  # twice is allowed


def test_a_device_that_is_not_there_is_reported_in_a_sentence():
    detector = load_driver(DRIVER)(UNKNOWN_DEVICE)
    with pytest.raises(DeviceError, match=UNKNOWN_DEVICE):
        detector.open()
    detector.close()


def test_each_number_takes_its_limits_and_nothing_beyond(detector):
    tree = detector.parameters()
    for parameter in tree:
        described = parameter.describe()
        low, high = described.minimum, described.maximum
        if described.access == "ro" or low is None or high is None:
            continue
        before = described.value
        for limit in (low, high):
            assert math.isclose(tree.write(parameter.name, limit), limit, rel_tol=0.01)
        for beyond in (low - 1, high + 1):
            with pytest.raises(ParameterError, match=parameter.name):
                tree.write(parameter.name, beyond)
        tree.write(parameter.name, before)


def test_each_choice_can_be_taken(detector):
    tree = detector.parameters()
    for parameter in tree:
        described = parameter.describe()
        if described.access == "ro" or not described.choices:
            continue
        before = described.value
        for choice in described.choices:
            assert tree.write(parameter.name, choice) == choice
        tree.write(parameter.name, before)
