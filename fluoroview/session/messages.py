"""What threads and devices of a session report to its dispatcher."""

from dataclasses import dataclass

from fluoroview.hal import DeviceKind, FluoroError, FrameHeader, Progress, Pulse
from fluoroview.session.pedal import Permit


@dataclass(frozen=True, slots=True)
class PulsesRead:
    """Pulses of a detector or a generator, or increments of a dose meter."""

    reporter: DeviceKind
    pulses: list[Pulse]
    missed: int
    """Pulses that were overwritten before they were read."""


@dataclass(frozen=True, slots=True)
class FrameProcessed:
    """A frame became an image."""

    header: FrameHeader


@dataclass(frozen=True, slots=True)
class BeamSeen:
    """The signal shows that the beam went on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class ReaderFailed:
    """A thread that reads frames or pulses ended with an exception."""

    what: str
    """What is no longer read: "frames" or "pulses"."""
    device: str
    error: Exception
    withdrawn: Permit | None
    """The permit that was withdrawn at once."""


@dataclass(frozen=True, slots=True)
class DeviceFaulted:
    """A device failed."""

    kind: DeviceKind
    fault: FluoroError
    withdrawn: Permit | None


@dataclass(frozen=True, slots=True)
class DeviceRefused:
    """A device ended its run or makes no pulse, and is otherwise in order."""

    refusal: FluoroError
    withdrawn: Permit | None


@dataclass(frozen=True, slots=True)
class DeviceProgressed:
    """A device reports how far a long call has come."""

    progress: Progress


Message = (
    PulsesRead
    | FrameProcessed
    | BeamSeen
    | ReaderFailed
    | DeviceFaulted
    | DeviceRefused
    | DeviceProgressed
)
