"""The dispatcher: the one thread that replaces the state of a session, and its helpers.

Three kinds of work, each in its place:

- changes of the state: short, one after the other, on the dispatcher; they wait for nothing;
- commands to devices: one after the other on a thread that may wait for a device; their results
  come back as changes;
- long work (saving, opening files): on two more threads.

A command may `ask` the dispatcher for a change and wait for it; the dispatcher never waits for a
command.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from fluoroview.hal import DeviceError, FluoroError
from fluoroview.session.events import Problem, SessionEvents, Severity, emit
from fluoroview.session.schedule import Schedule
from fluoroview.session.state import SessionState

TICK_S = 0.05
"""How often what depends on time is looked at: alarms, polling, restarts."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Dispatcher:
    """Owns the state. Methods may be called from any thread where nothing else is stated."""

    def __init__(
        self,
        state: SessionState,
        events: SessionEvents,
        schedule: Schedule,
        tick: Callable[[], None],
    ) -> None:
        self.state = state
        self._events = events
        self._fault: FluoroError | None = None
        """The last fault; a command that ends with it is not reported a second time."""
        self._closed = False
        self._ended = False
        self._changes = schedule.queue("session", lambda: self._apply(tick), TICK_S)
        self._commands = schedule.queue("device commands")
        self._work = schedule.executor("session work", 2)

    def start(self) -> None:
        """Begin to apply changes and to run commands."""
        self._changes.start()
        self._commands.start()

    # changes of the state

    def change(self, **fields: Any) -> None:
        """Replace fields of the state; only within a change."""
        self.state = replace(self.state, **fields)

    def post(self, change: Callable[[], object]) -> None:
        """Apply a change soon; its exception is reported."""
        self._changes.put(lambda: self._apply(change))

    def call(self, change: Callable[[], T]) -> "Future[T]":
        """Apply a change soon; its exception is reported and stays in the future."""
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(_closed())
        else:
            self._changes.put(lambda: self._apply(change, future))
        return future

    def ask(self, change: Callable[[], T]) -> T:
        """Apply a change and return its result, or raise its exception.

        From a command, or from any other thread that may wait for the changes before it.
        """
        if self._changes.current or self._ended:
            return change()
        future: Future[T] = Future()
        self._changes.put(lambda: self._apply(change, future, report=False))
        return self._changes.result(future)

    def wait(self, future: "Future[T]") -> T:
        """Wait for a change or a command; not from within one."""
        return self._changes.result(future)

    def _apply(
        self,
        change: Callable[[], T],
        future: "Future[T] | None" = None,
        *,
        report: bool = True,
    ) -> None:
        before = self.state
        result: T | None = None
        failure: Exception | None = None
        try:
            result = change()
        except Exception as error:
            failure = error
            if report:
                self.report_any(error)
        if self.state is not before and before.announces(self.state):
            emit(self._events.status_changed)
        if future is None:
            return
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    # commands and long work

    @property
    def idle(self) -> bool:
        """Whether no device command runs or waits."""
        return self._commands.idle

    def command(self, work: Callable[[], T], about: str = "") -> "Future[T]":
        """Do it after the changes and the commands that wait; its exception is reported.

        `about` names the parameter that is written, if one is.
        """
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(_closed())
        else:
            self.post(lambda: self.put_command(work, about, future))
        return future

    def put_command(
        self, work: Callable[[], T], about: str = "", future: "Future[T] | None" = None
    ) -> None:
        """Put a command behind those that wait; only within a change."""
        known = self._fault
        self._commands.put(lambda: self._run_command(work, future or Future(), known, about))

    def _run_command(
        self, work: Callable[[], T], future: "Future[T]", known: FluoroError | None, about: str
    ) -> None:
        """Run a command; its outcome becomes a change.

        A fault that comes meanwhile is reported when it comes. One that was `known` before is
        reported again: it is the answer to whoever asks a failed device for more.
        """
        try:
            result = work()
        except BaseException as error:
            failure = error

            def fail() -> T:
                if failure is not self._fault or failure is known:
                    self.report_any(failure, about)
                raise failure

            self._changes.put(lambda: self._apply(fail, future, report=False))
        else:
            self._changes.put(lambda: self._apply(lambda: result, future))

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Do long work next to the session; its exception is reported and stays in the future."""

        def guarded() -> T:
            try:
                return work()
            except Exception as error:
                if error is not self._fault:
                    self.report_any(error)
                raise

        try:
            return self._work.submit(guarded)
        except RuntimeError:  # it is closed
            future: Future[T] = Future()
            future.set_exception(_closed())
            return future

    # reports

    def report(self, error: FluoroError, before_remedy: str = "", about: str = "") -> None:
        """Report what happened and what to do."""
        remedy = f"{before_remedy} {error.remedy}" if before_remedy else error.remedy
        self.problem(Problem(error.what, remedy, error.device, about=about, code=error.code))

    def report_fault(self, fault: FluoroError, before_remedy: str = "") -> None:
        """Report a device's fault, once; only within a change."""
        if fault is not self._fault:
            self._fault = fault
            self.report(fault, before_remedy)

    def warn(self, what: str, remedy: str) -> None:
        """Report something that the session continues with."""
        self.problem(Problem(what, remedy, severity=Severity.WARNING))

    def report_any(self, error: BaseException, about: str = "") -> None:
        """Report an exception, also one that nobody expects; that one is logged whole."""
        if isinstance(error, FluoroError):
            self.report(error, about=about)
            return
        logger.error("internal error", exc_info=error)
        self.problem(
            Problem(
                "Internal error (FV-SES-001): see the log.",
                "The session continues where it can. Please report it: `fluoroview report`.",
                code="FV-SES-001",
            )
        )

    def problem(self, problem: Problem) -> None:
        """Report a problem as it is."""
        emit(self._events.problem, problem)

    # the end

    def finish_work(self) -> None:
        """Wait until the long work that was submitted is done, and take no more."""
        self._work.shutdown()

    def close(self) -> None:
        """Do what waits, and end the threads."""
        self._work.shutdown()
        self._closed = True
        self._commands.close()
        self._changes.close()
        self._ended = True


def _closed() -> DeviceError:
    return DeviceError("The session is closed.", "Open another one.", code="FV-SES-015")
