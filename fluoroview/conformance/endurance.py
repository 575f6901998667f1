"""Many runs: start and stop, how long they take, late commits, growth."""

import math
import os
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from fluoroview.conformance.rig import Rig, checksum, until
from fluoroview.conformance.trial import Trial, TrialContext
from fluoroview.conformance.verdict import (
    Finding,
    Rule,
    failed,
    judged,
    not_applicable,
    passed,
    warned,
)
from fluoroview.hal.states import DEADLINE_S

START_STOP = Rule(
    "start-stop",
    "Runs start and stop any number of times, also when stop follows start at once.",
    "A session has dozens of short runs; one that does not start wastes an exposure.",
)
START_AT_ONCE = Rule(
    "start-at-once",
    f"Start returns at once (within 1 s; the HAL waits {DEADLINE_S['start']:g} s) and frames or "
    "pulses come from another thread.",
    "Until start returns, the HAL can neither stop the run nor report its state.",
)
STOP_DEADLINE = Rule(
    "stop-deadline",
    f"Stop returns within half of the HAL's deadline of {DEADLINE_S['stop']:g} s.",
    "After the deadline the HAL kills the driver's process, and the operator waits for a restart.",
)
AFTER_STOP = Rule(
    "no-commit-after-stop",
    "When stop has returned, no commit follows.",
    "The memory may be released by then: in C that is a crash, here a frame that belongs to no "
    "run.",
)
STALE_FRAME = Rule(
    "stale-frame",
    "A run does not begin with a frame of the previous run.",
    "An image of the last exposure, shown as live, misleads the operator.",
)
MEMORY = Rule(
    "memory-flat",
    "Memory does not grow from run to run (64 kB per run and 8 MB in total is a leak).",
    "A leak of one frame per run ends a day's list with a crash.",
)
THREADS = Rule(
    "threads-flat",
    "The number of threads does not grow from run to run.",
    "A leftover thread still talks to the device and disturbs the next run.",
)
HANDLES = Rule(
    "handles-flat",
    "The number of open files and sockets does not grow from run to run.",
    "A process has about a thousand; after that nothing can be opened.",
)
PROCESSES = Rule(
    "processes-flat",
    "The number of processes that the driver has started does not grow from run to run.",
    "A leftover helper keeps the device, and the next run finds it in use.",
)

_PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024 if hasattr(os, "sysconf") else 4.0
_LEAK_KB_PER_RUN, _LEAK_KB = 64.0, 8192.0
WARM_UP = 3
_FEW = 10
"""With fewer runs a small leak cannot be distinguished from the noise of the allocator."""
_OF_THE_HAL = "run watch"
"""The HAL's own thread of a run, which ends a moment after it."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What this process holds: memory of its own (not the shared ring) in kB, threads, files,
    and processes that it started.
    """

    memory_kb: float
    threads: int
    handles: int
    processes: int

    @classmethod
    def now(cls) -> "Footprint":
        """Read the footprint from /proc; elsewhere only Python's threads are known."""
        process = Path("/proc/self")
        started = len(psutil.Process().children())
        if not process.is_dir():
            return cls(float("nan"), threading.active_count(), -1, started)
        resident, shared = (process / "statm").read_text().split()[1:3]
        tasks = sum(1 for _ in (process / "task").iterdir())
        tasks -= sum(thread.name == _OF_THE_HAL for thread in threading.enumerate())
        own_kb = (int(resident) - int(shared)) * _PAGE_KB
        return cls(own_kb, tasks, sum(1 for _ in (process / "fd").iterdir()), started)


def _many_runs(context: TrialContext) -> Iterator[Finding]:
    start_s: list[float] = []
    stop_s: list[float] = []
    prints: list[Footprint] = []
    twice: list[str] = []
    last: Identity | None = None
    with context.open_rig() as rig:
        rig.arm()
        end = time.monotonic() + context.effort.budget_s
        for run in range(context.effort.runs):
            rig.start()
            if run % 3:  # each third run is stopped before its first frame
                rig.wait_kept(1)
            rig.stop()
            first, newest = _identity(rig, 0), _identity(rig, rig.pending - 1)
            if first is not None and first == last:
                twice.append(f"Run {run + 1} began with frame {first[0]} of the previous run.")
            last = newest or last
            rig.drain()
            start_s.append(rig.took_s["start"])
            stop_s.append(rig.took_s["stop"])
            prints.append(Footprint.now())
            if time.monotonic() > end and run >= WARM_UP + 6:
                break
        until(lambda: False, context.effort.settle_s)
        late = sum(log.late for log in rig.logs)
    yield passed(START_STOP.id, f"{len(start_s)} runs were started and stopped.")
    yield start_time(start_s)
    yield stop_time(stop_s)
    yield judged(
        AFTER_STOP.id,
        [f"{late} frames were committed after stop had returned."] if late else [],
        f"Nothing came after any of {len(stop_s)} stops.",
    )
    yield judged(STALE_FRAME.id, twice, "No run began with a frame of a previous run.")
    yield from growth(prints)


Identity = tuple[int, int, int]


def _identity(rig: Rig, place: int) -> Identity | None:
    """Return counter, time and checksum of a frame that waits; None without a hardware time."""
    frame = rig.peek(place)
    if frame is None or frame.header.hardware_time_ns == 0:
        return None
    header = frame.header
    return header.hardware_counter, header.hardware_time_ns, checksum(frame.pixels)


def start_time(took_s: list[float]) -> Finding:
    """Judge how long starts took."""
    longest = max(took_s)
    seen = f"Start took {1e3 * statistics.median(took_s):.1f} ms, at most {1e3 * longest:.1f} ms."
    return (warned if longest > 1.0 else passed)(START_AT_ONCE.id, seen)


def stop_time(took_s: list[float]) -> Finding:
    """Judge how long stops took."""
    longest = max(took_s)
    seen = f"Stop took {1e3 * statistics.median(took_s):.1f} ms, at most {1e3 * longest:.1f} ms."
    return (warned if longest > DEADLINE_S["stop"] / 2 else passed)(STOP_DEADLINE.id, seen)


def growth(prints: list[Footprint]) -> Iterator[Finding]:
    """Judge memory, threads, handles and processes by the footprint after each run.

    The second third of the runs is compared with the last third.
    """
    rest = prints[WARM_UP:]
    if len(rest) < 6:
        for rule in (MEMORY, THREADS, HANDLES, PROCESSES):
            yield not_applicable(rule.id, f"Only {len(prints)} runs could be made.")
        return
    runs = len(rest) // 3  # the first third is skipped: caches and the allocator fill up there
    early, late = rest[runs : 2 * runs], rest[-runs:]
    kb = statistics.median(p.memory_kb for p in late) - statistics.median(
        p.memory_kb for p in early
    )
    yield _memory(kb, runs, steady=_grows(early, kb / runs) and _grows(late, kb / runs))
    yield _count(THREADS, min(p.threads for p in late) - min(p.threads for p in early), runs)
    yield _count(PROCESSES, min(p.processes for p in late) - min(p.processes for p in early), runs)
    if rest[0].handles < 0:
        yield not_applicable(HANDLES.id, "This operating system does not show it.")
    else:
        yield _count(HANDLES, min(p.handles for p in late) - min(p.handles for p in early), runs)


def _grows(prints: list[Footprint], kb_per_run: float) -> bool:
    """Return whether memory grew within these runs too, at a quarter of the mean rate or more.

    A leak does; an allocator that reserved a new arena between two runs does not.
    """
    grown_kb = prints[-1].memory_kb - prints[0].memory_kb
    return grown_kb > 0.25 * kb_per_run * (len(prints) - 1)


def _memory(kb: float, runs: int, *, steady: bool) -> Finding:
    if math.isnan(kb):
        return not_applicable(MEMORY.id, "This operating system does not show it.")
    change = f"{kb / 1024:+.1f} MB over the last {runs} runs, {kb / runs:+.1f} kB per run."
    seen = f"Memory changed by {change}"
    if not steady:
        return passed(MEMORY.id, f"{seen} It does not grow from run to run.")
    if kb > _LEAK_KB and kb / runs > _LEAK_KB_PER_RUN:
        return failed(MEMORY.id, seen)
    if runs >= _FEW and kb > _LEAK_KB / 2 and kb / runs > _LEAK_KB_PER_RUN / 4:
        return warned(MEMORY.id, f"{seen} A thorough check distinguishes a leak from a cache.")
    return passed(MEMORY.id, seen)


def _count(rule: Rule, more: int, runs: int) -> Finding:
    seen = f"{more:+d} over the last {runs} runs."
    return (failed if more >= max(2, runs // 4) else warned if more > 1 else passed)(rule.id, seen)


MANY_RUNS = Trial(
    "many runs",
    _many_runs,
    (
        START_STOP,
        START_AT_ONCE,
        STOP_DEADLINE,
        AFTER_STOP,
        STALE_FRAME,
        MEMORY,
        THREADS,
        HANDLES,
        PROCESSES,
    ),
)
