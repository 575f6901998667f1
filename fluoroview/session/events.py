"""What a session reports to its listeners.

Signals are emitted on threads of the session, not on the listener's. A listener returns at once
and waits for nothing of the session; what it raises is logged and disturbs nobody else.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psygnal import Signal, SignalInstance

FIVE_MINUTES = "five minutes of fluoroscopy"
"""Name of the alarm of 21 CFR 1020.32(h)."""

logger = logging.getLogger(__name__)


class Mode(StrEnum):
    """What the image on the screen is."""

    IDLE = "IDLE"
    LIVE = "LIVE"
    HOLD = "HOLD"
    REPLAY = "REPLAY"


class Severity(StrEnum):
    """How bad a problem is: the session continues, or the device does not."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence for the user: what happened, to which device, what to do."""

    what: str
    remedy: str = ""
    device: str = ""
    severity: Severity = Severity.ERROR
    about: str = ""
    """The parameter that was refused, if one was."""
    code: str = ""
    """The stable code of the error, such as FV-DET-012."""

    @property
    def sentence(self) -> str:
        """The whole text."""
        return f"{self.what} {self.remedy}".strip()


@dataclass(frozen=True, slots=True)
class Alarm:
    """A signal to the operator, by sound and by sight. It never stops the beam."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How far a long task has come; `done == total` ends it."""

    name: str
    done: int
    total: int


class SessionEvents:
    """The signals of one session."""

    image_ready = Signal()
    """A newer image can be taken."""
    status_changed = Signal()
    """Mode, device, pedal, parameters or runs changed; `Session.snapshot()` shows how."""
    problem = Signal(Problem)
    alarm = Signal(Alarm)
    task = Signal(TaskProgress)


def emit(signal: SignalInstance, *arguments: Any) -> None:
    """Emit a signal; what a listener raises is logged and goes no further."""
    try:
        signal.emit(*arguments)
    except Exception:
        logger.exception("a listener of %r failed", signal.name)
