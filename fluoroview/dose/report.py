"""The dose of a procedure as plain data for JSON: units in the keys, an origin with each figure."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from fluoroview.dose.account import DoseAccount, DoseReading, RunDose
from fluoroview.dose.timer import minutes_text
from fluoroview.hal.clock import Clock
from fluoroview.hal.frame import DoseOrigin

NOTICE = "Not a medical device. Each dose figure has the origin stated next to it."


@dataclass(frozen=True, slots=True)
class DoseReport:
    """A procedure's totals and runs at one moment."""

    written_utc: datetime
    total: DoseReading
    runs: tuple[RunDose, ...]

    @classmethod
    def of(cls, account: DoseAccount, clock: Clock) -> Self:
        """Return the report of an account as it stands now."""
        return cls(clock.utc_now(), account.reading(), account.runs())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able data; null where a figure is not available."""
        total = self.total
        return {
            "notice": NOTICE,
            "written_utc": self.written_utc.isoformat(),
            "air_kerma_at_reference_point_mgy": _figure(
                total.cumulative_air_kerma_mgy, total.origin, total.pulses_without_kerma
            ),
            "kerma_area_product_gycm2": _figure(
                total.kap_gycm2, total.origin, total.pulses_without_kap
            ),
            "acquisition_air_kerma_at_reference_point_mgy": total.acquisition_air_kerma_mgy,
            "acquisition_kerma_area_product_gycm2": total.acquisition_kap_gycm2,
            "fluoroscopy_time_s": round(total.fluoroscopy_time_s, 3),
            "fluoroscopy_time": minutes_text(total.fluoroscopy_time_s),
            "pulses": total.pulses,
            "runs": [_run(run) for run in self.runs],
        }

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)


def _figure(value: float | None, origin: DoseOrigin, missing: int) -> dict[str, Any]:
    """Return a sum with its origin and the number of pulses missing from it."""
    return {
        "value": value,
        "origin": str(origin if value is not None else DoseOrigin.NOT_AVAILABLE),
        "pulses_not_included": missing,
    }


def _run(run: RunDose) -> dict[str, Any]:
    return {
        "run": run.run,
        "kind": run.kind,
        "started_utc": run.started_utc.isoformat(),
        "duration_s": round(run.duration_s, 3),
        "ended": run.ended,
        "pulses": run.pulses,
        "pulses_without_kerma": run.pulses_without_kerma,
        "pulses_without_kap": run.pulses_without_kap,
        "air_kerma_at_reference_point_mgy": run.air_kerma_mgy,
        "kerma_area_product_gycm2": run.kap_gycm2,
        "origin": str(run.origin),
        "peak_air_kerma_rate_mgy_min": run.peak_air_kerma_rate_mgy_min,
        "pulse_rate_hz": run.pulse_rate_hz,
        "mean_tube_voltage_kv": run.mean_tube_voltage_kv,
        "mean_tube_current_ma": run.mean_tube_current_ma,
        "mean_pulse_width_ms": run.mean_pulse_width_ms,
    }
