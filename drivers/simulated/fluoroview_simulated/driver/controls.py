"""What the operator can do in a procedure, as parameters of the device."""

from __future__ import annotations

from typing import Any

from fluoroview.hal import (
    BoolParameter,
    CommandParameter,
    EnumParameter,
    FloatParameter,
)
from fluoroview.hal.parameter import Parameter, Presentation, Value
from fluoroview.hal.roles import Role
from fluoroview_simulated.driver.room_device import RoomDevice
from fluoroview_simulated.procedures.base import Control


def controls(device: RoomDevice) -> list[Parameter]:
    """Return one parameter for each control of the chosen procedure."""
    return [_parameter(device, control) for control in device.room.state.info.controls]


def _parameter(device: RoomDevice, control: Control) -> Parameter:
    """Return a control as a parameter; the procedure checks each value before it is recorded."""

    def read() -> Any:
        scene = device.scene()
        if scene is None:
            return control.default
        return scene.procedure.actions.value(control.name, device.now_s())

    def allow(value: Any) -> Any:
        return device.patient().check(control.name, value, device.now_s())

    def write(value: Any) -> None:
        device.patient().actions.record(device.now_s(), control.name, value)

    shown = Presentation(label=control.label, shortcut=control.shortcut, role=Role.OPERATOR_CONTROL)
    name, description = control.name, control.description
    match control.kind:
        case "command":
            return _Command(name, lambda: write(None), allow, description, shown)
        case "switch":
            return _Switch(name, read, write, allow, description, shown)
        case "choice":
            return _Choice(name, read, write, allow, description, shown, control.choices)
        case _:
            return _Number(name, read, write, allow, description, shown, control)


class _Number(FloatParameter):
    """A value or a step."""

    def __init__(
        self,
        name: str,
        read: Any,
        write: Any,
        allow: Any,
        description: str,
        shown: Presentation,
        control: Control,
    ) -> None:
        self._allow = allow
        super().__init__(
            name,
            read,
            write,
            minimum=control.minimum,
            maximum=control.maximum,
            unit=control.unit,
            description=description,
            **(shown | {"step": control.step}),
        )

    def check(self, value: Any) -> Value:
        """Check type and limits, then what the procedure allows."""
        return self._allow(super().check(value))  # type: ignore[no-any-return]


class _Choice(EnumParameter):
    """One of several."""

    def __init__(
        self,
        name: str,
        read: Any,
        write: Any,
        allow: Any,
        description: str,
        shown: Presentation,
        choices: tuple[str, ...],
    ) -> None:
        self._allow = allow
        super().__init__(name, read, write, choices=choices, description=description, **shown)

    def check(self, value: Any) -> Value:
        """Check the choice, then what the procedure allows."""
        return self._allow(super().check(value))  # type: ignore[no-any-return]


class _Switch(BoolParameter):
    """On or off."""

    def __init__(
        self, name: str, read: Any, write: Any, allow: Any, description: str, shown: Presentation
    ) -> None:
        self._allow = allow
        super().__init__(name, read, write, description=description, **shown)

    def check(self, value: Any) -> Value:
        """Check the type, then what the procedure allows."""
        return self._allow(super().check(value))  # type: ignore[no-any-return]


class _Command(CommandParameter):
    """A press."""

    def __init__(
        self, name: str, execute: Any, allow: Any, description: str, shown: Presentation
    ) -> None:
        self._allow = allow
        super().__init__(name, execute, description=description, **shown)

    def check(self, value: Any) -> Value:
        """Check what the procedure allows; a command has no value."""
        self._allow(None)
        return str(value)
