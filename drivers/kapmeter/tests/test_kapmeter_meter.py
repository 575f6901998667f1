"""The driver on a real pseudo-terminal, in a thread and in a child process."""

import math
import os
import sys
import termios
import threading
import time
from decimal import Decimal
from functools import partial

import pytest
import serial

from fluoroview.hal import DeviceError, DeviceState, DoseOrigin, DriverError
from fluoroview.hal.runtime.registry import DriverInfo, discover
from fluoroview.hal.testing import Bench, until
from fluoroview_kapmeter import KapMeter, finding, listening

BOTH = pytest.mark.parametrize("isolation", ["thread", "process"])


@pytest.fixture
def opened():
    with Bench() as bench:
        yield partial(bench.open, "kapmeter")


@pytest.mark.parametrize("call", [KapMeter.discover, KapMeter("/dev/ttyUSB0").open])
def test_a_missing_pyserial_is_reported_with_the_line_that_installs_it(monkeypatch, call):
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(DriverError, match=r"needs pyserial.* Install it with: pip install py"):
        call()


def value(host, name):
    return next(entry.value for entry in host.parameters() if entry.name == name)


def total(ring):
    return sum(pulse.kap_ugym2 for pulse in ring.pulses_since(0)[1])


def settle(meter, ring):
    """Let the meter measure nothing more, and wait until everything before is reported."""
    with meter._lock:  # no step half taken
        meter.step_ugym2 = Decimal(0)
    count = ring.pulses_since(0)[0]
    until(lambda: ring.pulses_since(0)[0] >= count + 20)  # several reads of the port


@BOTH
def test_it_reports_measured_kap_as_increments(emulate, opened, isolation):
    meter = emulate()
    host = opened(meter.port, isolation)
    assert host.traits.kind == "dose meter"
    meter.step_ugym2 = Decimal(0)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 20)
    early = total(ring)  # steps from before the start may have arrived late
    with meter._lock:
        before = meter.measured
        meter.step_ugym2 = Decimal("0.125")
    until(lambda: ring.pulses_since(0)[0] >= 60)
    settle(meter, ring)
    measured = meter.measured - before
    host.stop()
    _, reported = ring.pulses_since(0)
    assert total(ring) - early == pytest.approx(float(measured))
    assert float(measured) > 3.0
    assert {pulse.origin for pulse in reported} == {DoseOrigin.MEASURED}
    assert {pulse.pulse_index for pulse in reported} == {-1}
    assert all(
        math.isnan(pulse.air_kerma_ugy) and math.isnan(pulse.exposure.tube_voltage_kv)
        for pulse in reported
    )
    assert value(host, "CumulativeKap") == float(meter.counted)
    assert value(host, "LinesMissing") == 0
    assert host.faults == []


def test_it_states_who_the_meter_is(emulate, opened):
    host = opened(emulate(full_scale="5000.000").port)
    assert value(host, "DeviceVendorName") == "Example"
    assert value(host, "DeviceModelName") == "KM-1"
    assert value(host, "DeviceSerialNumber") == "SN42"
    assert value(host, "FullScale") == 5000.0


@pytest.mark.parametrize("baud", ["9600", "38400", "115200"])
def test_it_finds_the_speed(emulate, opened, baud):
    host = opened(emulate(baud=getattr(termios, f"B{baud}")).port)
    assert value(host, "BaudRate") == int(baud)


@BOTH
def test_a_rollover_is_no_loss(emulate, opened, isolation):
    meter = emulate(full_scale="100.000")
    meter.step_ugym2 = Decimal(0)
    meter.counted = Decimal("99.500")
    host = opened(meter.port, isolation)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 20)
    before = meter.measured
    meter.step_ugym2 = Decimal("0.100")
    until(lambda: value(host, "Rollovers") == 1)
    settle(meter, ring)
    assert total(ring) == pytest.approx(float(meter.measured - before))
    assert value(host, "UnannouncedResets") == 0


@BOTH
def test_a_reset_on_command_is_no_loss(emulate, opened, isolation):
    meter = emulate()
    host = opened(meter.port, isolation)
    meter.step_ugym2 = Decimal(0)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 20)
    before = meter.measured
    meter.step_ugym2 = Decimal("0.100")
    until(lambda: ring.pulses_since(0)[0] >= 40)
    host.write("Reset", "")
    until(lambda: ring.pulses_since(0)[0] >= 60)
    settle(meter, ring)
    assert value(host, "Resets") == 1
    assert value(host, "CumulativeKap") < float(meter.measured - before)
    # a step between the last reading and the reset is the meter's to lose
    assert total(ring) == pytest.approx(float(meter.measured - before), abs=0.11)


def test_a_reset_that_is_not_confirmed_is_reported(emulate, opened):
    meter = emulate()
    meter.confirms = False
    host = opened(meter.port)
    with pytest.raises(DeviceError, match=r"did not confirm the reset within 1 s\. Try again"):
        host.write("Reset", "")
    assert meter.commands[-1] == b"RESET*7DB2"


@pytest.mark.parametrize(("announce", "counted"), [(True, "Resets"), (False, "UnannouncedResets")])
def test_a_reset_at_the_meter_is_counted_and_never_negative(emulate, opened, announce, counted):
    meter = emulate()
    meter.counted = Decimal(400)
    host = opened(meter.port)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 10)
    meter.reset("power", announce)
    until(lambda: value(host, counted) == 1)
    settle(meter, ring)
    assert min(pulse.kap_ugym2 for pulse in ring.pulses_since(0)[1]) >= 0.0
    assert total(ring) < 100.0, "going back is no dose"


@BOTH
def test_garbage_and_bad_checksums_are_counted_and_change_nothing(emulate, opened, isolation):
    meter = emulate()
    meter.step_ugym2 = Decimal(0)
    host = opened(meter.port, isolation)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 3)
    for _ in range(3):
        meter.send(b"\xff\xfe\x00 not a line \x80\r\n")
    for _ in range(2):
        meter.send(b"KAP 999.000 uGym2 N 5*0000\r\n")
    until(lambda: value(host, "LinesGarbage") == 3 and value(host, "LinesBadChecksum") == 2)
    count = ring.pulses_since(0)[0]
    until(lambda: ring.pulses_since(0)[0] >= count + 3)
    assert total(ring) == 0.0
    assert host.faults == []


def test_readings_that_were_skipped_are_counted_and_no_kap_is_lost(emulate, opened):
    meter = emulate()
    meter.step_ugym2 = Decimal(0)
    host = opened(meter.port)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 10)
    before = meter.measured
    meter.speaks = False
    meter.step_ugym2 = Decimal("0.100")
    time.sleep(0.2)
    meter.speaks = True
    until(lambda: value(host, "LinesMissing") > 0)
    settle(meter, ring)
    assert total(ring) == pytest.approx(float(meter.measured - before))


def test_kap_measured_between_runs_is_reported_with_the_next_run(emulate, opened):
    meter = emulate()
    meter.step_ugym2 = Decimal("0.100")
    host = opened(meter.port)
    until(lambda: value(host, "LinesGood") > 10)  # before the first run: discarded
    meter.step_ugym2 = Decimal(0)
    good = value(host, "LinesGood")
    until(lambda: value(host, "LinesGood") > good + 10)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 5)
    assert total(ring) == 0.0
    host.stop()
    before = meter.measured
    meter.step_ugym2 = Decimal("0.100")
    time.sleep(0.2)
    meter.step_ugym2 = Decimal(0)
    count = ring.pulses_since(0)[0]
    good = value(host, "LinesGood")
    until(lambda: value(host, "LinesGood") > good + 20)
    assert ring.pulses_since(0)[0] == count, "nothing is reported after stop"
    host.start()
    until(lambda: ring.pulses_since(0)[0] > count)
    assert total(ring) == pytest.approx(float(meter.measured - before))


# ---- a meter that is lost


@BOTH
def test_silence_is_a_fault(emulate, opened, isolation, monkeypatch):
    if isolation == "thread":
        monkeypatch.setattr(listening, "SILENCE_S", 0.3)
    meter = emulate()
    host = opened(meter.port, isolation)
    host.arm()
    host.start()
    meter.speaks = False
    silent_s = time.monotonic()
    until(lambda: host.faults)
    limit_s = 0.3 if isolation == "thread" else 2.0
    assert limit_s - 0.15 < time.monotonic() - silent_s < limit_s + 2.0
    assert f"has sent nothing readable for {limit_s:g} s" in host.faults[0]
    assert host.state is DeviceState.FAULT


def test_garbage_alone_is_silence_too(emulate, opened, monkeypatch):
    monkeypatch.setattr(listening, "SILENCE_S", 0.3)
    meter = emulate()
    host = opened(meter.port)
    host.arm()
    host.start()
    meter.speaks = False
    end = time.monotonic() + 3.0
    while not host.faults and time.monotonic() < end:
        meter.send(b"\x00\xff noise\n")
        time.sleep(0.02)
    assert "nothing readable" in host.faults[0]
    assert "(0 unreadable" not in host.faults[0]


@BOTH
def test_unplugging_is_a_fault_at_once(emulate, opened, isolation):
    meter = emulate()
    host = opened(meter.port, isolation)
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 3)
    meter.unplug()
    until(lambda: host.faults, timeout_s=1.0)
    assert f"The KAP meter's port {meter.port} is gone" in host.faults[0]
    assert "Check the cable" in host.faults[0]


def test_a_meter_that_was_lost_while_idle_does_not_start(emulate, opened):
    meter = emulate()
    host = opened(meter.port)
    host.arm()
    meter.unplug()
    until(lambda: not any(thread.name == "kap meter" for thread in threading.enumerate()))
    with pytest.raises(DeviceError, match="is gone"):
        host.start()


@BOTH
def test_an_error_that_the_meter_reports_is_a_fault_in_its_words(emulate, opened, isolation):
    meter = emulate()
    host = opened(meter.port, isolation)
    host.arm()
    host.start()
    meter.say("ERR 12 chamber voltage low")
    until(lambda: host.faults)
    assert "reports error 12: chamber voltage low." in host.faults[0]


def test_after_a_fault_it_opens_again(emulate, opened):
    meter = emulate()
    host = opened(meter.port)
    host.arm()
    host.start()
    meter.say("ERR 3 overload")
    until(lambda: host.faults)
    host.close()
    until(lambda: can_be_had(meter.port))  # the abandoned one lets go on its own thread
    host.open()
    ring = host.arm()
    host.start()
    until(lambda: ring.pulses_since(0)[0] >= 3)
    assert len(host.faults) == 1


def can_be_had(port):
    try:
        serial.Serial(port, exclusive=True).close()
    except OSError:
        return False
    return True


# ---- ports


def test_a_port_that_is_not_there_is_reported(opened):
    sentence = r"port /dev/no-such-port cannot be opened: there is no such port\. Check the name"
    with pytest.raises(DeviceError, match=sentence):
        opened("/dev/no-such-port")


def test_no_port_at_all_is_reported(opened):
    with pytest.raises(DeviceError, match=r"No port was given .* for example /dev/ttyUSB0"):
        opened("")


def test_a_port_that_is_in_use_is_reported(emulate, opened):
    meter = emulate()
    opened(meter.port)
    with pytest.raises(DeviceError, match="another program has it"):
        KapMeter(meter.port).open()


def test_a_port_without_an_answer_is_reported_and_released(emulate, opened, monkeypatch):
    monkeypatch.setattr(finding, "ANSWER_S", 0.1)
    meter = emulate()
    meter.speaks = False
    with pytest.raises(DeviceError, match=r"No KAP meter answers on .*, at none of 9600, 19200"):
        opened(meter.port)
    assert len(meter.commands) == 5
    meter.speaks = True
    opened(meter.port)


def test_a_meter_in_trouble_is_not_opened(emulate, opened):
    meter = emulate()
    meter.speaks = False
    for _ in range(10):
        meter.say("ERR 7 no chamber")
        time.sleep(0.01)
    meter._step = lambda: meter._write(meter.line("ERR 7 no chamber"))
    with pytest.raises(DeviceError, match=r"reports error 7: no chamber\."):
        opened(meter.port)


def test_only_named_ports_are_asked(emulate, monkeypatch):
    there, silent, unnamed = emulate(), emulate(), emulate()
    silent.speaks = False
    assert KapMeter.discover() == []
    ports = os.pathsep.join([there.port, silent.port, "/dev/no-such-port", there.port])
    monkeypatch.setenv(finding.PORTS_VARIABLE, ports)
    began_s = time.monotonic()
    (found,) = KapMeter.discover()
    assert time.monotonic() - began_s < 4.0
    assert (found.driver, found.id) == ("kapmeter", there.port)
    assert (found.vendor, found.model, found.serial) == ("Example", "KM-1", "SN42")
    assert unnamed.commands == []


def test_the_registry_finds_it_in_a_process_of_its_own(emulate, monkeypatch):
    meter = emulate()
    monkeypatch.setenv(finding.PORTS_VARIABLE, meter.port)
    looked = discover(DriverInfo("kapmeter", "fluoroview-kapmeter", "0.1.0", ""))
    assert (looked.error, looked.kind) == ("", "dose meter")
    assert [info.id for info in looked.devices] == [meter.port]


def test_close_is_safe_at_any_time_and_twice(emulate):
    meter = emulate()
    device = KapMeter(meter.port)
    device.close()
    device.open()
    device.close()
    device.close()
    device.open()
    device.close()
