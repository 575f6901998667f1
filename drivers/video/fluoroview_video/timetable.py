"""When an image of a file is due: absolute times, so that no delay adds up."""

_NS = 1_000_000_000
_GIVEN_UP_NS = _NS  # later than this, the timetable restarts instead of hurrying through


class Timetable:
    """Due times `start + n / rate`; a new rate counts from the last image.

    Images that are late come at once, until the table is caught up with. More than a second late
    (the machine slept), the timetable restarts.
    """

    def __init__(self) -> None:
        self._start_ns = 0
        self._count = -1
        self._rate_hz = 0.0

    def next(self, now_ns: int, rate_hz: float) -> int:
        """Return when the next image is due, ns of the same clock as `now_ns`."""
        if self._count < 0:
            self._restart(now_ns, rate_hz)
            return now_ns
        if rate_hz != self._rate_hz:
            self._restart(self._due_ns(), rate_hz)
        self._count += 1
        if now_ns - self._due_ns() > _GIVEN_UP_NS:
            self._restart(now_ns, rate_hz)
        return self._due_ns()

    def _restart(self, start_ns: int, rate_hz: float) -> None:
        self._start_ns, self._rate_hz, self._count = start_ns, rate_hz, 0

    def _due_ns(self) -> int:
        return self._start_ns + round(self._count * _NS / self._rate_hz)
