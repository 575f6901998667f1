"""What the operator can do in an examination, and is told of it, as parameters of the device."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fluoroview.hal import (
    BoolParameter,
    CommandParameter,
    EnumParameter,
    FloatParameter,
)
from fluoroview.hal.parameter import Parameter
from fluoroview_simulated.driver import status_messages as notices

if TYPE_CHECKING:
    from fluoroview_simulated.driver.device import SimulatedDetector
    from fluoroview_simulated.procedures.base import Control


def of(device: SimulatedDetector) -> list[Parameter]:
    """One parameter for each control of the chosen examination, and what is to be known."""
    controls = device.suite.info.controls
    return [*(_parameter(device, control) for control in controls), notices.parameter()]


def _parameter(device: SimulatedDetector, control: Control) -> Parameter:
    """A control is checked by the examination before it is noted as done."""

    def read() -> Any:
        scene = device.scene()
        if scene is None:
            return control.default
        return scene.procedure.actions.value(control.name, device.now_s())

    def check(value: Any) -> Any:
        try:
            return device.patient().check(control.name, value, device.now_s())
        except ValueError as error:
            raise ValueError(_reason(control.name, str(error))) from error

    def write(value: Any) -> None:
        device.patient().actions.record(device.now_s(), control.name, value)

    keys, description = control.shortcut, control.description
    if control.kind == "command":
        return _Command(
            control.name, lambda: write(None), description=description, shortcut=keys, asked=check
        )
    if control.kind == "switch":
        return _Switch(
            control.name, read, write, description=description, shortcut=keys, asked=check
        )
    if control.kind == "choice":
        choices = list(control.choices)
        return _Choice(
            control.name,
            read,
            write,
            choices=choices,
            description=description,
            shortcut=keys,
            asked=check,
        )
    return _Number(
        control.name,
        read,
        write,
        minimum=control.minimum,
        maximum=control.maximum,
        unit=control.unit,
        description=description,
        shortcut=keys,
        step=control.step,
        asked=check,
    )


def _reason(name: str, sentence: str) -> str:
    """Return why, as it follows after "parameter NAME cannot be VALUE: " and before a full stop."""
    return re.sub(rf"^{name}( -?[\d.]+( [^ :]+)?)?: ", "", sentence).removesuffix(".")


class _Asked:
    """The examination has its say after the type and the limits."""

    def __init__(self, *args: Any, asked: Any, **kwargs: Any) -> None:
        self._asked = asked
        super().__init__(*args, **kwargs)

    def check(self, value: Any) -> Any:
        """Return what is allowed of a value, or raise ValueError with the reason."""
        return self._asked(super().check(value))  # type: ignore[misc]


class _Number(_Asked, FloatParameter):
    """A value or a step."""


class _Choice(_Asked, EnumParameter):
    """One of several."""


class _Switch(_Asked, BoolParameter):
    """On or off."""


class _Command(_Asked, CommandParameter):
    """A press."""

    def check(self, value: Any) -> Any:
        """Ask without a value: a command is told to run, not what to be."""
        self._asked(None)
        return str(value)
