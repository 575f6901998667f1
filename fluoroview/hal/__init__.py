"""The hardware abstraction layer: the contract and everything that keeps a device honest.

No Qt, no OpenCV, no DICOM. A driver imports from here and from nowhere else.
"""

from fluoroview.hal.clock import Clock, FakeClock, SystemClock
from fluoroview.hal.collimator import Collimator
from fluoroview.hal.detector import Detector, PolledDetector
from fluoroview.hal.device import Device, DeviceKind, DeviceTraits, Progress
from fluoroview.hal.dose_meter import DoseMeter
from fluoroview.hal.errors import DeviceError, DriverError, FluoroError, StateError
from fluoroview.hal.frame import (
    DeviceInfo,
    DoseOrigin,
    Exposure,
    Frame,
    FrameFormat,
    FrameHeader,
    PixelIntensityRelationship,
    Pulse,
)
from fluoroview.hal.generator import Generator, GeneratorState
from fluoroview.hal.parameter import (
    Access,
    BoolParameter,
    CommandParameter,
    EnumParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    ParameterError,
    ParameterInfo,
    ParameterSet,
    ParameterTree,
    RelationshipParameter,
    StrParameter,
    Visibility,
)
from fluoroview.hal.positioner import Positioner
from fluoroview.hal.roles import Role
from fluoroview.hal.runtime.dead_man import DeadMan
from fluoroview.hal.runtime.host import DeviceHost
from fluoroview.hal.runtime.ledger import Ledger, LossCause
from fluoroview.hal.sink import FrameSink, Slot
from fluoroview.hal.states import DeviceState

__all__ = [
    "Access",
    "BoolParameter",
    "Clock",
    "Collimator",
    "CommandParameter",
    "DeadMan",
    "Detector",
    "Device",
    "DeviceError",
    "DeviceHost",
    "DeviceInfo",
    "DeviceKind",
    "DeviceState",
    "DeviceTraits",
    "DoseMeter",
    "DoseOrigin",
    "DriverError",
    "EnumParameter",
    "Exposure",
    "FakeClock",
    "FloatParameter",
    "FluoroError",
    "Frame",
    "FrameFormat",
    "FrameHeader",
    "FrameSink",
    "Generator",
    "GeneratorState",
    "IntParameter",
    "Ledger",
    "LossCause",
    "Parameter",
    "ParameterError",
    "ParameterInfo",
    "ParameterSet",
    "ParameterTree",
    "PixelIntensityRelationship",
    "PolledDetector",
    "Positioner",
    "Progress",
    "Pulse",
    "RelationshipParameter",
    "Role",
    "Slot",
    "StateError",
    "StrParameter",
    "SystemClock",
    "Visibility",
]
