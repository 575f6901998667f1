"""The threads of an examination, and how what goes wrong on them is told."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from fluoroview.hal import FluoroError
from fluoroview.session.events import Problem, SessionEvents, Severity

T = TypeVar("T")


class Dispatcher:
    """Commands to the device go one after the other; long work goes on beside them."""

    def __init__(self, events: SessionEvents) -> None:
        self.fault: FluoroError | None = None
        """The last fault. It was told when it came; a command that ends with it tells nothing."""
        self._events = events
        self._commands = ThreadPoolExecutor(1, "device commands")
        self._work = ThreadPoolExecutor(2, "work")

    def command(self, work: Callable[[], T], about: str = "") -> "Future[T]":
        """Do it after the commands that wait; errors become problems and stay in the future.

        `about` names the parameter that is written, if one is.
        """
        return self._commands.submit(self._guard, work, self.fault, about)

    def quiet_command(self, work: Callable[[], T]) -> "Future[T]":
        """Do it after the commands that wait; errors are told to nobody but the future."""
        return self._commands.submit(work)

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Do long work beside the commands; errors become problems and stay in the future."""
        return self._work.submit(self._guard, work, self.fault)

    def close(self) -> None:
        """End the threads when what waits for them is done."""
        self._commands.shutdown()
        self._work.shutdown()

    def tell(self, error: FluoroError, before_remedy: str = "", about: str = "") -> None:
        """Tell what happened and what to do."""
        remedy = f"{before_remedy} {error.remedy}" if before_remedy else error.remedy
        self._events.problem.emit(Problem(error.what, remedy, error.device, about=about))

    def tell_fault(self, fault: FluoroError, before_remedy: str = "") -> None:
        """Tell of a device's fault, once."""
        self.fault = fault
        self.tell(fault, before_remedy)

    def warn(self, what: str, remedy: str) -> None:
        """Tell of something that the examination goes on with."""
        self._events.problem.emit(Problem(what, remedy, severity=Severity.WARNING))

    def unexpected(self, error: Exception, about: str = "") -> None:
        """Tell of an exception, also of one that nobody thought of."""
        if isinstance(error, FluoroError):
            self.tell(error, about=about)
            return
        self._events.problem.emit(
            Problem(
                f"Something failed that should not: {type(error).__name__}: {error}.",
                "The examination goes on where it can; please report this sentence.",
            )
        )

    def _guard(self, work: Callable[[], T], known: FluoroError | None, about: str = "") -> T:
        """Do it and tell what goes wrong, once.

        A fault that comes meanwhile is told when it comes; one that was `known` before is told
        again, for it is the answer to whoever asks a failed device for more.
        """
        try:
            return work()
        except Exception as error:
            if error is not self.fault or error is known:
                self.unexpected(error, about)
            raise
