"""The state machine of a device. The HAL owns it; drivers never move it.

CLOSED → IDLE (open) → ARMED (ring bound, format fixed) → RUNNING (start) → ARMED (stop) and back;
FAULT from anywhere, and from FAULT only to CLOSED.
"""

from enum import StrEnum

from fluoroview.hal.errors import StateError


class DeviceState(StrEnum):
    """The state of a device."""

    CLOSED = "CLOSED"
    IDLE = "IDLE"
    ARMED = "ARMED"
    RUNNING = "RUNNING"
    FAULT = "FAULT"


_ALLOWED: dict[DeviceState, set[DeviceState]] = {
    DeviceState.CLOSED: {DeviceState.IDLE},
    DeviceState.IDLE: {DeviceState.ARMED, DeviceState.CLOSED},
    DeviceState.ARMED: {DeviceState.RUNNING, DeviceState.IDLE, DeviceState.CLOSED},
    DeviceState.RUNNING: {DeviceState.ARMED, DeviceState.CLOSED},
    DeviceState.FAULT: {DeviceState.CLOSED},
}

# How long the HAL waits for each call into a driver, seconds.
DEADLINE_S: dict[str, float] = {
    "discover": 15.0,
    "open": 20.0,
    "parameters": 5.0,
    "write": 5.0,
    "arm": 10.0,
    "disarm": 5.0,
    "prepare": 5.0,
    "start": 5.0,
    "stop": 1.0,
    "close": 5.0,
}


class StateMachine:
    """The state of one device; a step that is not allowed raises StateError."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.state = DeviceState.CLOSED

    def move(self, target: DeviceState) -> None:
        """Go to `target`; FAULT is always allowed."""
        if target is not DeviceState.FAULT and target not in _ALLOWED[self.state]:
            allowed = ", ".join(sorted(_ALLOWED[self.state] | {DeviceState.FAULT}))
            raise StateError(
                f"{self.device} cannot go from {self.state} to {target}.",
                f"From {self.state} it may go to: {allowed}.",
                self.device,
                code="FV-HAL-044",
            )
        self.state = target

    def require(self, *states: DeviceState, action: str) -> None:
        """Raise StateError unless the device is in one of `states`."""
        if self.state not in states:
            raise StateError(
                f"{self.device} cannot {action} while it is {self.state}.",
                f"It must be {' or '.join(states)}.",
                self.device,
                code="FV-HAL-045",
            )
