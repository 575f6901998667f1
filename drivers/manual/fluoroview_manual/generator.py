"""The driver: figures that the operator reads off the generator and types in. No link, no pulses.

It can neither start nor detect radiation. The session counts one pulse for each frame with the beam
on, at this technique, and computes the dose (`fluoroview.hal.tube_output`).
"""

from dataclasses import dataclass

from fluoroview.hal import (
    BoolParameter,
    DeviceError,
    DeviceInfo,
    FloatParameter,
    FrameSink,
    Generator,
    Parameter,
    ParameterTree,
)
from fluoroview.hal.roles import Role

DEVICE_ID = "operator"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure to type in: its initial value and its limits."""

    name: str
    unit: str
    initial: float
    minimum: float
    maximum: float
    description: str = ""


FIGURES = (
    Figure("TubeVoltage", "kV", 70.0, 40.0, 150.0, "peak"),
    Figure("TubeCurrent", "mA", 10.0, 0.1, 1000.0, "while the pulse lasts"),
    Figure("PulseWidth", "ms", 5.0, 0.1, 1000.0, "of one pulse; at most the time of a frame"),
    Figure("CopperFilter", "mm", 0.0, 0.0, 2.0),
    Figure("AluminiumFilter", "mm", 2.8, 0.0, 20.0, "in total, the tube's own included"),
    Figure("SourceImageDistance", "mm", 1100.0, 300.0, 3000.0, "focal spot to detector"),
    Figure("FieldWidth", "mm", 200.0, 1.0, 500.0, "at the detector"),
    Figure("FieldHeight", "mm", 200.0, 1.0, 500.0, "at the detector"),
)
NEEDED = ("TubeVoltage", "TubeCurrent", "PulseWidth")
"""The figures without which a computed dose means nothing."""


class ManualGenerator(Generator):
    """A technique typed in by hand. `TechniqueStated` shows whether the operator has done so."""

    handshake = False
    reports_pulses = False

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._values: dict[str, float] = {}
        self._typed: set[str] = set()

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the one device, which always exists."""
        return [
            DeviceInfo(
                "manual",
                DEVICE_ID,
                "FluoroView",
                "Technique typed in by the operator",
                note="no link to the generator",
            )
        ]

    def open(self) -> None:
        """Reset every figure to its initial value."""
        if self.device_id not in (DEVICE_ID, ""):
            raise DeviceError(
                f"The manual generator has no device {self.device_id!r}.",
                f"It has one: {DEVICE_ID}.",
                code="FV-MAN-001",
            )
        self._values = {figure.name: figure.initial for figure in FIGURES}
        self._typed = set()

    def parameters(self) -> ParameterTree:
        """Return the figures, and whether the required ones have been typed in."""
        return ParameterTree([*map(self._parameter, FIGURES), self._stated()])

    def start(self, sink: FrameSink) -> None:
        """Do nothing: the pedal of the generator is elsewhere."""

    def stop(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def _parameter(self, figure: Figure) -> FloatParameter:
        return FloatParameter(
            figure.name,
            lambda: self._values[figure.name],
            lambda value: self._type(figure.name, value),
            minimum=figure.minimum,
            maximum=figure.maximum,
            unit=figure.unit,
            description=figure.description,
        )

    def _stated(self) -> Parameter:
        return BoolParameter(
            "TechniqueStated",
            lambda: self._typed.issuperset(NEEDED),
            role=Role.TECHNIQUE_STATED,
            description=f"true once {', '.join(NEEDED)} have been typed in",
        )

    def _type(self, name: str, value: float) -> None:
        self._values[name] = value
        self._typed.add(name)
