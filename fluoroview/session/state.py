"""What an examination is at one moment, for whoever shows or stores it."""

from dataclasses import dataclass

from fluoroview.dicom import RecordedDose
from fluoroview.dose import DoseReading, RunDose
from fluoroview.hal import DeviceState, Ledger
from fluoroview.hal.sequencing import Sequencing
from fluoroview.hal.window import Window
from fluoroview.recording import RecordingStatus
from fluoroview.session.events import Mode
from fluoroview.session.images.stream_statistics import Health


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """The device of the room, or none."""

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
    """Dose of a file as recorded; None for the room's own loop."""
    orientation: str = ""
    """PatientOrientation (PS3.3 C.7.6.1.1.1): directions of the rows and of the columns, A\\F."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run, from pedal down to pedal up: an irradiation event where there was radiation."""

    dose: RunDose
    frames: int
    ledger: Ledger
    hold_made_of: int


@dataclass(frozen=True, slots=True)
class SessionState:
    """The whole examination; cheap enough to be asked for ten times a second."""

    mode: Mode
    pedal_down: bool
    beam_on: bool
    device: DeviceStatus
    dose: DoseReading
    five_minute_signal: bool
    pulse_rate_hz: float | None
    health: Health
    ledger: Ledger
    hold_frames: int
    hold_made_of: int
    source: int
    window: Window | None
    image_maximum: int
    run_frames: int
    """Frames of the present or last run that reached the pipeline."""
    runs: int
    replay: ReplayStatus | None = None
    recording: RecordingStatus | None = None
