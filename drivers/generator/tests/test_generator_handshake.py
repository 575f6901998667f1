"""The generator itself, on a fake clock: it prepares, pulses, refuses, trips and overheats."""

import itertools

import pytest

from fluoroview.hal import DeviceError, DoseOrigin, GeneratorState, ParameterError
from fluoroview.hal.tube_output import kerma_ugy_per_mas
from fluoroview_generator import SimulatedGenerator


@pytest.fixture
def generator(fake_time):
    made = SimulatedGenerator("tube", fake_time.clock, fake_time.wait)
    made.open()
    yield made
    made.close()


@pytest.fixture
def tree(generator):
    return generator.parameters()


def expose(generator, sink):
    """Start and wait until the pulse thread is through."""
    generator.start(sink)
    assert generator._thread.ended_within(5.0)
    generator.stop()
    return sink


def state(tree):
    return tree["GeneratorState"].read()


def test_it_prepares_for_the_rotor_time_and_is_ready(generator, tree, fake_time):
    assert state(tree) == "off"
    tree.write("RotorTime", 0.8)
    seen = []
    wait = generator._thread.wait
    generator._thread.wait = lambda seconds: seen.append(state(tree)) or wait(seconds)
    generator.prepare()
    assert seen == ["preparing"]
    assert fake_time.waits == [0.8]
    assert state(tree) == "ready"


def test_it_exposes_and_is_off_afterwards(generator, tree, sink_of):
    generator.prepare()
    sink = sink_of(5)
    generator.start(sink)
    assert state(tree) == "exposing"
    assert generator._thread.ended_within(5.0)
    generator.stop()
    assert state(tree) == "off"
    assert [pulse.pulse_index for pulse in sink.pulses] == [0, 1, 2, 3, 4]


def test_it_does_not_expose_unprepared(generator, sink_of):
    with pytest.raises(DeviceError, match="cannot expose: it is off, not ready"):
        generator.start(sink_of(1))
    generator.prepare()
    expose(generator, sink_of(1))
    with pytest.raises(DeviceError, match="it is off, not ready"):
        generator.start(sink_of(1))


def test_pulses_fall_due_on_an_absolute_grid(generator, tree, sink_of, fake_time):
    tree.write("PulseRate", "12.5")
    generator.prepare()
    fake_time.late_s = {len(fake_time.waits) + late: 0.003 for late in range(1, 8)}
    start_ns = fake_time.clock.monotonic_ns()
    sink = expose(generator, sink_of(20))
    late_ns = [
        pulse.host_time_ns - start_ns - n * 80_000_000 for n, pulse in enumerate(sink.pulses)
    ]
    assert late_ns == [0, *[3_000_000] * 7, *[0] * 12], "delays do not add up"


def test_pulses_that_were_missed_are_skipped(generator, tree, sink_of, fake_time):
    tree.write("PulseRate", "25")
    generator.prepare()
    fake_time.late_s = {len(fake_time.waits) + 3: 0.1}
    start_ns = fake_time.clock.monotonic_ns()
    sink = expose(generator, sink_of(6))
    due_ms = [(pulse.host_time_ns - start_ns) / 1e6 for pulse in sink.pulses]
    assert due_ms == [0, 40, 80, 220, 240, 280], "never two at once to catch up"


def test_the_pulse_rate_may_change_while_it_exposes(generator, tree, sink_of):
    generator.prepare()
    sink = sink_of(6)
    first = sink.pulse

    def pulse(fired):
        first(fired)
        if len(sink.pulses) == 3:
            tree.write("PulseRate", "3")

    sink.pulse = pulse
    expose(generator, sink)
    gaps_s = [
        (later.host_time_ns - earlier.host_time_ns) / 1e9
        for earlier, later in itertools.pairwise(sink.pulses)
    ]
    assert gaps_s[:2] == pytest.approx([1 / 30] * 2, rel=1e-6)
    assert gaps_s[3:] == pytest.approx([1 / 3] * 2, rel=1e-6)


def test_a_pulse_states_technique_and_dose(generator, tree, sink_of):
    for name, value in {
        "TubeVoltage": 80.0,
        "TubeCurrent": 20.0,
        "PulseWidth": 5.0,
        "CopperFilter": "0.2",
        "SourceImageDistance": 1000.0,
        "SourceReferenceDistance": 500.0,
        "FieldWidth": 200.0,
        "FieldHeight": 100.0,
    }.items():
        tree.write(name, value)
    generator.prepare()
    (pulse,) = expose(generator, sink_of(1)).pulses
    assert pulse.exposure.values() == (80.0, 20.0, 5.0, 2.8, 0.2, 1000.0, 200.0, 100.0)
    at_1m_ugy = 0.1 * kerma_ugy_per_mas(80.0, 2.8, 0.2)
    assert at_1m_ugy == pytest.approx(2.4, rel=0.03)  # 24.7 µGy/mAs behind 2.5 mm Al, 0.1 mAs
    assert pulse.air_kerma_ugy == pytest.approx(4.0 * at_1m_ugy)
    assert pulse.kap_ugym2 == pytest.approx(at_1m_ugy * 0.02)
    assert pulse.origin is DoseOrigin.SIMULATED
    assert tree["AirKermaPerPulse"].read() == pulse.air_kerma_ugy


def test_every_copper_filter_states_its_dose_at_every_voltage(tree):
    for copper in tree["CopperFilter"].limits()["choices"]:
        tree.write("CopperFilter", copper)
        for kv in (40.0, 60.0, 125.0):
            tree.write("TubeVoltage", kv)
            assert tree["AirKermaPerPulse"].read() > 0, f"{copper} mm at {kv} kV"


def test_no_pulse_follows_the_release_of_the_pedal(generator, sink_of, fake_time):
    generator.prepare()
    sink = sink_of(100)
    wait = generator._thread.wait

    def released_while_waiting(seconds):
        sink.released = len(sink.pulses) == 3
        return wait(seconds)

    generator._thread.wait = released_while_waiting
    expose(generator, sink)
    assert len(sink.pulses) == 3


def test_pulses_are_numbered_on_from_run_to_run(generator, sink_of):
    for expected in ([0, 1], [2, 3]):
        generator.prepare()
        assert [p.pulse_index for p in expose(generator, sink_of(2)).pulses] == expected


# ---- refusals


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"Interlock": True}, r"the interlock is open \(the door of the room\)\. Close the door\."),
        (
            {"TubeVoltage": 125.0, "TubeCurrent": 200.0},
            r"125 kV at 200 mA are 25\.0 kW, .* rated for 15 kW\. Lower tube voltage, tube",
        ),
        ({"TubeCurrent": 150.0, "PulseWidth": 30.0}, r"4\.50 mAs, and a pulse may have 4 mAs"),
        ({"PulseWidth": 36.0}, r"36 ms do not fit into the 33\.3 ms"),
    ],
)
def test_it_refuses_with_the_reason(generator, tree, settings, sentence):
    for name, value in settings.items():
        tree.write(name, value)
    with pytest.raises(DeviceError, match=f"The generator tube refuses: .*{sentence}"):
        generator.prepare()


def test_closing_the_door_ends_the_refusal(generator, tree):
    tree.write("Interlock", True)
    assert state(tree) == GeneratorState.INTERLOCK
    with pytest.raises(DeviceError):
        generator.prepare()
    assert tree.write("Interlock", False) is False
    generator.prepare()
    assert state(tree) == "ready"


def test_a_door_that_opens_while_it_prepares_is_seen(generator, tree):
    generator._thread.wait = lambda _seconds: tree.write("Interlock", True)
    with pytest.raises(DeviceError, match="the interlock is open"):
        generator.prepare()
    assert state(tree) == "interlock"


def test_a_technique_set_between_ready_and_start_is_checked_too(generator, tree, sink_of):
    generator.prepare()
    tree.write("TubeVoltage", 125.0)
    tree.write("TubeCurrent", 200.0)
    with pytest.raises(DeviceError, match=r"25\.0 kW"):
        generator.start(sink_of(1))


def test_a_hot_anode_is_refused_until_it_has_cooled(generator, tree, sink_of, fake_time):
    tree.write("AnodeHeatCapacity", 0.1)  # 40 pulses of 2.52 J
    tree.write("AnodeCoolingTime", 60.0)
    generator.prepare()
    expose(generator, sink_of(42))
    assert tree["AnodeHeat"].read() == pytest.approx(42 * 0.00252, rel=0.05)
    assert tree["AnodeHeatPercent"].read() > 100.0
    with pytest.raises(DeviceError, match=r"the anode is too hot \(10\d % .* cool for \d+ s\."):
        generator.prepare()
    assert state(tree) == "off"
    fake_time.clock.advance_s(60.0)
    assert tree["AnodeHeatPercent"].read() < 40.0
    generator.prepare()
    assert state(tree) == "ready"


# ---- trips


def test_it_trips_in_the_middle_of_an_exposure(generator, tree, sink_of):
    tree.write("TripAfterPulses", 7)
    generator.prepare()
    sink = expose(generator, sink_of(100))
    assert len(sink.pulses) == 7
    assert sink.failures == ["the tube arced after 7 pulses, and the generator tripped"]
    assert state(tree) == "fault"
    with pytest.raises(DeviceError, match=r"it tripped\. Close the device and open it again\."):
        generator.prepare()
    tree.write("Interlock", True)
    tree.write("Interlock", False)
    assert state(tree) == "fault", "the door does not mend a trip"
    generator.close()
    generator.open()
    generator.prepare()
    assert state(tree) == "ready"


def test_it_trips_when_the_anode_overheats_while_exposing(generator, tree, sink_of):
    tree.write("AnodeHeatCapacity", 0.1)
    generator.prepare()
    sink = expose(generator, sink_of(1000))
    assert 43 <= len(sink.pulses) <= 45  # 110 % of 100 J in pulses of 2.52 J
    assert len(sink.failures) == 1
    assert "the anode overheated (11" in sink.failures[0]
    assert state(tree) == "fault"


def test_a_door_that_opens_cuts_the_exposure_off(generator, tree, sink_of):
    generator.prepare()
    sink = sink_of(100)
    wait = generator._thread.wait

    def door(seconds):
        if len(sink.pulses) == 4:
            tree.write("Interlock", True)
        return wait(seconds)

    generator._thread.wait = door
    expose(generator, sink)
    assert len(sink.pulses) == 4
    assert sink.failures == [
        "the interlock opened during the exposure (the door of the room)",
    ]
    assert state(tree) == "interlock"


def test_while_exposing_it_accepts_only_what_the_tube_is_rated_for(generator, tree, sink_of):
    tree.write("TubeVoltage", 125.0)
    generator.prepare()
    generator._thread.wait = generator._thread.end.wait  # real pulses, so that it goes on exposing
    sink = sink_of(10**6)
    generator.start(sink)
    with pytest.raises(DeviceError, match=r"25\.0 kW.*Lower another factor first"):
        tree.write("TubeCurrent", 200.0)
    assert tree["TubeCurrent"].read() == 7.0
    assert tree.write("TubeCurrent", 20.0) == 20.0
    generator.stop()
    assert not sink.failures


# ---- parameters and identity


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("TubeVoltage", "kV"),
        ("TubeCurrent", "mA"),
        ("PulseWidth", "ms"),
        ("PulseRate", "1/s"),
        ("CopperFilter", "mm"),
        ("AnodeHeat", "kJ"),
        ("AnodeHeatPercent", "%"),
    ],
)
def test_parameters_carry_their_units(tree, name, unit):
    assert tree[name].unit == unit


def test_limits_are_enforced(tree):
    with pytest.raises(ParameterError, match=r"cannot be 150\.0 kV: allowed is 40\.0 to 125\.0 kV"):
        tree.write("TubeVoltage", 150.0)
    with pytest.raises(ParameterError, match=r"allowed are 0, 0\.1, 0\.2, 0\.3, 0\.6, 0\.9"):
        tree.write("CopperFilter", "0.5")
    with pytest.raises(ParameterError, match="read-only"):
        tree.write("AnodeHeat", 0.0)


def test_the_one_device_is_found_and_any_other_is_refused():
    (found,) = SimulatedGenerator.discover()
    assert (found.driver, found.id) == ("generator", "tube")
    with pytest.raises(DeviceError, match=r"has no device 'other'\. It has one: tube\."):
        SimulatedGenerator("other").open()
