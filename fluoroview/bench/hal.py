"""The way of a frame from commit to consumer, and what isolation costs.

The driver `pattern` (one copy a frame) delivers through the shared ring; a reader notes when it
wakes. The random fault script exercises a whole session for as long as requested.
"""

import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from fluoroview.hal import DeviceHost, DeviceState
from fluoroview.hal.runtime.gil import set_short_switch_interval
from fluoroview.hal.runtime.host import Isolation
from fluoroview.session.room import DetectorSection, LoopSection, Room
from fluoroview.session.session import Session

Step = Callable[[float, float, str], None]
_WARM_FRAMES = 15
_PRINT_THE_TIME = """
import sys, time
rate_hz, seconds = map(float, sys.argv[1:])
for _ in range(int(rate_hz * seconds)):
    time.sleep(1 / rate_hz)
    sys.stdout.buffer.write(time.monotonic_ns().to_bytes(8, "little"))
    sys.stdout.buffer.flush()
"""


def run(seconds: float, faults_minutes: float, step: Step) -> dict[str, Any]:
    """Measure for `seconds` each, then run random faults for `faults_minutes`."""
    tasks: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        ("wake_at_30_per_s", lambda: wake(1024, 30.0, seconds)),
        ("wake_under_load", lambda: wake(1024, 30.0, seconds, busy=True)),
        ("2880_at_30_per_s", lambda: wake(2880, 30.0, seconds)),
        ("isolation", lambda: isolation_cost(seconds)),
    ]
    if faults_minutes:
        tasks.append(("random_faults", lambda: random_faults(faults_minutes * 60, 1, step)))
    result = {}
    for number, (name, task) in enumerate(tasks):
        step(number, len(tasks), name)
        result[name] = task()
    return result | {"within_limits": _limits(result)}


def wake(size: int, rate_hz: float, seconds: float, *, busy: bool = False) -> dict[str, Any]:
    """Return commit-to-wake times of a reader, ms, and the ledger."""
    peer = bare_pipe(rate_hz, seconds, busy=busy)
    with _streaming(size, rate_hz, "process") as (host, reader), _load(busy):
        host.start()
        waits_ms: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            frame = reader.next(1.0)
            now_ns = time.monotonic_ns()
            if frame is not None:
                waits_ms.append((now_ns - frame.header.host_time_ns) / 1e6)
                reader.release()
        ledger = host.stop()
    waits = np.array(waits_ms[_WARM_FRAMES:])
    p99_ms = float(np.percentile(waits, 99))
    return {
        "size": size,
        "frames_per_second": rate_hz,
        "gigabytes_per_second": size * size * 2 * rate_hz / 1e9,
        "wake_median_ms": float(np.median(waits)),
        "wake_p99_ms": p99_ms,
        "wake_max_ms": float(waits.max()),
        "bare_pipe_p99_ms": peer,
        "p99_over_bare_pipe": p99_ms / peer,
        "ledger": ledger.as_dict(),
    }


def bare_pipe(rate_hz: float, seconds: float, *, busy: bool = False) -> float:
    """Return how late, ms (p99), this process sees what a child writes to a pipe and nothing else.

    The lower bound of any path between two Python processes on this machine at this moment.
    """
    command = [sys.executable, "-c", _PRINT_THE_TIME, str(rate_hz), str(seconds)]
    late_ms = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child, _load(busy):
        assert child.stdout is not None
        while sent := child.stdout.read(8):
            late_ms.append((time.monotonic_ns() - int.from_bytes(sent, "little")) / 1e6)
    return float(np.percentile(late_ms[_WARM_FRAMES:], 99))


def isolation_cost(seconds: float) -> dict[str, Any]:
    """Return the processor time of all processes together, as a part of a core, by isolation."""
    cores = {"thread": _cores("thread", seconds), "process": _cores("process", seconds)}
    return cores | {"process_over_thread": cores["process"] - cores["thread"]}


def _cores(isolation: Isolation, seconds: float) -> float:
    with _streaming(1024, 30.0, isolation) as (host, reader):
        processes = [psutil.Process()] + ([psutil.Process(host.pid)] if host.pid else [])
        host.start()
        for _ in range(_WARM_FRAMES):
            if reader.next(1.0) is not None:
                reader.release()
        before, start = _cpu_s(processes), time.monotonic()
        while time.monotonic() - start < seconds:
            if reader.next(1.0) is not None:
                reader.release()
        used = (_cpu_s(processes) - before) / (time.monotonic() - start)
        host.stop()
    return used


def random_faults(seconds: float, seed: int, step: Step) -> dict[str, Any]:
    """Run a session on the pattern driver under random faults; count what matters.

    Short runs follow each other; a fatal fault is followed by a restart. The ledger of every run
    must be exact, no command may hang, and memory and threads must not grow.
    """
    with tempfile.TemporaryDirectory(prefix="fluoroview-") as folder:
        script = Path(folder) / "faults.toml"
        script.write_text(_random_script(seed), encoding="utf-8")
        session = _faulty_session(folder, script)
        rng = random.Random(seed)
        process, start = psutil.Process(), time.monotonic()
        samples: list[tuple[int, int]] = []
        inexact = restarts = slow_commands = 0
        try:
            session.connect().result()
            while (at := time.monotonic() - start) < seconds:
                step(at, seconds, "random faults")
                session.press_pedal()
                time.sleep(rng.uniform(0.2, 1.0))
                session.release_pedal()
                if session.snapshot().device.state is not DeviceState.ARMED:
                    waiting = time.monotonic()
                    with contextlib.suppress(Exception):
                        session.restart_device().result(10)
                    slow_commands += time.monotonic() - waiting > 5
                    restarts += 1
                inexact += sum(not run.ledger.exact for run in session.runs)
                samples.append((process.memory_info().rss, threading.active_count()))
                if len(session.runs) > 50:
                    session.reset_dose()
        finally:
            session.close()
    first, last = samples[len(samples) // 4], samples[-1]
    return {
        "seconds": seconds,
        "seed": seed,
        "restarts": restarts,
        "commands_over_5_s": slow_commands,
        "inexact_ledgers": inexact,
        "memory_growth_mb": (last[0] - first[0]) / 1e6,
        "thread_growth": last[1] - first[1],
    }


def _random_script(seed: int) -> str:
    rng = random.Random(seed)
    harmless = ["drop", "duplicate", "reorder", "tear", "saturate", "dead_line", "delay"]
    fatal = ["unplug", "crash", "wrong_size", "hang_in_stop", "flood"]
    lines = [f"seed = {seed}"]
    for kind in harmless:
        lines += ["[[fault]]", f'kind = "{kind}"', f"probability = {rng.uniform(0.005, 0.05):.4f}"]
        lines += ["delay_ms = 50.0"] * (kind == "delay")
    for kind in fatal:
        lines += ["[[fault]]", f'kind = "{kind}"', f"probability = {rng.uniform(5e-4, 2e-3):.5f}"]
    return "\n".join(lines)


def _faulty_session(folder: str, script: Path) -> Session:
    room = Room(
        detector=DetectorSection(
            driver="pattern",
            device="ramp",
            faults=str(script),
            parameters={"Width": 256, "Height": 256, "AcquisitionFrameRate": 60.0},
        ),
        loop=LoopSection(seconds=5.0, folder=folder),
    )
    return Session(room)


@contextlib.contextmanager
def _streaming(size: int, rate_hz: float, isolation: Isolation) -> Iterator[tuple[DeviceHost, Any]]:
    """Yield an armed pattern device and a reader of its ring."""
    host = DeviceHost("pattern", "ramp", isolation)
    try:
        host.open()
        for name, value in (("Width", size), ("Height", size), ("AcquisitionFrameRate", rate_hz)):
            host.write(name, value)
        reader = host.arm().reader()
        yield host, reader
        reader.close()
    finally:
        host.close()


@contextlib.contextmanager
def _load(busy: bool) -> Iterator[None]:
    """Keep this interpreter busy in another thread, with the switch interval of the program."""
    before = sys.getswitchinterval()
    set_short_switch_interval()
    end = threading.Event()

    def burn() -> None:
        while not end.is_set():
            sum(range(1000))

    thread = threading.Thread(target=burn, daemon=True)
    if busy:
        thread.start()
    try:
        yield
    finally:
        end.set()
        if busy:
            thread.join()
        sys.setswitchinterval(before)


def _cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _limits(result: dict[str, Any]) -> dict[str, bool]:
    large = result["2880_at_30_per_s"]["ledger"]
    within = {
        "wake p99 at most 1 ms": result["wake_at_30_per_s"]["wake_p99_ms"] <= 1.0,
        "wake p99 at most 2 ms under load": result["wake_under_load"]["wake_p99_ms"] <= 2.0,
        "2880×2880 at 30/s without loss": large["exact"] and large["lost"] == 0,
        "isolation at most 5 % of a core": result["isolation"]["process_over_thread"] <= 0.05,
    }
    if faults := result.get("random_faults"):
        within["faults: no hang"] = faults["commands_over_5_s"] == 0
        within["faults: ledger exact"] = faults["inexact_ledgers"] == 0
        grown = faults["memory_growth_mb"] > 20 or faults["thread_growth"] > 2
        within["faults: no growth"] = not grown
    return within
