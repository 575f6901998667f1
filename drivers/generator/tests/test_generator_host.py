"""Generator and simulated meter on the HAL, in a thread and in a child process."""

import itertools
import time

import pytest

from fluoroview.hal import DeviceError, DeviceState, DeviceTraits, DoseOrigin
from fluoroview.hal.testing import Bench, until

BOTH = pytest.mark.parametrize("isolation", ["thread", "process"])


@pytest.fixture
def opened():
    with Bench() as bench:
        yield bench.open


def values(host):
    return {entry.name: entry.value for entry in host.parameters()}


@BOTH
def test_prepare_expose_stop(opened, isolation):
    host = opened("generator", "tube", isolation)
    assert host.traits == DeviceTraits("generator", ("generator",), handshake=True)
    host.write("RotorTime", 0.05)
    ring = host.arm()
    host.prepare()
    assert values(host)["GeneratorState"] == "ready"
    host.start()
    assert values(host)["GeneratorState"] == "exposing"
    until(lambda: ring.pulses_since(0)[0] >= 8)
    host.stop()
    count, pulses = ring.pulses_since(0)
    assert values(host)["GeneratorState"] == "off"
    assert [pulse.pulse_index for pulse in pulses] == list(range(count))
    assert {pulse.origin for pulse in pulses} == {DoseOrigin.SIMULATED}
    assert all(pulse.air_kerma_ugy > 0 and pulse.kap_ugym2 > 0 for pulse in pulses)
    gaps_s = [(b.host_time_ns - a.host_time_ns) / 1e9 for a, b in itertools.pairwise(pulses)]
    assert sum(gaps_s) / len(gaps_s) > 0.75 / 30, "a busy computer leaves pulses out, and adds none"
    time.sleep(0.1)
    assert ring.pulses_since(0)[0] == count, "nothing follows stop"
    assert host.faults == []


@BOTH
def test_a_release_of_the_pedal_ends_the_pulses_before_stop_is_called(opened, isolation):
    host = opened("generator", "tube", isolation)
    host.write("RotorTime", 0.0)
    ring = host.arm()
    host.prepare()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 3)
    host.release_pedal()
    released_ns = time.monotonic_ns()
    time.sleep(0.15)
    _, pulses = ring.pulses_since(0)
    assert pulses[-1].host_time_ns <= released_ns + 1_000_000
    host.stop()


@BOTH
def test_a_refusal_leaves_it_armed_and_it_may_be_asked_again(opened, isolation):
    host = opened("generator", "tube", isolation)
    host.write("RotorTime", 0.0)
    host.arm()
    host.write("Interlock", True)
    with pytest.raises(DeviceError, match=r"refuses: the interlock is open .*Close the door\."):
        host.prepare()
    assert host.state is DeviceState.ARMED
    assert values(host)["GeneratorState"] == "interlock"
    host.write("Interlock", False)
    host.prepare()
    assert host.faults == []


@BOTH
def test_a_trip_is_a_fault_with_a_sentence_and_every_pulse_counted(opened, isolation):
    host = opened("generator", "tube", isolation)
    host.write("RotorTime", 0.0)
    host.write("TripAfterPulses", 4)
    ring = host.arm()
    host.prepare()
    host.start()
    until(lambda: host.faults)
    assert "generator:tube failed: the tube arced after 4 pulses" in host.faults[0]
    assert host.state is DeviceState.FAULT
    assert ring.pulses_since(0)[0] == 4
    host.close()
    host.open()  # a tripped generator is reset by opening it again
    host.arm()
    host.prepare()


@BOTH
def test_start_without_prepare_is_refused(opened, isolation):
    host = opened("generator", "tube", isolation)
    host.arm()
    with pytest.raises(DeviceError, match="it is off, not ready"):
        host.start()


@BOTH
def test_the_simulated_meter_reports_increments(opened, isolation):
    host = opened("dose_meter_sim", "meter", isolation)
    assert host.traits.kind == "dose meter"
    host.write("KapRate", 5.0)
    host.write("NoisePercent", 0.0)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 5)
    host.stop()
    _, reported = ring.pulses_since(0)
    assert {pulse.origin for pulse in reported} == {DoseOrigin.SIMULATED}
    assert {pulse.pulse_index for pulse in reported} == {-1}
    span_s = (reported[-1].host_time_ns - reported[0].host_time_ns) / 1e9
    measured = sum(pulse.kap_ugym2 for pulse in reported[1:])
    assert measured == pytest.approx(5.0 * span_s, rel=0.2)
    assert host.faults == []
