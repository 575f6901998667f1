"""What all devices have in common: five methods, a kind, and a discovery.

The HAL calls the methods in order and never two at once; it owns the threads of its own calls,
the buffers, the states and the deadline of each call.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from fluoroview.hal.foreign_text import plain
from fluoroview.hal.frame import NAN, DeviceInfo
from fluoroview.hal.parameter import ParameterTree
from fluoroview.hal.sink import FrameSink


class DeviceKind(StrEnum):
    """What a device serves as; one driver may serve as several."""

    DETECTOR = "detector"
    """Delivers frames."""
    GENERATOR = "generator"
    """Makes x-rays and reports their pulses."""
    DOSE_METER = "dose meter"
    """Measures kerma-area product or air kerma."""
    POSITIONER = "positioner"
    """Holds tube and detector: C-arm angles, distances, and the table where it has one."""
    COLLIMATOR = "collimator"
    """Limits the beam: blades, wedge filters."""


@dataclass(frozen=True, slots=True)
class DeviceTraits:
    """What the host must know about a device before its first run."""

    kind: DeviceKind
    kinds: tuple[DeviceKind, ...]
    """All kinds that the device serves as, its own kind first."""
    handshake: bool = False
    """Whether a generator must be prepared before each run."""
    reports_pulses: bool = True
    """Whether a generator reports each of its pulses."""

    @property
    def makes_radiation(self) -> bool:
        """Whether a run of this device makes x-rays, real or simulated."""
        return DeviceKind.GENERATOR in self.kinds


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long call of a driver has come."""

    text: str
    """What the driver does now, as the operator reads it: "Tracing the beam"."""
    fraction: float = NAN
    """0 to 1; NaN where the driver does not know how much is left."""


def device_name(driver: str, device_id: str) -> str:
    """Return how sentences name a device: driver:device, or the driver where there is no id."""
    return f"{plain(driver)}:{plain(device_id)}" if device_id else plain(driver)


def _no_listener(_progress: Progress) -> None:
    """Take a progress report that nobody waits for."""


class Device(ABC):
    """One device. `device_id` is the id from `discover`, or what the user typed."""

    kind: ClassVar[DeviceKind]
    serves: ClassVar[tuple[DeviceKind, ...]] = ()
    """Further kinds that the device serves as, next to its own."""
    none_found: ClassVar[str] = "Plug one in, or name it; `fluoroview devices` shows what is found."
    """What the user does where `discover` finds nothing; a player of files states its own."""
    on_progress: Callable[[Progress], None] = staticmethod(_no_listener)
    """Set by the HAL; a driver calls `report_progress`."""

    def __init__(self, device_id: str) -> None:
        self.device_id = device_id

    @classmethod
    def kinds(cls) -> tuple[DeviceKind, ...]:
        """Return all kinds that the device serves as, its own kind first."""
        return tuple(dict.fromkeys((cls.kind, *cls.serves)))

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return what is plugged in; an empty list for nothing, never an exception for it."""
        return []

    @abstractmethod
    def open(self) -> None:
        """Claim the device. Raise DeviceError with a sentence when it is gone."""

    @abstractmethod
    def parameters(self) -> ParameterTree:
        """Return the parameters; called after `open`. The tree stays valid until `close`."""

    @abstractmethod
    def start(self, sink: FrameSink) -> None:
        """Start the run and return at once; frames and pulses then go to `sink`."""

    @abstractmethod
    def stop(self) -> None:
        """End the run. When this returns, no frame and no pulse follows."""

    @abstractmethod
    def close(self) -> None:
        """Release the device. Safe at any time, twice, and while running."""

    def report_progress(self, text: str, fraction: float = NAN) -> None:
        """Report how far the present call has come; each report starts its deadline again.

        A call that takes longer than a second or two, such as `open` or `prepare`, reports
        at least once per second what it does.
        """
        self.on_progress(Progress(text, fraction))
