"""What detectors, x-ray sources and dose meters have in common: five methods and a list.

The HAL calls the methods in order and never two at once; it owns the threads of its own calls,
the buffers, the states and the deadline of each call.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from fluoroview.hal.frame import DeviceInfo
from fluoroview.hal.parameter import ParameterTree
from fluoroview.hal.sink import FrameSink


def device_name(driver: str, device_id: str) -> str:
    """Return how sentences call a device: driver:device, or the driver where no id was given."""
    return f"{driver}:{device_id}" if device_id else driver


class Device(ABC):
    """One device. `device_id` is the id from `discover`, or what the user typed."""

    kind = "device"
    none_found: ClassVar[str] = "Plug one in, or name it; `fluoroview devices` shows what is found."
    """What the user does where `discover` finds nothing; a player of files says its own."""

    def __init__(self, device_id: str) -> None:
        self.device_id = device_id

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
        """Start the run and return at once; what is to be told then goes to `sink`."""

    @abstractmethod
    def stop(self) -> None:
        """End the run. When this returns, nothing more is told."""

    @abstractmethod
    def close(self) -> None:
        """Give the device back. Safe at any time, twice, and while running."""
