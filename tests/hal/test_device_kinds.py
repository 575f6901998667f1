"""What a device is: its kind, the further kinds that it serves as, and what a run of it needs."""

import pytest

from fluoroview.hal import (
    Collimator,
    Detector,
    DeviceError,
    DeviceHost,
    DeviceKind,
    DeviceState,
    DoseMeter,
    FloatParameter,
    Generator,
    ParameterTree,
    Positioner,
)
from fluoroview.hal.runtime.ring import Word
from fluoroview.hal.testing import Bench, has_code


class CArm(Positioner):
    """A C-arm whose primary angle can be set."""

    serves = (DeviceKind.COLLIMATOR,)

    def open(self):
        self.angle_deg = 0.0

    def parameters(self):
        return ParameterTree(
            [
                FloatParameter(
                    "PrimaryAngle",
                    lambda: self.angle_deg,
                    self._move,
                    minimum=-120.0,
                    maximum=120.0,
                    unit="°",
                )
            ]
        )

    def _move(self, angle_deg):
        self.angle_deg = round(angle_deg)

    def close(self):
        pass


class Tube(CArm, Generator):
    """A positioner that also makes radiation."""

    kind = DeviceKind.POSITIONER
    serves = (DeviceKind.GENERATOR,)


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        (Detector, "detector"),
        (Generator, "generator"),
        (DoseMeter, "dose meter"),
        (Positioner, "positioner"),
        (Collimator, "collimator"),
    ],
)
def test_each_base_class_has_its_kind(device, kind):
    assert device.kinds() == (kind,)


def test_a_positioner_moves_by_its_parameters_in_a_run_too():
    with Bench() as bench:
        host = bench.open("carm", "c0", driver_class=CArm)
        host.arm()
        host.start()
        assert host.write("PrimaryAngle", 30.4) == 30.0
        assert host.stop().exact
        assert host.state is DeviceState.ARMED


def test_a_device_states_all_kinds_that_it_serves_as():
    with Bench() as bench:
        traits = bench.open("carm", "c0", driver_class=CArm).traits
    assert traits.kind is DeviceKind.POSITIONER
    assert traits.kinds == (DeviceKind.POSITIONER, DeviceKind.COLLIMATOR)
    assert not traits.makes_radiation


def test_whatever_serves_as_generator_needs_a_dead_mans_switch():
    host = DeviceHost("tube", "t0", "thread", driver_class=Tube)
    host.open()
    try:
        assert host.traits.makes_radiation
        ring = host.arm()
        host.start()
        assert ring.words[Word.OPERATOR]
    finally:
        host.close()


def test_traits_are_known_only_once_the_device_is_open():
    host = DeviceHost("carm", "c0", "thread", driver_class=CArm)
    with pytest.raises(DeviceError, check=has_code("FV-HAL-022")):
        _ = host.traits
