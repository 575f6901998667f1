"""What can be measured of a session at any moment and stored of it, without changing it."""

from dataclasses import replace
from pathlib import Path

from fluoroview.dicom import WrittenFile
from fluoroview.hal import Ledger, PixelIntensityRelationship
from fluoroview.session import export
from fluoroview.session.core import Core
from fluoroview.session.events import TaskProgress, emit
from fluoroview.session.export import Provenance
from fluoroview.session.state import DeviceStatus, Measurements, SessionState

_SAVING_LOOP = "Saving the loop"


class Readings:
    """Reads the parts of a session."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def snapshot(self) -> SessionState:
        """Return the state with what changes without any event, measured now."""
        state = self._core.dispatcher.state
        armed, replay = self._core.devices.armed, self._core.replays.current
        recorder = armed.recorder if armed is not None else None
        return replace(
            state,
            device=self.device(),
            generator=self._core.peripherals.status(),
            replay=replay.status() if replay is not None and state.replay is not None else None,
            recording=recorder.status if recorder is not None else None,
            measured=self._measure(),
        )

    def _measure(self) -> Measurements:
        core = self._core
        armed = core.devices.armed
        shown = core.replays.current or (armed.frames if armed is not None else core.latest)
        missing = armed.loop_buffer.missing if armed is not None else 0
        return Measurements(
            health=core.statistics.reading(core.latest.skipped, missing),
            ledger=self.ledger(),
            run_frames=armed.frames.frames if armed is not None else 0,
            hold_made_of=armed.frames.hold_made_of if armed is not None else 0,
            source=shown.source,
            window=core.windows.of(shown.source),
            image_maximum=self.image_maximum(),
        )

    def device(self) -> DeviceStatus:
        """Return which detector there is, and its state."""
        armed = self._core.devices.armed
        return armed.status if armed is not None else DeviceStatus()

    def ledger(self) -> Ledger:
        """Return the ledger of the present or last run."""
        armed = self._core.devices.armed
        return armed.ledger if armed is not None else Ledger()

    def image_maximum(self) -> int:
        """Return the largest count of the images on the screen."""
        file, armed = self._core.replays.file, self._core.devices.armed
        if file is not None:
            return file.image_max
        return armed.pipeline.image_maximum if armed is not None else 65535

    def relationship(self) -> PixelIntensityRelationship:
        """Return how the images on the screen follow x-ray intensity."""
        file, armed = self._core.replays.file, self._core.devices.armed
        if file is not None:
            return file.intensity_relationship
        return armed.relationship if armed is not None else PixelIntensityRelationship.DISP

    def provenance(self) -> Provenance:
        """Return what a file states of the session now."""
        armed = self._core.devices.armed
        return Provenance(
            self.snapshot(),
            self._core.clock.utc_now(),
            self.relationship(),
            armed.pipeline.settings if armed is not None else None,
        )


def save_loop(core: Core, readings: Readings, path: Path, last_run_only: bool) -> Path:
    """Store the loop as DICOM, report progress and warnings; return the file."""

    def progress(done: int, total: int) -> None:
        emit(core.events.task, TaskProgress(_SAVING_LOOP, done, total))

    loop_buffer = core.devices.need().loop_buffer
    _report(
        core,
        export.save_loop(
            loop_buffer, path, readings.provenance(), progress, last_run_only=last_run_only
        ),
    )
    return path


def save_hold(core: Core, readings: Readings, path: Path) -> Path:
    """Store the image on the screen and report warnings; return the file."""
    _report(core, export.save_hold(core.latest, path, readings.provenance))
    return path


def _report(core: Core, written: WrittenFile | None) -> None:
    for warning in written.warnings if written is not None else ():
        core.dispatcher.warn(warning, "")
