"""What an examination tells whoever listens. Signals come from its threads, not the listener's."""

from dataclasses import dataclass
from enum import StrEnum

from psygnal import Signal

FIVE_MINUTES = "five minutes of fluoroscopy"
"""Name of the alarm of 21 CFR 1020.32(h)."""


class Mode(StrEnum):
    """What the image on the screen is."""

    IDLE = "IDLE"
    LIVE = "LIVE"
    HOLD = "HOLD"
    REPLAY = "REPLAY"


class Severity(StrEnum):
    """How bad a problem is: the examination goes on, or the device does not."""

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
    """How far a long task is; `done == total` ends it."""

    name: str
    done: int
    total: int


class SessionEvents:
    """The signals of one examination."""

    image_ready = Signal()
    """A newer image can be taken."""
    status_changed = Signal()
    """Mode, device, pedal or run changed; `snapshot()` has the news."""
    problem = Signal(Problem)
    alarm = Signal(Alarm)
    task = Signal(TaskProgress)
