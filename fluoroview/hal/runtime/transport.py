"""How commands reach a driver: in a thread of this process, or in a child process.

Commands and replies are JSON, one a line, over the child's standard input and output (no pickle,
no socket); a line with a single dot is the doorbell that follows each committed frame. Frames
themselves travel in shared memory.
"""

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from fluoroview.hal.clock import Clock
from fluoroview.hal.device import Device, Progress, device_name
from fluoroview.hal.errors import DeviceError, DriverError, FluoroError, StateError
from fluoroview.hal.foreign_text import plain
from fluoroview.hal.parameter import ParameterError
from fluoroview.hal.runtime.python_child import child_environment, python_command
from fluoroview.hal.runtime.server import DeviceServer, Reports
from fluoroview.hal.runtime.starvation import TICK_S, Patience, Starvation

BELL = b".\n"
logger = logging.getLogger(__name__)
_OUTPUT_LENGTH = 1000
_LAST_OUTPUT_S = 0.3
"""How long to wait for the last output of a process that has ended."""
_CRASH_DUMP = (
    "Fatal Python error:",
    "Current thread",
    "Thread 0x",
    "  File ",
    "  ...",
    "Extension ",
)
_ERRORS: dict[str, type[FluoroError]] = {
    kind.__name__: kind for kind in (DeviceError, DriverError, ParameterError, StateError)
}


class DeadlineMissedError(Exception):
    """A call into a driver did not return in time."""


class DriverGoneError(Exception):
    """The driver's process ended; the text states how."""


class Transport(ABC):
    """The connection to one driver. Reports come from threads of the transport."""

    def __init__(self, reports: Reports, on_exit: Callable[[str], None]) -> None:
        self._reports = reports
        self._on_exit = on_exit
        self._progress_reports = 0

    @property
    def reports(self) -> Reports:
        """What the driver's side reports, until `mute`."""
        return Reports(**{one.name: partial(self._report, one.name) for one in fields(Reports)})

    def _report(self, name: str, *report: Any) -> None:
        if name == "progress":
            self._progress_reports += 1
        try:
            getattr(self._reports, name)(*report)  # looked up late: a thread may outlive `mute`
        except Exception:  # a listener's fault must not end the thread that reads the driver
            logger.exception("A listener failed on a driver's report (%s)", name)

    def mute(self) -> None:
        """Report nothing of the driver any more, except that frames were committed."""
        self._reports = Reports(self._reports.bell)
        self._on_exit = lambda _text: None

    def _wait(
        self, future: "Future[Any]", deadline_s: float, threads: Collection[int] | None = None
    ) -> Any:
        """Return the result of a call, or raise DeadlineMissedError when patience ends.

        `threads` are those of this process that serve the driver, where it has no process.
        """
        self._progress_reports = 0
        began_s = time.monotonic()
        patience: Patience | None = None
        while True:
            try:
                return future.result(min(TICK_S, deadline_s))
            except FutureTimeout as error:
                if patience is None:
                    starvation = Starvation(self.pid or os.getpid(), threads)
                    patience = Patience(deadline_s, starvation, began_s)
                elif patience.exhausted(self._progress_reports):
                    raise DeadlineMissedError from error

    @abstractmethod
    def call(self, method: str, arguments: dict[str, Any], deadline_s: float) -> Any:
        """Run one command and return its result.

        Raises the driver's FluoroError, DeadlineMissedError, or DriverGoneError.
        """

    @abstractmethod
    def kill(self) -> None:
        """Abandon the driver at once, whatever it is doing."""

    @abstractmethod
    def join(self, timeout_s: float) -> None:
        """Wait until a killed driver has ended and no report can follow, where that is possible."""

    @property
    def pid(self) -> int | None:
        """Process id of the driver, None for a thread."""
        return None


class ThreadTransport(Transport):
    """The driver in a thread of this process: no isolation, for trusted drivers."""

    def __init__(
        self,
        driver_class: type[Device],
        driver: str,
        device_id: str,
        clock: Clock,
        faults: Path | None = None,
        *,
        reports: Reports,
        on_exit: Callable[[str], None],
    ) -> None:
        super().__init__(reports, on_exit)
        self._queue: queue.SimpleQueue[tuple[str, dict[str, Any], Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._server = DeviceServer(
            driver_class,
            driver,
            device_id,
            clock=clock,
            reports=self.reports,
            end_run=self._end_run,
            faults=faults,
        )
        self._gone = False
        self._thread = threading.Thread(target=self._serve, name=f"device {driver}", daemon=True)
        self._thread.start()

    def call(self, method: str, arguments: dict[str, Any], deadline_s: float) -> Any:
        """Pass the command to the device's thread and wait."""
        if self._gone:
            raise DriverGoneError("its thread was abandoned")
        future: Future[Any] = Future()
        self._queue.put((method, arguments, future))
        return self._wait(future, deadline_s, self._native_ids())

    def kill(self) -> None:
        """Abandon the thread: a thread cannot be killed."""
        self._gone = True
        self._queue.put(None)

    def join(self, timeout_s: float) -> None:
        """Return at once: an abandoned thread may hang for ever."""

    def _end_run(self) -> None:
        """Have the run stopped next; what the driver raises in it is a fault."""
        stopped: Future[Any] = Future()
        stopped.add_done_callback(self._run_ended)
        self._queue.put(("stop", {}, stopped))

    def _run_ended(self, stopped: Future[Any]) -> None:
        if (error := stopped.exception()) is not None:
            self._report("fail", str(error))

    def _native_ids(self) -> list[int]:
        return [self._thread.native_id] if self._thread.native_id is not None else []

    def _serve(self) -> None:
        method = ""
        while (command := self._queue.get()) is not None:
            method, arguments, future = command
            try:
                future.set_result(self._server.handle(method, arguments))
            except BaseException as error:
                future.set_exception(error)
        if method != "close":  # abandoned after a fault: release the device if possible
            with contextlib.suppress(Exception):
                self._server.handle("close", {})


class ProcessTransport(Transport):
    """The driver in a child process: its crash, hang or GIL stall does not touch this one."""

    def __init__(
        self,
        driver: str,
        device_id: str,
        faults: Path | None = None,
        *,
        reports: Reports,
        on_exit: Callable[[str], None],
    ) -> None:
        super().__init__(reports, on_exit)
        self._name = device_name(driver, device_id)
        self._replies: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._serial = 0
        self._gone: str | None = None
        self._stderr: deque[str] = deque(maxlen=20)
        self._process = subprocess.Popen(
            python_command(
                "fluoroview.hal.runtime.child",
                "serve",
                driver,
                device_id,
                *([str(faults)] if faults else []),
            ),
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._errors = threading.Thread(target=self._read_errors, daemon=True)
        self._errors.start()
        self._reader = threading.Thread(target=self._read, name=f"from {driver}", daemon=True)
        self._reader.start()
        self._end = threading.Thread(target=self._await_end, name=f"end of {driver}", daemon=True)
        self._end.start()

    @property
    def pid(self) -> int | None:
        """Process id of the child."""
        return self._process.pid

    def call(self, method: str, arguments: dict[str, Any], deadline_s: float) -> Any:
        """Send the command and wait for its reply."""
        future: Future[Any] = Future()
        with self._lock:
            if self._gone is not None:
                raise DriverGoneError(self._gone)
            self._serial += 1
            serial = self._serial
            self._replies[serial] = future
            self._send({"id": serial, "method": method, "arguments": arguments})
        return self._wait(future, deadline_s)

    def kill(self) -> None:
        """Kill the child; the operating system releases what it held."""
        self._process.kill()

    def join(self, timeout_s: float) -> None:
        """Wait for the end of the killed child, its reader and its pipes."""
        if threading.current_thread() not in (
            self._reader,
            self._end,
        ):  # reports may lead to close, too
            self._end.join(timeout_s)

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
        except OSError:
            return  # the end of the child follows, and ends every call

    def _read(self) -> None:
        assert self._process.stdout is not None
        # each thread closes its own pipe: another might close it and reuse its number
        with (
            self._process.stdout,
            open(self._process.stdout.fileno(), "rb", closefd=False) as lines,
        ):
            for line in lines:
                if line == BELL:
                    self._reports.bell()
                elif line.endswith(b"\n"):  # else it was killed in the middle of a line
                    self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            self._take_report(message)
            return
        with self._lock:
            future = self._replies.pop(message["id"], None)
        if future is None:
            return
        if (error := message.get("error")) is not None:
            kind = _ERRORS.get(error["type"], DriverError)
            future.set_exception(
                kind(error["what"], error["remedy"], error["device"], code=error.get("code", ""))
            )
        else:
            future.set_result(message["result"])

    def _take_report(self, message: dict[str, Any]) -> None:
        """Pass on what the driver's side reports unasked."""
        if "fail" in message:
            self._report("fail", message["fail"])
        elif "refuse" in message:
            self._report("refuse", message["refuse"])
        elif "silent" in message:
            self._report("silent", message["silent"])
        elif "progress" in message:
            self._report("progress", Progress(**message["progress"]))

    def _await_end(self) -> None:
        """Wait for the process, not for its pipes: a process that it started may keep them open."""
        code = self._process.wait()
        for thread in (self._reader, self._errors):
            thread.join(_LAST_OUTPUT_S)
        text = _exit_text(code, list(self._stderr))
        assert self._process.stdin is not None
        with self._lock:
            self._gone = text
            self._process.stdin.close()
            futures, self._replies = list(self._replies.values()), {}
        for future in futures:
            future.set_exception(DriverGoneError(text))
        logger.info("%s: %s", self._name, text)
        self._on_exit(text)

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        with (
            self._process.stderr,
            open(self._process.stderr.fileno(), "rb", closefd=False) as lines,
        ):
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                if text:
                    self._stderr.append(text)
                    logger.info("%s: %s", self._name, plain(text, _OUTPUT_LENGTH))


def _exit_text(code: int, stderr: list[str]) -> str:
    """Return how a process ended, as text."""
    if code < 0:
        names = {int(each): f" ({each.name})" for each in signal.Signals}
        ended = f"its process was killed by signal {-code}{names.get(-code, '')}"
    else:
        ended = f"its process ended with code {code}"
    # faulthandler's dump of a crash is for its author; what the driver wrote before is for the user
    output = [line for line in stderr if not _is_dump(line)]
    return f"{ended}; its last output: {plain(output[-1])}" if output and code else ended


def _is_dump(line: str) -> bool:
    """Return whether a line belongs to faulthandler's dump, which may be truncated."""
    return any(line.startswith(begin) or begin.startswith(line) for begin in _CRASH_DUMP)
