"""What a session is at one moment: one frozen value, replaced by the dispatcher alone."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from fluoroview.dicom import RecordedDose
from fluoroview.dose import DoseReading, RunDose
from fluoroview.hal import DeviceState, DoseOrigin, Ledger, ParameterSet, Progress
from fluoroview.hal.roles import Role
from fluoroview.hal.sequencing import Sequencing
from fluoroview.hal.window import Window
from fluoroview.recording import RecordingStatus
from fluoroview.session.events import Mode
from fluoroview.session.images.stream_statistics import Health

NO_DOSE = DoseReading(None, None, None, 0.0, 0, 0, 0, DoseOrigin.NOT_AVAILABLE)


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """A device of the room, or none."""

    driver: str = ""
    device: str = ""
    state: DeviceState = DeviceState.CLOSED
    isolation: str = ""
    pid: int | None = None

    @property
    def name(self) -> str:
        """`driver:device`, or nothing."""
        return f"{self.driver}:{self.device}" if self.driver else ""


@dataclass(frozen=True, slots=True)
class ReplayStatus:
    """The cine that is shown instead of the live image."""

    title: str
    index: int
    frame_count: int
    playing: bool
    speed: float
    sequencing: Sequencing
    warnings: tuple[str, ...] = ()
    timing: str = ""
    """Where the timing comes from."""
    dose: RecordedDose | None = None
    """Dose of a file as recorded; None for the session's own loop."""
    orientation: str = ""
    """PatientOrientation (PS3.3 C.7.6.1.1.1): directions of the rows and of the columns, A\\F."""


class RunPhase(StrEnum):
    """How far a run has come."""

    PREPARING = "preparing"
    """The devices get ready; no pulse may be made."""
    EXPOSING = "exposing"
    """The devices run."""
    ENDING = "ending"
    """The pedal is up: no pulse may be made, and the last frames and pulses are read."""


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """The run under way."""

    number: int
    """Identifies the run in this session; never used again."""
    with_beam: bool
    """Whether x-rays are requested; without, frames are dark."""
    phase: RunPhase = RunPhase.PREPARING
    beam_seen: bool = True
    """False while the signal shows no beam, where the room detects it from the signal."""

    @property
    def beam_on(self) -> bool:
        """Whether the x-ray lamp is on."""
        return self.phase is RunPhase.EXPOSING and self.with_beam and self.beam_seen


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run, from pedal down to pedal up: an irradiation event where there was radiation."""

    dose: RunDose
    frames: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    hold_made_of: int = 0


@dataclass(frozen=True, slots=True)
class Measurements:
    """What changes without any event; measured when `Session.snapshot` is called."""

    health: Health = field(default_factory=Health)
    ledger: Ledger = field(default_factory=Ledger)
    run_frames: int = 0
    """Frames of the present or last run that reached the pipeline."""
    hold_made_of: int = 0
    source: int = 0
    window: Window | None = None
    image_maximum: int = 65535


@dataclass(frozen=True, slots=True)
class SessionState:
    """The whole session."""

    pedal_down: bool = False
    run: ActiveRun | None = None
    held: bool = False
    """Whether the last image of a run is held on the screen."""
    hold_frames: int = 1
    """Of how many images the next hold is made."""
    replay: ReplayStatus | None = None
    device: DeviceStatus = DeviceStatus()
    progress: Progress | None = None
    """How far the device has come with what it does now; None: it does nothing long."""
    parameters: ParameterSet = field(default_factory=ParameterSet)
    """The detector's, as last read; also while it is armed again."""
    generator: DeviceStatus = DeviceStatus()
    generator_parameters: ParameterSet = field(default_factory=ParameterSet)
    subtracts: bool | None = None
    """Whether a mask is subtracted from the images; None where that cannot be done."""
    dose: DoseReading = NO_DOSE
    five_minute_signal: bool = False
    records: tuple[RunRecord, ...] = ()
    """The closed runs of this patient, oldest first; each is recorded once."""
    recording: RecordingStatus | None = None
    study_uid: str = ""
    measured: Measurements = field(default_factory=Measurements)

    @property
    def mode(self) -> Mode:
        """What the image on the screen is."""
        if self.beam_on:
            return Mode.LIVE
        if self.replay is not None:
            return Mode.REPLAY
        return Mode.HOLD if self.held else Mode.IDLE

    @property
    def beam_on(self) -> bool:
        """Whether the x-ray lamp is on."""
        return self.run is not None and self.run.beam_on

    @property
    def runs(self) -> int:
        """Number of closed runs."""
        return len(self.records)

    @property
    def pulse_rate_hz(self) -> float | None:
        """Frames or pulses per second, where the detector states them."""
        return self.parameters.number("AcquisitionFrameRate")

    @property
    def plays_back(self) -> bool:
        """Whether the detector plays a recording: there is no beam, and nothing is live."""
        return self.parameters.with_role(Role.PLAYBACK_SPEED) is not None

    @property
    def health(self) -> Health:
        """How the stream is doing."""
        return self.measured.health

    @property
    def ledger(self) -> Ledger:
        """Every frame of the present or last run by its fate."""
        return self.measured.ledger

    @property
    def run_frames(self) -> int:
        """Frames of the present or last run that reached the pipeline."""
        return self.measured.run_frames

    @property
    def hold_made_of(self) -> int:
        """Of how many images the present hold is made."""
        return self.measured.hold_made_of

    @property
    def source(self) -> int:
        """Where the image on the screen comes from; counts of two sources do not compare."""
        return self.measured.source

    @property
    def window(self) -> Window | None:
        """The window of that source."""
        return self.measured.window

    @property
    def image_maximum(self) -> int:
        """Largest count of the images on the screen."""
        return self.measured.image_maximum

    def announces(self, other: "SessionState") -> bool:
        """Return whether listeners hear of the step from here to `other`; dose alone is polled."""
        return replace(self, dose=other.dose) != other
