"""Where the work of a session runs: queues and loops, each on a thread of its own.

A test replaces `ThreadSchedule` by one whose queues and loops it steps itself, so that every
interleaving is chosen and none happens.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")
Task = Callable[[], object]
Step = Callable[[float], bool]
"""One round of a loop: wait at most so many seconds for work; return whether none is left."""

POLL_S = 0.05
"""How long a round of a loop waits for work before it looks around."""

logger = logging.getLogger(__name__)


class TaskQueue(Protocol):
    """Calls what is put into it, one after the other."""

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        ...

    @property
    def current(self) -> bool:
        """Whether the caller is a task of this queue."""
        ...

    def start(self) -> None:
        """Begin with what was put in."""
        ...

    def put(self, task: Task) -> None:
        """Call `task` after those that wait; return at once."""
        ...

    def result(self, future: "Future[T]") -> T:
        """Wait for a future that a task of this queue completes; not from one of its tasks."""
        ...

    def close(self) -> None:
        """Finish what waits and end."""
        ...


class Loop(Protocol):
    """Repeats a step until closed."""

    def start(self) -> None:
        """Begin to repeat the step."""
        ...

    def drain(self, timeout_s: float) -> bool:
        """Wait until a whole round found nothing left to do, or the loop has ended."""
        ...

    def close(self) -> None:
        """End the loop; no step runs when this returns."""
        ...


class Schedule(Protocol):
    """Makes the queues and loops of a session."""

    def queue(self, name: str, tick: Task | None = None, every_s: float = 0.0) -> TaskQueue:
        """Return a queue, not yet started; where `tick` is given, it calls it every so often."""
        ...

    def loop(self, name: str, step: Step, wake: Task, failed: Callable[[Exception], None]) -> Loop:
        """Return a loop, not yet started.

        `wake` lets a waiting step return; `failed` receives the exception that ended the loop.
        """
        ...

    def executor(self, name: str, threads: int) -> Executor:
        """Return an executor for long work."""
        ...


class ThreadQueue:
    """A queue with a thread."""

    def __init__(self, name: str, tick: Task | None = None, every_s: float = 0.0) -> None:
        self._tasks: queue.Queue[Task | None] = queue.Queue()
        self._tick = tick
        self._every_s = every_s
        self._due_s = time.monotonic() + every_s
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._tasks.unfinished_tasks == 0

    @property
    def current(self) -> bool:
        """Whether the caller is a task of this queue."""
        return threading.current_thread() is self._thread

    def put(self, task: Task) -> None:
        """Call `task` after those that wait; return at once."""
        self._tasks.put(task)

    def result(self, future: "Future[T]") -> T:
        """Wait for a future that a task of this queue completes."""
        if self.current:
            raise RuntimeError(f"the thread {self._thread.name!r} cannot wait for itself")
        return future.result()

    def close(self) -> None:
        """Finish what waits and end the thread."""
        self._tasks.put(None)
        if not self.current:
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                task = self._tasks.get(timeout=self._wait_s())
            except queue.Empty:
                self._tick_if_due()
                continue
            if task is None:
                self._tasks.task_done()
                return
            _guarded(task)
            self._tasks.task_done()
            self._tick_if_due()

    def _wait_s(self) -> float | None:
        return max(0.0, self._due_s - time.monotonic()) if self._tick is not None else None

    def _tick_if_due(self) -> None:
        now_s = time.monotonic()
        if self._tick is not None and now_s >= self._due_s:
            self._due_s = now_s + self._every_s
            _guarded(self._tick)


class ThreadLoop:
    """A loop with a thread."""

    def __init__(
        self, name: str, step: Step, wake: Task, failed: Callable[[Exception], None]
    ) -> None:
        self._step = step
        self._wake = wake
        self._failed = failed
        self._closed = False
        self._draining: threading.Event | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def drain(self, timeout_s: float) -> bool:
        """Wait until a whole round found nothing left to do, or the loop has ended."""
        drained = threading.Event()
        with self._lock:
            if self._ended.is_set():
                return True
            self._draining = drained
        self._wake()
        return drained.wait(timeout_s)

    def close(self) -> None:
        """End the thread; no step runs when this returns, unless a step closes its own loop."""
        self._closed = True
        self._wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closed:
                draining = self._draining
                done = self._step(POLL_S if draining is None else 0.0)
                if done and draining is not None:
                    self._drained(draining)
        except Exception as error:
            self._failed(error)
        finally:
            with self._lock:
                self._ended.set()
                draining = self._draining
            if draining is not None:
                draining.set()

    def _drained(self, draining: threading.Event) -> None:
        with self._lock:
            if self._draining is draining:
                self._draining = None
        draining.set()


class ThreadSchedule:
    """Every queue and every loop has a thread."""

    def queue(self, name: str, tick: Task | None = None, every_s: float = 0.0) -> TaskQueue:
        """Return a queue with a thread."""
        return ThreadQueue(name, tick, every_s)

    def loop(self, name: str, step: Step, wake: Task, failed: Callable[[Exception], None]) -> Loop:
        """Return a loop with a thread."""
        return ThreadLoop(name, step, wake, failed)

    def executor(self, name: str, threads: int) -> Executor:
        """Return an executor with so many threads."""
        return ThreadPoolExecutor(threads, name)


def periodic(schedule: Schedule, name: str, call: Task, period_s: float) -> Loop:
    """Return a loop that calls `call` every `period_s`, not yet started."""
    woken = threading.Event()

    def step(wait_s: float) -> bool:
        call()
        woken.wait(min(wait_s, period_s))
        woken.clear()
        return True

    def failed(error: Exception) -> None:
        logger.error("%s stopped", name, exc_info=error)

    return schedule.loop(name, step, woken.set, failed)


def _guarded(task: Task) -> None:
    """Call a task; its exception is logged, and the queue goes on."""
    try:
        task()
    except Exception:
        logger.exception("a task of the session failed")
