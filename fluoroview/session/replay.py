"""A cine on the screen instead of the live image: the session's own loop, or a DICOM file."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from fluoroview.dicom import DicomCine, RecordedDose
from fluoroview.dicom.attributes import value
from fluoroview.hal import Clock, DeviceError
from fluoroview.session.dispatcher import Dispatcher
from fluoroview.session.events import Mode, SessionEvents, emit
from fluoroview.session.images.display_windows import DisplayWindows
from fluoroview.session.images.image_pool import ImagePool, LatestImage
from fluoroview.session.loop_buffer import LoopBuffer
from fluoroview.session.playback.cine import Cine
from fluoroview.session.playback.player import LoopPlayer
from fluoroview.session.schedule import Schedule
from fluoroview.session.state import ReplayStatus

_BUFFERS = 5  # newest, shown, being saved, held, being read


@dataclass(frozen=True, slots=True)
class ReplayInfo:
    """What is played, in words."""

    title: str
    timing: str = ""
    warnings: tuple[str, ...] = ()
    dose: RecordedDose | None = None
    """What a file records; None for the session's own loop, whose dose the session has."""
    orientation: str = ""
    """PatientOrientation of a file; empty: not known."""


def info_of(cine: DicomCine) -> ReplayInfo:
    """Return what there is to know of a file. Call it before other threads read the file."""
    stated = value(cine.header, "PatientOrientation")
    directions = stated if isinstance(stated, Sequence) and not isinstance(stated, str) else ()
    return ReplayInfo(
        cine.path.name,
        cine.timing.source,
        cine.warnings,
        cine.dose,
        "\\".join(str(direction) for direction in directions),
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """What can be replayed next; to be closed if it is not."""

    cine: Cine
    info: ReplayInfo
    source: int
    close: Callable[[], None] = lambda: None
    source_of: Callable[[int], int] | None = None
    """Of the session's own loop, where each image comes from."""


def open_loop(loop_buffer: LoopBuffer, last_run_only: bool) -> Opened:
    """Return what a loop buffer holds. Raises DeviceError when that is nothing."""
    cine = loop_buffer.snapshot(last_run_only)
    if cine.frame_count == 0:
        raise DeviceError(
            "There is no loop to replay.", "Press the pedal first.", code="FV-SES-024"
        )
    info = ReplayInfo("Last run" if last_run_only else "Loop", "as committed")
    return Opened(cine, info, cine.source_of(0), source_of=cine.source_of)


def open_file(path: Path, windows: DisplayWindows) -> Opened:
    """Open a DICOM file as a new source; its window is stated or computed. Raises DicomError."""
    cine = DicomCine(path)
    source = windows.new_source()
    if cine.window is not None:
        windows.choose(source, cine.window)
    else:
        windows.find(source, cine.read(0), cine.image_max)
    return Opened(cine, info_of(cine), source, cine.close)


class Replay:
    """Plays a cine to the screen, once its player is started; it begins at the first image."""

    def __init__(
        self,
        opened: Opened,
        latest: LatestImage,
        *,
        clock: Clock,
        schedule: Schedule,
        image_ready: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self.cine = opened.cine
        self.info = opened.info
        self.source = opened.source
        self.of_loop = opened.source_of is not None
        self._latest = latest
        self._clock = clock
        self._image_ready = image_ready
        self._on_error = on_error
        self._close_cine = opened.close
        self._source_of = opened.source_of
        self._pool = ImagePool(self.cine.rows, self.cine.columns, _BUFFERS)
        self._lock = threading.Lock()
        self._ended = False
        self.player = LoopPlayer(self.cine, clock, self._show, schedule)

    def status(self) -> ReplayStatus:
        """Return its position, speed and origin."""
        player = self.player
        return ReplayStatus(
            self.info.title,
            player.index,
            player.frame_count,
            player.playing,
            player.speed,
            player.sequencing,
            self.info.warnings,
            self.info.timing,
            self.info.dose,
            self.info.orientation,
        )

    def end(self) -> None:
        """Show nothing more; returns at once. `close` follows on a thread that may wait."""
        with self._lock:
            self._ended = True

    def close(self) -> None:
        """Stop the player and close the file."""
        self.end()
        self.player.close()
        self._close_cine()

    def _show(self, index: int) -> None:
        buffer = self._pool.take()
        if buffer is None:
            return  # cannot happen while the pool is larger than all its users together
        try:
            self.cine.read(index, buffer.pixels)
            source = self.source if self._source_of is None else self._source_of(index)
            with self._lock:
                if self._ended:
                    return
                self.source = source
                self._latest.publish(buffer, Mode.REPLAY, source, self._clock.monotonic_ns())
            self._image_ready()
        except Exception as error:
            self.player.pause()
            if not self._ended:
                self._on_error(error)
        finally:
            buffer.drop()


class ReplayController:
    """What is replayed, if anything is; one at a time. Its changes run on the dispatcher."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        latest: LatestImage,
        clock: Clock,
        schedule: Schedule,
        events: SessionEvents,
    ) -> None:
        self.current: Replay | None = None
        """Replaced by the dispatcher alone."""
        self._dispatcher = dispatcher
        self._latest = latest
        self._clock = clock
        self._schedule = schedule
        self._events = events
        self._waiting: tuple[Opened, Future[None]] | None = None
        self._shut = False

    @property
    def file(self) -> DicomCine | None:
        """The file that is on the screen, if one is; from any thread."""
        replay = self.current
        return replay.cine if replay is not None and isinstance(replay.cine, DicomCine) else None

    def request(self, opened: Opened, begun: "Future[None]") -> None:
        """Begin now, or as soon as the run under way is closed; a press of the pedal cancels."""
        self._cancel()
        self._waiting = (opened, begun)
        if self._shut or self._dispatcher.state.pedal_down:  # live goes first
            self._cancel()
        elif self._dispatcher.state.run is None:
            self.begin_waiting()

    def begin_waiting(self) -> None:
        """Begin what was requested during a run, if anything was."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        opened, begun = waiting
        self._leave()
        self.current = Replay(
            opened,
            self._latest,
            clock=self._clock,
            schedule=self._schedule,
            image_ready=lambda: emit(self._events.image_ready),
            on_error=self._dispatcher.report_any,
        )
        self._dispatcher.change(replay=self.current.status())
        self.current.player.start()  # after the state: an image of no replay would be skipped
        for warning in opened.info.warnings:
            self._dispatcher.warn(warning, "")
        begun.set_result(None)

    def end(self) -> bool:
        """Show nothing more of the cine; return whether one was on the screen."""
        self._cancel()
        ended = self._leave()
        self._dispatcher.change(replay=None)
        return ended

    def shut(self) -> None:
        """End the replay and begin no other: the session closes."""
        self._shut = True
        self.end()

    def end_loop(self) -> None:
        """End the replay of the session's own loop, which is about to be closed."""
        if self.current is not None and self.current.of_loop:
            self.end()

    def _leave(self) -> bool:
        replay, self.current = self.current, None
        if replay is None:
            return False
        replay.end()
        self._dispatcher.submit(replay.close)
        return True

    def _cancel(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            opened, begun = waiting
            opened.close()
            begun.set_result(None)
