"""The key of a calibration: its detector and mode, and whether it fits another.

Offset and gain maps hold only for their mode, binning, gain and integration time; a set that is
used elsewhere adds a pattern to the image instead of removing it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from fluoroview.hal.foreign_text import plain
from fluoroview.hal.parameter import ParameterInfo

Setting = str | int | float | bool

MODE_PARAMETERS = (
    "Width",
    "Height",
    "OffsetX",
    "OffsetY",
    "BinningHorizontal",
    "BinningVertical",
    "BinningMode",
    "DecimationHorizontal",
    "DecimationVertical",
    "ReverseX",
    "ReverseY",
    "SensorPixelWidth",
    "SensorPixelHeight",
    "Matrix",
    "PixelFormat",
    "BitDepth",
    "CameraMode",
    "Gain",
    "GainMode",
    "CameraGain",
    "BlackLevel",
    "ExposureTime",
    "PanelCorrection",
)
"""Parameters whose change changes the pattern of the pixels: those of the GenICam Standard
Features Naming Convention, and what the drivers of this house call a mode."""
RELATIVE_TOLERANCE = 0.01
"""Largest relative difference of a number (gain, exposure time): clocks round."""
MAX_DRIFT_C = 5.0
"""Largest difference of temperature, where both are known: dark current rises steeply."""


@dataclass(frozen=True, slots=True)
class CalibrationKey:
    """What a calibration belongs to. Unknown texts are empty, an unknown temperature is NaN."""

    driver: str
    device: str
    model: str
    serial: str
    mode: Mapping[str, Setting]
    """The parameters of `MODE_PARAMETERS` that the detector has, by name."""
    units: Mapping[str, str] = field(default_factory=dict)
    temperature_c: float = math.nan
    made_utc: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @classmethod
    def of(
        cls,
        driver: str,
        device: str,
        parameters: Iterable[ParameterInfo],
        temperature_c: float = math.nan,
        made_utc: datetime | None = None,
    ) -> Self:
        """Return the key of a detector from its parameters, as `ParameterTree.describe` has them.

        A temperature that is given (that of the frames) goes before DeviceTemperature.
        """
        found = {p.name: p for p in parameters}

        def text(name: str) -> str:
            return str(found[name].value) if name in found else ""

        if math.isnan(temperature_c) and "DeviceTemperature" in found:
            temperature_c = float(found["DeviceTemperature"].value)
        names = [name for name in MODE_PARAMETERS if name in found]
        return cls(
            driver,
            device,
            text("DeviceModelName"),
            text("DeviceSerialNumber"),
            {name: found[name].value for name in names},
            {name: str(found[name].unit) for name in names if found[name].unit},
            temperature_c,
            made_utc or datetime.now(UTC).replace(microsecond=0),
        )

    def misfits(self, present: "CalibrationKey") -> list[str]:
        """Return why a calibration with this key does not fit `present`, a phrase for each reason.

        Where no serial number is known, the device ids are compared instead. A parameter of the
        mode that only one side states is a misfit too.
        """
        reasons = [*self._other_detector(present)]
        for name in MODE_PARAMETERS:
            if name not in self.mode and name not in present.mode:
                continue
            then, now = self.mode.get(name), present.mode.get(name)
            if then is None or now is None or not _same(then, now):
                reasons.append(
                    f"it was made at {name} {self._shown(name)}, but the detector is at"
                    f" {present._shown(name)}"
                )
        drift_c = abs(self.temperature_c - present.temperature_c)
        if drift_c > MAX_DRIFT_C:
            reasons.append(
                f"it was made at {self.temperature_c:.1f} °C, but the detector is at"
                f" {present.temperature_c:.1f} °C (allowed are {MAX_DRIFT_C:g} °C between them)"
            )
        return reasons

    def _other_detector(self, present: "CalibrationKey") -> list[str]:
        names: list[tuple[str, str, str]] = [
            ("driver", self.driver, present.driver),
            ("model", self.model, present.model),
            ("serial number", self.serial, present.serial),
        ]
        if not (self.serial or present.serial):
            names.append(("device", self.device, present.device))
        return [
            f"it is of {what} {plain(then) or '(none)'}, but the detector's is"
            f" {plain(now) or '(none)'}"
            for what, then, now in names
            if then != now
        ]

    def _shown(self, name: str) -> str:
        if name not in self.mode:
            return "no stated value"
        value, unit = self.mode[name], self.units.get(name, "")
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        return plain(f"{shown} {unit}".strip())

    @property
    def name(self) -> str:
        """Detector and mode in a line, for people."""
        detector = " ".join(part for part in (self.model, self.serial) if part)
        size = f"{self.mode.get('Width', '?')}×{self.mode.get('Height', '?')} px"
        return plain(f"{self.driver}:{self.device} {detector}".strip() + f", {size}")


def _same(then: Setting, now: Setting) -> bool:
    if isinstance(then, float) or isinstance(now, float):
        try:
            return math.isclose(float(then), float(now), rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-9)
        except ValueError:
            return False
    return then == now
