"""The dead man's switch: a beam does not outlive its operator.

The operator's side writes the present time into a control word of the ring (`DeviceHost.beat`);
the driver's side measures how old that time is. A word that is older than `SILENCE_S` means that
the operator's program stands still, or that nobody holds the pedal any more: the driver's side
then forbids pulses and stops the device, without any help from the host, which may be stopped.

The switch measures real monotonic time, which all processes of one computer share; a test writes
the word instead of replacing the clock.
"""

import os
import threading
import time
from enum import StrEnum
from pathlib import Path

from fluoroview.hal.runtime.ring import FrameRing, Word

SILENCE_S = 0.25
"""How long the operator may be silent; with one more `WATCH_S` the beam is off within 300 ms."""
WATCH_S = 0.025
"""How often the driver's side reads the word, on its own and before each pulse."""
PROCESS_SILENCE_S = 2.0
"""How long a script may be silent while its process is not stopped: nobody's hand can leave the
pedal there, and a busy computer must not end its run."""
BEAT_S = 0.04
"""How often the operator's side writes it: five beats may be late before the run ends."""


class DeadMan(StrEnum):
    """Who writes the heartbeat of a run."""

    OPERATOR = "operator"
    """The caller, with `DeviceHost.beat`, while the operator demonstrably holds the pedal."""
    PROCESS = "process"
    """A thread of this process: for scripts and benches, which have no operator."""


def arm_switch(ring: FrameRing, by: DeadMan | None) -> None:
    """Begin a run with a first beat, or without a dead man's switch."""
    ring.words[Word.HOST_PID] = os.getpid() if by is DeadMan.PROCESS else 0
    ring.words[Word.OPERATOR] = 0 if by is None else time.monotonic_ns()


def beat(ring: FrameRing) -> None:
    """Write one heartbeat; nothing in a run that has no dead man's switch. Takes no lock."""
    if ring.words[Word.OPERATOR]:
        ring.words[Word.OPERATOR] = time.monotonic_ns()


def silent_s(ring: FrameRing) -> float:
    """Return for how long the operator has been silent, in s; 0 without a switch."""
    beat_ns = int(ring.words[Word.OPERATOR])
    return max(0.0, (time.monotonic_ns() - beat_ns) / 1e9) if beat_ns else 0.0


def is_silent(ring: FrameRing) -> bool:
    """Whether the run has to end: nobody has written the heartbeat for too long."""
    seconds = silent_s(ring)
    if seconds <= SILENCE_S:
        return False
    host = int(ring.words[Word.HOST_PID])
    return not host or seconds > PROCESS_SILENCE_S or _stands_still(host)


def _stands_still(pid: int) -> bool:
    """Whether a process is stopped or gone; True also where the system does not show it."""
    if pid == os.getpid():
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in b"TtZXx"


class ProcessHeartbeat:
    """Writes the heartbeat from a thread until closed; it stops when the whole process stops."""

    def __init__(self, ring: FrameRing) -> None:
        self._ring = ring
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat of run", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop beating."""
        self._end.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(BEAT_S):
            beat(self._ring)
