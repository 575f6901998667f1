"""A cine on the screen instead of the live image: the room's own loop, or a DICOM file."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fluoroview.dicom import DicomCine, RecordedDose
from fluoroview.dicom.attributes import value
from fluoroview.hal import Clock, DeviceError
from fluoroview.session.events import Mode, SessionEvents
from fluoroview.session.images.display_windows import DisplayWindows
from fluoroview.session.images.image_pool import ImagePool, Screen
from fluoroview.session.loop_buffer import LoopBuffer
from fluoroview.session.playback.cine import Cine
from fluoroview.session.playback.player import LoopPlayer
from fluoroview.session.state import ReplayStatus

_BUFFERS = 5  # newest, shown, being saved, held, being read


@dataclass(frozen=True, slots=True)
class ReplayInfo:
    """What is played, in words."""

    title: str
    timing: str = ""
    warnings: tuple[str, ...] = ()
    dose: RecordedDose | None = None
    """What a file records; None for the room's own loop, whose dose the examination has."""
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


def open_loop(store: LoopBuffer, last_run_only: bool) -> Opened:
    """Return what a loop store holds. Raises DeviceError when that is nothing."""
    cine = store.snapshot(last_run_only)
    if cine.frame_count == 0:
        raise DeviceError("There is no loop to replay.", "Press the pedal first.")
    info = ReplayInfo("Last run" if last_run_only else "Loop", "as committed")
    return Opened(cine, info, cine.source_of(0), source_of=cine.source_of)


def open_file(path: Path, windows: DisplayWindows) -> Opened:
    """Open a DICOM file as a new source, whose window it tells or is found. Raises DicomError."""
    cine = DicomCine(path)
    source = windows.new_source()
    if cine.window is not None:
        windows.choose(source, cine.window)
    else:
        windows.find(source, cine.read(0), cine.image_max)
    return Opened(cine, info_of(cine), source, cine.close)


class Replay:
    """Plays a cine to the screen, once its player is started, and stands on its first image."""

    def __init__(
        self,
        opened: Opened,
        screen: Screen,
        *,
        clock: Clock,
        on_image: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self.cine = opened.cine
        self.info = opened.info
        self.source = opened.source
        self._screen = screen
        self._clock = clock
        self._on_image = on_image
        self._on_error = on_error
        self._on_close = opened.close
        self._source_of = opened.source_of
        self._pool = ImagePool(self.cine.rows, self.cine.columns, _BUFFERS)
        self.player = LoopPlayer(self.cine, clock, self._show)

    def status(self) -> ReplayStatus:
        """Return where it stands."""
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

    def close(self) -> None:
        """Stop, and let go of the file."""
        self.player.close()
        self._on_close()

    def _show(self, index: int) -> None:
        buffer = self._pool.take()
        if buffer is None:
            return  # cannot happen while the pool is larger than all its users together
        try:
            self.cine.read(index, buffer.pixels)
            if self._source_of is not None:
                self.source = self._source_of(index)
            self._screen.publish(buffer, Mode.REPLAY, self.source, self._clock.monotonic_ns())
            self._on_image()
        except Exception as error:
            self.player.pause()
            self._on_error(error)
        finally:
            buffer.drop()


class ReplayController:
    """What is replayed, if anything is; one at a time."""

    def __init__(
        self,
        screen: Screen,
        clock: Clock,
        events: SessionEvents,
        on_error: Callable[[Exception], None],
    ) -> None:
        self.current: Replay | None = None
        self._screen = screen
        self._clock = clock
        self._events = events
        self._on_error = on_error
        self._lock = threading.Lock()

    @property
    def file(self) -> DicomCine | None:
        """The file that is on the screen, if one is."""
        replay = self.current
        return replay.cine if replay is not None and isinstance(replay.cine, DicomCine) else None

    def show(self) -> None:
        """Show the first image of what was begun."""
        replay = self.current
        if replay is not None:
            replay.player.start()

    def begin(self, opened: Opened) -> None:
        """Stand before the first image. What was replayed before has ended."""
        self.current = Replay(
            opened,
            self._screen,
            clock=self._clock,
            on_image=self._events.image_ready.emit,
            on_error=self._on_error,
        )

    def end(self) -> bool:
        """Stop, and let go of the file; return whether anything was replayed."""
        with self._lock:
            replay, self.current = self.current, None
        if replay is not None:
            replay.close()
        return replay is not None
