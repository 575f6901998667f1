"""The one owner of the room's state."""

from __future__ import annotations

import threading
from collections.abc import Callable

from fluoroview_simulated import procedures
from fluoroview_simulated.room.state import RoomState


class Room:
    """Holds the state, and replaces it one change at a time.

    Parameters and pulses come from different threads. A change is a function of the state that it
    finds, so none of them can undo another; who reads takes the whole value once.
    """

    def __init__(self, state: RoomState | None = None) -> None:
        self._state = state or RoomState.of(next(iter(procedures.MODULES)))
        self._lock = threading.Lock()

    @property
    def state(self) -> RoomState:
        """Return the state as it is now."""
        return self._state

    def change(self, change: Callable[[RoomState], RoomState]) -> RoomState:
        """Replace the state by what `change` makes of it, and return that."""
        with self._lock:
            self._state = change(self._state)
            return self._state
