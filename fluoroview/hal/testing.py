"""What the tests of a driver share; for driver authors, too.

The program itself does not use this module. `drivers/template/tests` shows the use:

    with Bench() as bench:
        host = bench.open("template", "template-0", "process")
        consumer = bench.consume(host.arm())
        ledger = consumer.run(host, frames=20)
    assert ledger.exact and host.faults == []
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from fluoroview.hal.errors import FluoroError
from fluoroview.hal.frame import Frame
from fluoroview.hal.runtime.dead_man import DeadMan
from fluoroview.hal.runtime.host import DeviceHost, Isolation
from fluoroview.hal.runtime.ledger import Ledger
from fluoroview.hal.runtime.ring import FrameRing
from fluoroview.hal.runtime.run_thread import RunThread

BROKEN_S = 30.0
"""Bound of every wait: only a broken run reaches it, a busy computer does not."""


class RunHere(RunThread):
    """A run in the thread that starts it: `start` returns when the run has ended.

    With a FakeClock, and a `wait` that advances it, a run of minutes takes no time.
    """

    def start(
        self, name: str, run: Callable[[], None], failed: Callable[[Exception], object]
    ) -> None:
        """Call `run`; its exception goes to `failed`."""
        self._guard(run, failed)


def has_code(code: str) -> Callable[[BaseException], bool]:
    """Return a check for `pytest.raises(..., check=has_code("FV-HAL-012"))`."""
    return lambda error: getattr(error, "code", "") == code


def until(condition: Callable[[], object], timeout_s: float = BROKEN_S) -> None:
    """Wait for another thread or process; only a broken run reaches the bound."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"the condition did not hold within {timeout_s:g} s"
        time.sleep(0.005)


class Faults(list[str]):
    """The sentences of a device's faults; `reported` is set with the first."""

    def __init__(self) -> None:
        super().__init__()
        self.reported = threading.Event()

    def __call__(self, error: FluoroError) -> None:
        """Add a fault; this is a `DeviceHost`'s on_fault."""
        self.append(str(error))
        self.reported.set()

    def first(self, timeout_s: float = BROKEN_S) -> str:
        """Wait for a fault and return its sentence."""
        assert self.reported.wait(timeout_s), f"there was no fault within {timeout_s:g} s"
        return self[0]


class WatchedHost(DeviceHost):
    """A device on the HAL that keeps its `faults`."""

    def __init__(self, driver: str, device_id: str, isolation: Isolation, **options: Any) -> None:
        self.faults = Faults()
        super().__init__(driver, device_id, isolation, on_fault=self.faults, **options)

    def start(
        self, pedal_held: Callable[[], bool] = lambda: True, dead_man: DeadMan | None = None
    ) -> int:
        """Begin a run; where the device makes radiation this process beats, if nobody else does."""
        if dead_man is None and self.traits.makes_radiation:
            dead_man = DeadMan.PROCESS
        return super().start(pedal_held, dead_man)


class Consumer:
    """Reads a ring in a thread; keeps the `headers`, and in `seen` what `look` returns for a frame.

    `look` is called while the frame is held: it copies what it needs of `frame.pixels`.
    """

    def __init__(self, ring: FrameRing, look: Callable[[Frame], Any] = lambda _frame: None) -> None:
        self.headers: list[Any] = []
        self.seen: list[Any] = []
        self._look = look
        self._came = threading.Condition()
        self._reader = ring.reader()
        self._stop = False
        self._thread = threading.Thread(target=self._read, name="consumer")
        self._thread.start()

    @property
    def numbers(self) -> list[int]:
        """Frame numbers, unwrapped by the HAL."""
        return [header.frame_number for header in self.headers]

    def wait_for(self, frames: int, timeout_s: float = BROKEN_S) -> None:
        """Wait until so many frames have come in total."""
        with self._came:
            enough = self._came.wait_for(lambda: len(self.headers) >= frames, timeout_s)
        assert enough, f"only {len(self.headers)} frames came"

    def run(self, host: DeviceHost, frames: int) -> Ledger:
        """Stream at least so many further frames, stop, read the rest; return the run's ledger."""
        before = len(self.headers)
        host.start()
        self.wait_for(before + frames)
        ledger = host.stop()
        self.drain()
        return ledger

    def drain(self, timeout_s: float = BROKEN_S) -> None:
        """Wait until the ring has been read completely."""
        with self._came:
            empty = self._came.wait_for(lambda: not self._reader.pending, timeout_s)
        assert empty, f"{self._reader.pending} frames remained in the ring"

    def close(self) -> None:
        """Stop reading. Safe twice."""
        if not self._stop:
            self._stop = True
            self._thread.join()
            self._reader.close()

    def _read(self) -> None:
        while not self._stop:
            frame = self._reader.next(0.05)
            if frame is None:
                continue
            seen = self._look(frame)
            with self._came:
                self.seen.append(seen)
                self.headers.append(frame.header)
                self._reader.release()
                self._came.notify_all()


class Bench:
    """Devices on the HAL and readers of their rings; its exit closes them, last one first."""

    def __init__(self) -> None:
        self._opened = ExitStack()

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened, last one first: a reader before its device. Safe twice."""
        self._opened.close()

    def open(
        self, driver: str, device_id: str, isolation: Isolation = "thread", **options: Any
    ) -> WatchedHost:
        """Return an opened device; `options` are those of `DeviceHost`."""
        host = WatchedHost(driver, device_id, isolation, **options)
        self._opened.callback(host.close)
        host.open()
        return host

    def consume(
        self, ring: FrameRing, look: Callable[[Frame], Any] = lambda _frame: None
    ) -> Consumer:
        """Return a reader of an armed device's ring."""
        consumer = Consumer(ring, look)
        self._opened.callback(consumer.close)
        return consumer
