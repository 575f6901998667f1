"""The manual generator: figures with units and limits, no pulses, in a thread and in a child."""

import pytest

from fluoroview.hal import DeviceError, DeviceState, DeviceTraits, ParameterError
from fluoroview.hal.testing import Bench
from fluoroview_manual import ManualGenerator
from fluoroview_manual.generator import FIGURES


@pytest.fixture(params=["thread", "process"])
def host(request):
    with Bench() as bench:
        opened = bench.open("manual", "operator", request.param)
        yield opened
    assert opened.faults == []


@pytest.fixture
def tree():
    generator = ManualGenerator("operator")
    generator.open()
    return generator.parameters()


def values(host):
    return {entry.name: entry.value for entry in host.parameters()}


def test_it_reports_no_pulses_and_has_no_handshake(host):
    assert host.traits == DeviceTraits("generator", ("generator",), False, False)


def test_a_run_reports_no_pulses_and_keeps_the_technique(host):
    host.write("TubeVoltage", 81.0)
    ring = host.arm()
    for _ in range(3):
        host.start()
        assert host.state is DeviceState.RUNNING
        assert host.write("TubeCurrent", 12.5) == 12.5, "typed in while the beam is on"
        host.stop()
    assert ring.pulses_since(0) == (0, [])
    assert values(host)["TubeVoltage"] == 81.0
    assert values(host)["TubeCurrent"] == 12.5


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("TubeVoltage", "kV"),
        ("TubeCurrent", "mA"),
        ("PulseWidth", "ms"),
        ("CopperFilter", "mm"),
        ("AluminiumFilter", "mm"),
        ("SourceImageDistance", "mm"),
        ("FieldWidth", "mm"),
        ("FieldHeight", "mm"),
    ],
)
def test_figures_have_a_unit_and_limits(tree, name, unit):
    described = tree[name].describe()
    assert described.unit == unit
    assert described.access == "rw"
    assert described.minimum <= described.value <= described.maximum
    assert tree.write(name, described.maximum) == described.maximum


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_outside_its_limits_is_refused(tree, figure):
    for value in (figure.minimum - 1.0, figure.maximum + 1.0):
        with pytest.raises(ParameterError, match=f"{figure.name} cannot be {value} {figure.unit}"):
            tree.write(figure.name, value)
    assert tree[figure.name].read() == figure.initial


def test_the_technique_counts_as_stated_once_every_required_figure_is_typed_in(tree):
    stated = tree["TechniqueStated"]
    tree.write("CopperFilter", 0.2)
    tree.write("TubeVoltage", 70.0)
    tree.write("TubeCurrent", 10.0)
    assert stated.read() is False
    with pytest.raises(ParameterError):
        tree.write("PulseWidth", -1.0)
    assert stated.read() is False, "a figure that was refused is not stated"
    tree.write("PulseWidth", 5.0)
    assert stated.read() is True
    with pytest.raises(ParameterError, match="read-only"):
        tree.write("TechniqueStated", True)


def test_opening_again_resets_the_technique():
    generator = ManualGenerator("operator")
    generator.open()
    for name in ("TubeVoltage", "TubeCurrent", "PulseWidth"):
        generator.parameters().write(name, 60.0)
    generator.close()
    generator.open()
    assert generator.parameters()["TechniqueStated"].read() is False
    assert generator.parameters()["TubeVoltage"].read() == 70.0


def test_the_one_device_is_found_and_any_other_is_refused():
    (found,) = ManualGenerator.discover()
    assert (found.driver, found.id) == ("manual", "operator")
    with pytest.raises(DeviceError, match=r"has no device 'other'\. It has one: operator\."):
        ManualGenerator("other").open()
