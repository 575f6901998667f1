"""Runs, from pedal down to pedal up: begun, exposed, ended and recorded once each.

A press gives a permit (`pedal.Permit`); each permit makes at most one run. The devices start and
stop on the command thread; what the session shows of a run changes on the dispatcher.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from fluoroview.dose import RunDose
from fluoroview.hal import DeviceState, FrameHeader, Ledger, ParameterError
from fluoroview.hal.roles import Role
from fluoroview.session.acquisition import Acquisition
from fluoroview.session.device_manager import DeviceManager
from fluoroview.session.dispatcher import Dispatcher
from fluoroview.session.dose_tracker import DoseTracker
from fluoroview.session.last_image_hold import MAX_HOLD_FRAMES
from fluoroview.session.pedal import Pedal, Permit
from fluoroview.session.peripherals import Peripherals
from fluoroview.session.replay import ReplayController
from fluoroview.session.state import ActiveRun, RunPhase, RunRecord

_DRAIN_S = 2.0


@dataclass(frozen=True)
class _Facts:
    """What a record states apart from its dose."""

    frames: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    hold_made_of: int = 0


class Runs:
    """One run after the other."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        devices: DeviceManager,
        peripherals: Peripherals,
        dose: DoseTracker,
        pedal: Pedal,
        replays: ReplayController,
        went_well: Callable[[], None],
    ) -> None:
        self._dispatcher = dispatcher
        self._devices = devices
        self._peripherals = peripherals
        self._dose = dose
        self._pedal = pedal
        self._replays = replays
        self._went_well = went_well
        self._number = 0
        self._pressed: Permit | None = None
        """The permit of the present press, once the state shows it."""
        self._permit: Permit | None = None
        """The permit of the run under way."""
        self._facts: dict[int, _Facts] = {}
        """By the run's number in the dose account."""

    # from any thread

    def press(self, *, beam: bool) -> "Future[None]":
        """Press the pedal; nothing happens while it is down."""
        permit = self._pedal.press()
        return self._dispatcher.call(lambda: self._press(permit, beam))

    def release(self, permit: Permit | None = None) -> "Future[None]":
        """Release the pedal: no pulse from now on, and the last image is held."""
        withdrawn = self._pedal.release(permit)
        return self._dispatcher.call(lambda: self._release(withdrawn))

    def end_beam(self) -> "Future[None]":
        """End the exposure of the generator; frames go on until the pedal is released."""
        self._peripherals.release()
        return self._dispatcher.call(self._end_beam)

    # on the dispatcher

    def choose_hold_frames(self, frames: int) -> None:
        """Choose of how many images the next hold is made. Raises ParameterError."""
        if not 1 <= frames <= MAX_HOLD_FRAMES:
            raise ParameterError(
                f"The last-image hold cannot be made of {frames} images.",
                f"Allowed are 1 (the last image) to {MAX_HOLD_FRAMES} (their mean).",
                code="FV-SES-025",
            )
        if self._dispatcher.state.pedal_down:
            raise ParameterError(
                "The last-image hold cannot be changed while the pedal is down.",
                "Choose it before the exposure.",
                code="FV-SES-026",
            )
        self._dispatcher.change(hold_frames=frames)

    def frame(self, header: FrameHeader) -> int:
        """Count a frame of the run; return how many of its pulses could not be counted."""
        run = self._dispatcher.state.run
        return self._dose.frame(header) if run is not None and run.with_beam else 0

    def beam_seen(self, on: bool) -> None:
        """The signal shows that the beam went on or off; the pedal only armed the detector."""
        run = self._dispatcher.state.run
        if run is None or run.phase is not RunPhase.EXPOSING or run.beam_seen is on:
            return
        self._show(replace(run, beam_seen=on))
        if not on:
            self._dose.beam_off()
        elif self._dose.run_open:
            self._dose.beam_on()
        else:
            self._dose.begin_run("")

    def withdrawn(self, permit: Permit | None) -> None:
        """A permit was withdrawn for another reason than the pedal's release; end its run."""
        self._release(permit)

    def reset(self) -> None:
        """Forget the records: the runs to come are another patient's."""
        self._dose.reset()
        self._facts.clear()
        self.publish_records()

    def publish_records(self) -> None:
        """Show the closed runs with the dose that the account has for them now."""
        doses = self._dose.runs()
        if self._dose.run_open:
            doses = doses[:-1]
        records = tuple(self._record_of(dose.run, dose) for dose in doses)
        if records != self._dispatcher.state.records:
            self._dispatcher.change(records=records)

    def _record_of(self, number: int, dose: RunDose) -> RunRecord:
        facts = self._facts.get(number, _Facts())
        return RunRecord(dose, facts.frames, facts.ledger, facts.hold_made_of)

    def _press(self, permit: Permit | None, beam: bool) -> None:
        if permit is None or not permit.held():  # a press while it is down, or a tap
            return
        self._replays.end()
        self._pressed = permit
        self._dispatcher.change(pedal_down=True)
        self._dispatcher.put_command(lambda: self._start(permit, beam))

    def _release(self, permit: Permit | None) -> None:
        if permit is None or permit is not self._pressed:
            return
        self._pressed = None
        self._dispatcher.change(pedal_down=False)
        run = self._dispatcher.state.run
        if run is not None and run.phase is not RunPhase.ENDING:
            self._dose.beam_off()
            self._show(replace(run, phase=RunPhase.ENDING))
            if self._devices.armed is not None:
                self._devices.armed.frames.end_live()
        self._dispatcher.put_command(lambda: self._stop(permit))

    def _end_beam(self) -> None:
        run = self._dispatcher.state.run
        if run is not None and run.with_beam:
            self._dose.beam_off()
            self._show(replace(run, with_beam=False))

    def _show(self, run: ActiveRun) -> None:
        """Replace the run under way; where the lamp goes off, the last image is held."""
        state = self._dispatcher.state
        goes_off = state.beam_on and not run.beam_on
        self._dispatcher.change(run=run, held=state.held or goes_off)

    def _open(self, permit: Permit, beam: bool) -> ActiveRun | None:
        """Open the run of a permit; None where it was withdrawn meanwhile."""
        if permit is not self._pressed or not permit.held():
            return None
        self._number += 1
        self._permit = permit
        run = ActiveRun(self._number, beam)
        self._dispatcher.change(run=run)
        return run

    def _expose(self, permit: Permit) -> bool:
        """Switch the lamp on, before the beam; return whether the run is still permitted."""
        run = self._dispatcher.state.run
        if run is None or run.phase is not RunPhase.PREPARING or not permit.held():
            return False
        by_signal = self._devices.room.beam.detect == "signal"
        if run.with_beam and not by_signal:
            self._dose.begin_run(self._acquisition_type())
        self._show(replace(run, phase=RunPhase.EXPOSING, beam_seen=not by_signal))
        return True

    def _acquisition_type(self) -> str:
        return str(self._dispatcher.state.parameters.value(Role.ACQUISITION_TYPE) or "")

    def _close(self, facts: _Facts, *, well: bool) -> None:
        """Close the run: its dose is complete."""
        if well:
            self._went_well()
        number = self._dose.end_run()
        if number is not None:
            self._facts[number] = facts
        self._permit = None
        self._dispatcher.change(run=None, dose=self._dose.reading())
        self.publish_records()
        self._replays.begin_waiting()

    # on the command thread

    def finish(self) -> None:
        """Release the pedal and close the run under way, before its device is left."""
        withdrawn = self._pedal.release()
        self._dispatcher.ask(lambda: self._release(withdrawn))
        self._stop(self._permit)

    def _start(self, permit: Permit, beam: bool) -> None:
        """Begin the run of a permit. Raises FluoroError."""
        if self._dispatcher.ask(lambda: self._open(permit, beam)) is None:
            return
        try:
            armed = self._devices.need()
            armed.require_ready()
            if beam:
                self._peripherals.prepare()
            armed.frames.begin_run(self._dispatcher.state.hold_frames)
            if not self._dispatcher.ask(lambda: self._expose(permit)):
                return
            armed.host.start(permit.held, self._pedal.dead_man(armed.host))
            if beam:
                self._peripherals.expose(permit.held)
        except BaseException:
            self.release(permit)
            raise

    def _stop(self, permit: Permit | None) -> None:
        """Stop the devices and close the run of a permit, unless that is done."""
        if permit is None or permit is not self._permit:
            return
        armed = self._devices.armed
        try:
            self._peripherals.stop()
            if armed is not None and armed.host.state is DeviceState.RUNNING:
                armed.host.stop()
        finally:
            self._finish(armed)

    def _finish(self, armed: Acquisition | None) -> None:
        if armed is None:
            self._dispatcher.ask(lambda: self._close(_Facts(), well=False))
            return
        if not armed.drain(_DRAIN_S):
            self._dispatcher.warn(
                "Frames of the last run were still unread after 2 s.", "See the ledger."
            )
        ledger, frames = armed.ledger, armed.frames
        facts = _Facts(frames.frames, ledger, frames.hold_made_of)
        well = armed.host.state is DeviceState.ARMED
        if armed.recorder is not None:
            armed.recorder.end_run(ledger)
        self._dispatcher.ask(lambda: self._close(facts, well=well))
