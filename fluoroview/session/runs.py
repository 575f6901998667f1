"""Pedal and beam: runs from pedal down to pedal up, and what the image on the screen is."""

import threading
from collections.abc import Callable

from fluoroview.hal import DeviceState, FluoroError, FrameHeader, ParameterError
from fluoroview.session.acquisition import Acquisition
from fluoroview.session.device_manager import Detector
from fluoroview.session.dispatcher import Dispatcher
from fluoroview.session.dose_tracker import DoseTracker
from fluoroview.session.events import Mode, SessionEvents
from fluoroview.session.last_image_hold import MAX_HOLD_FRAMES
from fluoroview.session.peripherals import Peripherals
from fluoroview.session.state import RunRecord

_DRAIN_S = 2.0


class Runs:
    """One run after the other. `press`, `release` and the like return at once, on any thread."""

    def __init__(
        self,
        detector: Detector,
        beside: Peripherals,
        dose: DoseTracker,
        workplace: Dispatcher,
        events: SessionEvents,
        went_well: Callable[[], None],
    ) -> None:
        self.records: list[RunRecord] = []
        self.mode = Mode.IDLE
        self.pedal_down = False
        self.lock = threading.RLock()
        """Held while pedal and mode are changed together."""
        self._detector = detector
        self._beside = beside
        self._dose = dose
        self._workplace = workplace
        self._events = events
        self._went_well = went_well
        self._hold_frames = detector.room.hold.frames
        self._with_beam = True
        self._open = False
        self._exposed = True

    @property
    def hold_frames(self) -> int:
        """Of how many images the next hold is made."""
        return self._hold_frames

    @hold_frames.setter
    def hold_frames(self, frames: int) -> None:
        if not 1 <= frames <= MAX_HOLD_FRAMES:
            raise ParameterError(
                f"The hold cannot be made of {frames} images.",
                f"Allowed are 1 (the last image) to {MAX_HOLD_FRAMES} (their mean).",
            )
        if self.pedal_down:
            raise ParameterError(
                "The hold cannot be changed while the pedal is down.",
                "Choose it before the exposure.",
            )
        self._hold_frames = frames
        self._events.status_changed.emit()

    def press(self, beam: bool) -> bool:
        """The pedal goes down; return whether it was up. The run begins with `start`."""
        with self.lock:
            if self.pedal_down:
                return False
            self.pedal_down = True
            self._with_beam = beam
            return True

    def release(self) -> None:
        """End the run: no pulse after this, and the last image is held."""
        with self.lock:
            if not self.pedal_down:
                return
            self.pedal_down = False
            device = self._detector.armed
            self._beside.release()
            if device is not None:
                device.host.release_pedal()
                device.road.end_live()
            self._beam_off()
        self._workplace.command(self.stop)
        self._events.status_changed.emit()

    def end_beam(self) -> None:
        """End the exposure but let the frames go on until the pedal is released."""
        with self.lock:
            self._with_beam = False
            self._beside.release()
            self._beam_off()
        self._events.status_changed.emit()

    def break_off(self) -> None:
        """The device failed: what came until now is held."""
        with self.lock:
            self.pedal_down = False
            self._beside.release()
            device = self._detector.armed
            if device is not None:
                device.road.end_live()
            self._beam_off()

    def frame(self, header: FrameHeader) -> None:
        """A frame of the run came down the road."""
        if self._with_beam:
            self._dose.frame(header)

    def beam(self, on: bool) -> None:
        """The signal says that the beam went on or off; the pedal only armed the detector."""
        with self.lock:
            if on and self.pedal_down:
                self.mode = Mode.LIVE
                self._dose.beam_on()
            else:
                self._beam_off()
        self._events.status_changed.emit()

    def unarmed(self) -> None:
        """The device is gone; a hold stays on the screen, and says so."""
        if self.mode is Mode.LIVE:
            self.mode = Mode.IDLE

    # on the command thread

    def start(self) -> None:
        """Begin the run that the pedal asks for. Raises FluoroError."""
        if not self.pedal_down:
            return
        try:
            device = self._detector.need()
            device.host.require_ready()
            if self._with_beam:
                self._beside.prepare()
        except FluoroError:
            self.pedal_down = False
            self._events.status_changed.emit()
            raise
        device.road.begin_run(self._hold_frames)
        self._open = True
        self._exposed = self._with_beam
        with self.lock:
            if not self.pedal_down:
                return
            if self._with_beam and self._detector.room.beam.detect != "signal":
                self.mode = Mode.LIVE
                self._dose.beam_on()
        self._events.status_changed.emit()
        self._expose(device)

    def stop(self) -> None:
        """End the run, and write it down."""
        device = self._detector.armed
        self._beside.stop()
        if device is None:
            return
        if device.host.state is DeviceState.RUNNING:
            device.host.stop()
        self._close(device)

    def _expose(self, device: Acquisition) -> None:
        def held() -> bool:
            return self.pedal_down

        device.host.start(held)
        if not self._with_beam:
            return
        try:
            self._beside.expose(held)
        except FluoroError:
            self.release()
            raise

    def _close(self, device: Acquisition) -> None:
        open_run, self._open = self._open, False
        if not open_run:
            return
        if not device.road.drain(_DRAIN_S):
            self._workplace.warn(
                "Frames of the last run were still unread after 2 s.", "See the ledger."
            )
        dose = self._dose.last_run() if self._exposed else None
        if dose is not None:  # None: the dose was reset meanwhile; this run belongs to the past
            record = RunRecord(dose, device.road.frames, device.ledger, device.road.hold_made_of)
            self.records.append(record)
        if device.recorder is not None:
            device.recorder.end_run(device.ledger)
        if device.host.state is DeviceState.ARMED:
            self._went_well()
        self._events.status_changed.emit()

    def _beam_off(self) -> None:
        """Call with the lock held."""
        if self.mode is Mode.LIVE:
            self.mode = Mode.HOLD
            self._dose.beam_off()
