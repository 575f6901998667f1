"""A cine on the screen instead of the live picture: the room's own loop, or a DICOM file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fluoroview.dicom import DicomCine, RecordedDose
from fluoroview.dicom.attributes import value
from fluoroview.exam.cine import Cine
from fluoroview.exam.events import Mode
from fluoroview.exam.pictures import PicturePool, Screen
from fluoroview.exam.player import LoopPlayer
from fluoroview.exam.snapshot import ReplayStatus
from fluoroview.hal import Clock

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


class Replay:
    """Plays a cine to the screen; starts standing on its first picture."""

    def __init__(
        self,
        cine: Cine,
        info: ReplayInfo,
        screen: Screen,
        *,
        clock: Clock,
        source: int,
        on_picture: Callable[[], None],
        on_error: Callable[[Exception], None],
        on_close: Callable[[], None] = lambda: None,
        source_of: Callable[[int], int] | None = None,
    ) -> None:
        self.cine = cine
        self.info = info
        self.source = source
        self._screen = screen
        self._clock = clock
        self._on_picture = on_picture
        self._on_error = on_error
        self._on_close = on_close
        self._source_of = source_of
        self._pool = PicturePool(cine.rows, cine.columns, _BUFFERS)
        self.player = LoopPlayer(cine, clock, self._show)

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
            self._on_picture()
        except Exception as error:
            self.player.pause()
            self._on_error(error)
        finally:
            buffer.drop()
