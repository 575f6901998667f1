"""A sink that records everything a driver does to it, and can delay a commit."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fluoroview.hal.frame import FrameHeader, Pixels, Pulse
from fluoroview.hal.runtime.ledger import LossCause
from fluoroview.hal.sink import FrameSink, Slot


@dataclass(frozen=True, slots=True)
class Commit:
    """One call of `Slot.commit`. `again`: the slot was used up; `late`: stop had returned."""

    header: FrameHeader
    at_ns: int
    again: bool
    late: bool


@dataclass(frozen=True, slots=True)
class ReportedPulse:
    """One call of `FrameSink.pulse`; `late`: stop had returned."""

    pulse: Pulse
    at_ns: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class ReportedLoss:
    """One call of `FrameSink.lost`, after so many commits."""

    after_commits: int
    count: int
    cause: LossCause


@dataclass
class RunLog:
    """Everything a driver did to the sink of one run; `fresh` counts commits of fresh slots."""

    commits: list[Commit] = field(default_factory=list)
    pulses: list[ReportedPulse] = field(default_factory=list)
    losses: list[ReportedLoss] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    wrong_sizes: list[str] = field(default_factory=list)
    acquired: int = 0
    used_up: int = 0
    fresh: int = 0

    @property
    def frames(self) -> list[Commit]:
        """The commits of fresh slots, in time."""
        return [commit for commit in self.commits if not (commit.again or commit.late)]

    @property
    def late(self) -> int:
        """How many fresh slots were committed after stop had returned."""
        return sum(commit.late and not commit.again for commit in self.commits)

    @property
    def forgotten(self) -> int:
        """Slots that were acquired and neither committed nor discarded."""
        return self.acquired - self.used_up


class ProbeSlot(Slot):
    """A slot whose use is recorded."""

    def __init__(self, sink: "ProbeSink", slot: Slot) -> None:
        super().__init__(sink, slot.pixels, slot.index)
        self._probe = sink

    def commit(self, header: FrameHeader) -> None:
        """Record the commit, then execute it."""
        again = self._used
        self._probe.note_commit(header, again=again)
        super().commit(header)

    def discard(self) -> None:
        """Record that the slot was discarded."""
        if not self._used:
            self._probe.note_used()
        super().discard()


class ProbeSink(FrameSink):
    """The HAL's own sink with a log. `before_commit` runs on the driver's thread."""

    def __init__(
        self, *arguments: Any, before_commit: Callable[[], None] | None = None, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self.log = RunLog()
        self._before_commit = before_commit
        self._log_lock = threading.Lock()

    def acquire(self) -> Slot:
        """Return a slot of the ring that records its use."""
        with self._log_lock:
            self.log.acquired += 1
        return ProbeSlot(self, super().acquire())

    def offer(self, array: Pixels, header: FrameHeader) -> None:
        """Copy, commit, and record a size that does not fit."""
        want = self._pool.scratch
        if array.shape != want.shape or array.dtype.itemsize > want.dtype.itemsize:
            self.log.wrong_sizes.append(
                f"it offered {_size(array)} where {_size(want)} was stated."
            )
        super().offer(array, header)

    def lost(self, count: int, cause: LossCause) -> None:
        """Record the loss and count it."""
        with self._log_lock:
            self.log.losses.append(ReportedLoss(self.log.fresh, count, cause))
        super().lost(count, cause)

    def pulse(self, pulse: Pulse) -> None:
        """Record the pulse and pass it on."""
        self.log.pulses.append(ReportedPulse(pulse, time.monotonic_ns(), self._closed))
        super().pulse(pulse)

    def fail(self, error: str | BaseException) -> None:
        """Record the failure that the driver reports."""
        self.log.failures.append(str(error) or type(error).__name__)
        super().fail(error)

    def refuse(self, reason: str) -> None:
        """Record why the driver makes no pulse."""
        self.log.refusals.append(reason)
        super().refuse(reason)

    def note_commit(self, header: FrameHeader, *, again: bool) -> None:
        """Record a commit; delay it where a trial asks for that."""
        if self._before_commit is not None and not again:
            self._before_commit()
        with self._log_lock:
            self.log.commits.append(Commit(header, time.monotonic_ns(), again, self._closed))
            if not again:
                self.log.used_up += 1
                self.log.fresh += 1

    def note_used(self) -> None:
        """Record that a slot was discarded."""
        with self._log_lock:
            self.log.used_up += 1


def _size(array: Pixels) -> str:
    rows, columns = (*array.shape, 0, 0)[:2]
    return f"{columns}×{rows} {array.dtype}"
