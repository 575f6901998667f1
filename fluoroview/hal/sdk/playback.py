"""Playback of recorded frames as a detector delivers them; shared by the drivers of files.

The driver decides what is played and in which order; when it is due, and what happens to a frame
that cannot be read, is decided here.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fluoroview.hal.frame import FrameHeader, Pixels
from fluoroview.hal.parameter import FloatParameter
from fluoroview.hal.roles import Role
from fluoroview.hal.runtime.ledger import LossCause
from fluoroview.hal.runtime.run_thread import RunThread
from fluoroview.hal.sink import FrameSink

LATE_NS = 250_000_000
"""Behind by more (a slow disk or codec, a suspended computer), playback continues from now: the
missed frames would otherwise follow in a burst."""


class Playback:
    """Runs of a player, in a thread, at the recorded timing times `speed`.

    Deadlines are absolute: each is at the sum of the durations before it, so a late frame does not
    make the next one late. A frame is read before its deadline and delivered at it, unless the
    pedal has been released by then.
    """

    def __init__(self, thread: RunThread | None = None) -> None:
        self.thread = thread or RunThread()
        self.speed = 1.0
        self._due_ns = 0.0
        self._damaged = 0

    def start(self, device_id: str, sink: FrameSink, play: Callable[[FrameSink], None]) -> None:
        """Call `play` in the thread of a new run, which begins now."""
        self._due_ns = float(self.thread.clock.monotonic_ns())
        self._damaged = 0
        self.thread.start(f"replay {device_id}", lambda: play(sink), sink.fail)

    def stop(self) -> None:
        """End the run; no frame follows."""
        self.thread.stop()

    def wait(self, sink: FrameSink, after_ns: float) -> tuple[float, int] | None:
        """Wait for the deadline that is `after_ns` of recorded time after the last one.

        Returns the deadline and the time by now, ns of the clock; None when the run is to end.
        """
        due_ns = self._due_ns + after_ns / self.speed
        if self.thread.wait_until(due_ns) or sink.stopping:
            return None
        now_ns = self.thread.clock.monotonic_ns()
        self._due_ns = now_ns if now_ns - due_ns > LATE_NS else due_ns
        return due_ns, now_ns

    def deliver(
        self,
        sink: FrameSink,
        image: Pixels,
        header: FrameHeader,
        damage: Exception | None,
        frames: int,
    ) -> None:
        """Offer a frame. One that could not be read (`damage`) counts as lost (SDK).

        Raises `damage` when as many frames in a row as a pass has (`frames`) could not be read.
        """
        if damage is None:
            self._damaged = 0
            sink.offer(image, header)
            return
        self._damaged += 1
        sink.lost(1, LossCause.SDK)
        if self._damaged >= frames:
            raise damage

    def speed_parameter(self, description: str) -> FloatParameter:
        """Return the parameter PlaybackSpeed."""
        return FloatParameter(
            "PlaybackSpeed",
            lambda: self.speed,
            self._set_speed,
            role=Role.PLAYBACK_SPEED,
            minimum=0.05,
            maximum=8.0,
            description=description,
        )

    def _set_speed(self, speed: float) -> None:
        self.speed = speed


def signed_files(
    folders: Iterable[Path], signature: bytes, *, at: int = 0, most: int, newest_first: bool = False
) -> Iterator[Path]:
    """Yield the files that have `signature` at byte `at`, by folder and name; at most `most`.

    `newest_first` turns the order of names around: recordings are named by their time.
    """
    left = most
    for folder in folders:
        try:
            paths = sorted(path for path in folder.iterdir() if path.is_file())
        except OSError:
            continue  # a folder that is not there holds no files
        for path in reversed(paths) if newest_first else paths:
            if left and _has(path, signature, at):
                left -= 1
                yield path


def _has(path: Path, signature: bytes, at: int) -> bool:
    try:
        with path.open("rb") as stream:
            stream.seek(at)
            return stream.read(len(signature)) == signature
    except OSError:
        return False
