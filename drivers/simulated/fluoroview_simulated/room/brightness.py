"""Automatic brightness control: the generator keeps the detector's dose while the patient changes.

From a pulse's factors and the signal that they gave, the control infers how much tissue lies in the
beam, and then chooses the factors that give the required signal behind that tissue. Because
technique and signal come as a pair, an image that is evaluated late leads to a late answer, not to
a wrong one: the control cannot oscillate. The inferred thickness has a time constant of its own.

A curve states which factor changes first; the limits are those of the curve, of the tube, and of
the air kerma rate at the reference point (21 CFR 1020.32).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.physics.beam import beam
from fluoroview_simulated.room.technique import KV_MAX, KV_MIN, Geometry, Technique

CURVES = ("kV first", "mA first", "pulse width first")
LEVELS = {"low": 0.5, "normal": 1.0, "high": 2.0, "boost": 4.0}
"""Detector dose against the normal one. Boost needs the high-level control held down."""
NORMAL_QUANTA_PER_MM2 = 800.0
"""Detected quanta per pulse in the 250 mm field: some 30 nGy at the detector."""
NORMAL_FIELD_MM = 250.0
"""The dose rises as the input field gets smaller, so that the enlarged noise looks the same."""
KERMA_RATE_LIMIT_MGY_MIN = 88.0
HIGH_LEVEL_KERMA_RATE_LIMIT_MGY_MIN = 176.0

TIME_CONSTANT_S = 0.08
"""With which the inferred thickness follows."""
MAX_SHARE = 0.75
"""Largest share of a change that one pulse answers: tissue and scatter are known only roughly."""
DEAD_BAND = 0.01
"""Relative error of the signal that is tolerated, so that noise does not change the factors."""

MAX_DUTY = 0.6
"""Largest share of the time between two pulses that a pulse may last."""

_KVS = np.arange(KV_MIN, KV_MAX + 0.5)
_WATER_MM = np.arange(-60.0, 601.0, 5.0)
"""Also negative: with scatter, a signal can exceed that of the open beam."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far the control may go. Charges are those of one pulse.

    "kV first" keeps `start_ma` and `start_ms` until the voltage has reached its limit;
    `tube_power_kw` is the rating of the focal spot in use.
    """

    kv: tuple[float, float] = (60.0, 110.0)
    ma: tuple[float, float] = (2.0, 150.0)
    ms: tuple[float, float] = (1.5, 12.0)
    start_ma: float = 30.0
    start_ms: float = 5.0
    tube_power_kw: float = 32.0


@dataclass(frozen=True)
class _Output:
    """What 1 mA·s gives with one filtration, by voltage.

    `log_quanta` is (kV, thickness), of quanta per mm² at 1 m; `kerma` (kV,) in µGy at 1 m.
    """

    log_quanta: np.ndarray
    kerma: np.ndarray


@lru_cache(maxsize=32)
def _output(filter_al_mm: float, filter_cu_mm: float, grid: bool) -> _Output:
    beams = [beam(float(kv), filter_al_mm, filter_cu_mm) for kv in _KVS]
    behind = np.stack([b.transmissions("soft", np.maximum(_WATER_MM, 0.0)) for b in beams])
    extra = np.exp(0.02 * np.maximum(-_WATER_MM, 0.0))
    quanta = np.array([b.quanta_per_mm2_mas(1000.0, grid) for b in beams])
    kerma = np.array([b.kerma_ugy_per_mas(1000.0) for b in beams])
    return _Output(np.log(behind * extra * quanta[:, None]), kerma)


@dataclass(frozen=True)
class BrightnessControl:
    """What the control of one room has inferred: a value, replaced by `next` with each image.

    Attributes:
        limits: how far the factors may go.
        water_mm: tissue that the control infers in the beam; None before the first image of a
            patient, which is answered at once.
        limited_by: in one sentence what keeps the signal from its target; "" when nothing does.
    """

    limits: Limits = field(default_factory=Limits)
    water_mm: float | None = None
    limited_by: str = ""

    def reset(self) -> BrightnessControl:
        """Return the control without a patient: the next image is answered at once."""
        return BrightnessControl(self.limits)

    @staticmethod
    def target_quanta_per_mm2(level: str, geometry: Geometry) -> float:
        """Return the detected quanta per mm² and pulse of a dose level."""
        if level not in LEVELS:
            raise ValueError(f"dose level {level!r}: allowed are {', '.join(LEVELS)}")
        field = NORMAL_FIELD_MM / geometry.detector_mm
        return NORMAL_QUANTA_PER_MM2 * LEVELS[level] * field

    def next(
        self,
        technique: Technique,
        geometry: Geometry,
        rate_hz: float,
        measured_quanta: float,
        level: str = "normal",
        curve: str = "kV first",
        high_level: bool = False,
    ) -> tuple[BrightnessControl, Technique]:
        """Return the control after an image, and the factors of the next pulse.

        Args:
            technique: factors of the pulse that was measured, also if others were set since.
            geometry: distances, input field and grid of that pulse.
            rate_hz: pulses per second.
            measured_quanta: mean signal in the measuring field in detected quanta per mm²; see
                `central_mean`.
            level: key of LEVELS.
            curve: one of CURVES.
            high_level: whether the high-level control is held down.

        Raises:
            ValueError: for an unknown level or curve.
        """
        if curve not in CURVES:
            raise ValueError(f"brightness curve {curve!r}: allowed are {', '.join(CURVES)}")
        limited: list[str] = []
        if level == "boost" and not high_level:
            level = "high"
            limited.append("Boost works only while High level (K) is held")
        target = self.target_quanta_per_mm2(level, geometry)
        output = _output(technique.filter_al_mm, technique.filter_cu_mm, geometry.grid)
        at_one_metre = (geometry.source_image_mm / 1000.0) ** 2
        seen_mm = _water(output, technique, max(measured_quanta, 0.01) * at_one_metre)
        water_mm = seen_mm if self.water_mm is None else self.water_mm
        follow = 1.0 - float(np.exp(-1.0 / (max(rate_hz, 0.1) * TIME_CONSTANT_S)))
        water_mm += min(follow, MAX_SHARE) * (seen_mm - water_mm)
        needed = target * at_one_metre / _behind(output, water_mm)
        chosen, limit = self._choose(
            output, technique, geometry, rate_hz, needed, curve, high_level
        )
        limited += [limit] if limit else []
        settled = abs(measured_quanta / target - 1.0) < DEAD_BAND and not limited
        same = technique.kv == chosen.kv and abs(technique.mas / chosen.mas - 1.0) < 0.02
        after = BrightnessControl(self.limits, water_mm, "; ".join(limited))
        return after, technique if settled and same else chosen

    def _choose(
        self,
        output: _Output,
        technique: Technique,
        geometry: Geometry,
        rate_hz: float,
        needed: np.ndarray,
        curve: str,
        high_level: bool,
    ) -> tuple[Technique, str]:
        """Return the factors that give the `needed` charge in mA·s per kV, and what limits it."""
        limits = self.limits
        ms_max = min(limits.ms[1], MAX_DUTY * 1e3 / rate_hz)
        ma_max = np.minimum(limits.ma[1], limits.tube_power_kw * 1e3 / _KVS)
        tube = ma_max * ms_max * 1e-3
        rate = HIGH_LEVEL_KERMA_RATE_LIMIT_MGY_MIN if high_level else KERMA_RATE_LIMIT_MGY_MIN
        distance = (geometry.source_reference_mm / 1000.0) ** 2
        dose = rate / (rate_hz * 60e-3) * distance / output.kerma
        most = np.minimum(tube, dose)
        usable = (limits.kv[0] <= _KVS) & (limits.kv[1] >= _KVS)
        start = limits.start_ma * limits.start_ms * 1e-3 if curve == "kV first" else np.inf
        enough = usable & (needed <= np.minimum(most, start))
        row = int(np.argmax(enough)) if enough.any() else int(np.flatnonzero(usable)[-1])
        present = round(technique.kv - KV_MIN)
        if enough.any() and abs(present - row) == 1 and needed[present] <= most[present]:
            row = present  # good enough: noise must not make the voltage flicker
        mas, limit = float(min(needed[row], most[row])), ""
        smallest = limits.ma[0] * limits.ms[0] * 1e-3
        if needed[row] > most[row] * 1.001:
            limit = self._upper_limit(row, tube, dose, rate, ms_max)
        elif mas < smallest:
            mas = smallest
            limit = f"smallest pulse: {_KVS[row]:g} kV, {limits.ma[0]:g} mA, {limits.ms[0]:g} ms"
        ma, ms = self._split(mas, float(ma_max[row]), ms_max, curve)
        kv = float(_KVS[row])
        return replace(technique, kv=kv, tube_current_ma=ma, pulse_width_ms=ms), limit

    def _upper_limit(
        self, row: int, tube: np.ndarray, dose: np.ndarray, limit: float, ms_max: float
    ) -> str:
        """Return what limits the charge at the highest voltage."""
        limits = self.limits
        if dose[row] <= tube[row]:
            return f"air kerma rate {limit:g} mGy/min at the reference point (21 CFR 1020.32)"
        if limits.tube_power_kw * 1e3 / _KVS[row] < limits.ma[1]:
            return f"tube power {limits.tube_power_kw:g} kW of the focal spot in use"
        return f"largest pulse: {_KVS[row]:g} kV, {limits.ma[1]:g} mA, {ms_max:g} ms"

    def _split(self, mas: float, ma_max: float, ms_max: float, curve: str) -> tuple[float, float]:
        """Return current and width of a charge; the one that the curve names changes first."""
        limits = self.limits
        if curve == "pulse width first":
            ms = min(max(mas * 1e3 / limits.start_ma, limits.ms[0]), ms_max)
            ma = min(max(mas * 1e3 / ms, limits.ma[0]), ma_max)
            return ma, min(max(mas * 1e3 / ma, limits.ms[0]), ms_max)
        ma = min(max(mas * 1e3 / min(limits.start_ms, ms_max), limits.ma[0]), ma_max)
        ms = min(max(mas * 1e3 / ma, limits.ms[0]), ms_max)
        return min(max(mas * 1e3 / ms, limits.ma[0]), ma_max), ms


def _water(output: _Output, technique: Technique, quanta_at_1_m: float) -> float:
    """Return the tissue in mm behind which the technique gives that signal."""
    row = min(int(technique.kv - KV_MIN), len(_KVS) - 2)
    part = technique.kv - KV_MIN - row
    logs = output.log_quanta[row] + part * (output.log_quanta[row + 1] - output.log_quanta[row])
    return float(np.interp(-np.log(quanta_at_1_m / technique.mas), -logs, _WATER_MM))


def _behind(output: _Output, water_mm: float) -> FloatArray:
    """Return quanta per mm² and mA·s at 1 m behind tissue, for each voltage."""
    at = np.clip((water_mm - _WATER_MM[0]) / (_WATER_MM[1] - _WATER_MM[0]), 0, len(_WATER_MM) - 2)
    k = int(at)
    logs = output.log_quanta
    behind: FloatArray = np.exp(logs[:, k] + (at - k) * (logs[:, k + 1] - logs[:, k]))
    return behind


def central_mean(image: np.ndarray, geometry: Geometry) -> float:
    """Return the mean of an image in the measuring field: the irradiated part of its middle third.

    Every fourth pixel in each direction is enough for the mean.
    """
    rows, columns = image.shape
    share_x = min(1 / 3, geometry.field_width_mm / geometry.detector_mm, _inscribed(geometry))
    share_y = min(1 / 3, geometry.field_height_mm / geometry.detector_mm, _inscribed(geometry))
    half_y, half_x = max(rows * share_y / 2, 2.0), max(columns * share_x / 2, 2.0)
    y, x = rows / 2, columns / 2
    inside = image[int(y - half_y) : int(y + half_y) : 4, int(x - half_x) : int(x + half_x) : 4]
    return float(inside.mean(dtype=np.float64))


def _inscribed(geometry: Geometry) -> float:
    """Return the side of the square within the iris over that of the detector."""
    return float(min(geometry.iris_mm, 1e6) / np.sqrt(2.0) / geometry.detector_mm)
