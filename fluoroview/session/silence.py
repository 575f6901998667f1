"""How long a running device has delivered nothing and shown no progress."""

from fluoroview.hal import DeviceState
from fluoroview.session.session import Session
from fluoroview.session.state import RunPhase

FIRST_FRAME_S = 30.0
"""How long a device that runs may be silent before its first frame."""


class Silence:
    """Measures a silence that is the device's own, whatever the computer is busy with.

    A device that is still preparing is not silent: the HAL ends a preparation that does not come
    forward. Nor is one whose status, parameters or pulses change.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: object = None
        self._since_ns = session.clock.monotonic_ns()

    def end(self) -> None:
        """Note a frame."""
        self._since_ns = self._session.clock.monotonic_ns()

    def seconds(self) -> float:
        """Return for how long the device has been silent; call it regularly."""
        state, now_ns = self._session.state, self._session.clock.monotonic_ns()
        preparing = state.run is None or state.run.phase is RunPhase.PREPARING
        running = self._session.device_status().state is DeviceState.RUNNING
        seen = (state.parameters, state.dose.pulses, state.progress)
        if preparing or not running or seen != self._seen:
            self._seen, self._since_ns = seen, now_ns
        return (now_ns - self._since_ns) / 1e9
