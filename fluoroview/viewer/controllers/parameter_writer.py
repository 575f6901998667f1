"""Writes parameters in the background: never more than one write of a parameter at a time.

A held key and a dragged dial request faster than a device moves. A request that arrives during a
write replaces the one that waits, and the last request is always written.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.parameter_editors import RUN

Write = Callable[[str, Any], "Future[Any]"]


class ParameterWriter:
    """Writes parameters; `written(name, requested, read back)` follows each write."""

    def __init__(
        self, write: Write, bridge: SessionBridge, written: Callable[[str, Any, Any], None]
    ) -> None:
        self._write = write
        self._bridge = bridge
        self._written = written
        self._under_way: dict[str, Any] = {}
        self._next: dict[str, Any] = {}

    def put(self, name: str, value: Any) -> None:
        """Request a value for a parameter."""
        if name in self._under_way:
            self._next[name] = value
            return
        self._send(name, value)

    def run(self, name: str) -> None:
        """Run a command; each request counts."""
        self._bridge.when_done(self._write(name, RUN), lambda read: self._written(name, None, read))

    def pending(self, name: str, otherwise: Any) -> Any:
        """Return the last request for a parameter that is not written yet, else `otherwise`."""
        return self._next.get(name, self._under_way.get(name, otherwise))

    def _send(self, name: str, value: Any) -> None:
        self._under_way[name] = value

        def done(read: Any) -> None:
            del self._under_way[name]
            if read is None:
                self._next.pop(name, None)  # refused: what builds on it would be refused too
            elif name in self._next:
                self._send(name, self._next.pop(name))
                return
            self._written(name, value, read)

        self._bridge.when_done(self._write(name, value), done)
