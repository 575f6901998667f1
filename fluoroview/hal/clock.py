"""The one injectable clock: monotonic time for intervals, UTC for records."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The clock that timing rules use, so that their tests need no sleep."""

    def monotonic_ns(self) -> int:
        """Return host monotonic time in ns."""
        ...

    def utc_now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the host. All processes of one host share its monotonic time."""

    def monotonic_ns(self) -> int:
        """Return `time.monotonic_ns()`."""
        return time.monotonic_ns()

    def utc_now(self) -> datetime:
        """Return the current UTC time."""
        return datetime.now(UTC)


class FakeClock:
    """A clock that stands still until `advance_s`."""

    def __init__(self, start_ns: int = 1_000_000_000, utc: datetime | None = None) -> None:
        self._now_ns = start_ns
        self._utc = utc or datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic_ns(self) -> int:
        """Return the time reached so far, ns."""
        return self._now_ns

    def utc_now(self) -> datetime:
        """Return the UTC time reached so far."""
        return self._utc

    def advance_s(self, seconds: float) -> None:
        """Move time forward; negative steps are refused with ValueError."""
        if seconds < 0:
            raise ValueError(f"a monotonic clock cannot go back by {-seconds} s")
        self._now_ns += round(seconds * 1e9)
        self._utc += timedelta(seconds=seconds)
