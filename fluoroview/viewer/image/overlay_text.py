"""The words in the corners of the image and in the status bar: what is known, as it is read."""

from __future__ import annotations

import math
from typing import Any

from fluoroview.hal import Exposure
from fluoroview.hal.parameter import ParameterSet
from fluoroview.session.state import SessionState

_TECHNIQUE = (("TubeVoltage", 0, "kV"), ("TubeCurrent", 1, "mA"), ("PulseWidth", 1, "ms"))


def readable(value: str) -> str:
    """Return a name of a program as words: "modified-barium-swallow" as they are read."""
    return value[:1].upper() + value[1:].replace("-", " ")


def capitalised(words: str) -> str:
    """Return a device's words as they begin a line or stand on a button."""
    return words[:1].upper() + words[1:]


def value_of(parameters: ParameterSet, *names: str) -> Any | None:
    """Return the value of the first of these parameters that is there, or none."""
    values = {each.name: each.value for each in parameters}
    return next((values[name] for name in names if name in values), None)


def technique_lines(
    now: SessionState, source: ParameterSet, exposure: Exposure | None
) -> list[str]:
    """Return pulse rate and technique: the generator's where the room has one and it is live."""
    live = now.replay is None
    if live and source:
        rate = value_of(source, "PulseRate", "AcquisitionFrameRate")
        figures = [_number(value_of(source, name)) for name, _, _ in _TECHNIQUE]
    else:
        rate = now.pulse_rate_hz if live else None
        seen = exposure or Exposure()
        figures = [seen.tube_voltage_kv, seen.tube_current_ma, seen.pulse_width_ms]
    lines = [] if rate is None else [f"{float(rate):.3g} pulses/s"]
    known = [
        f"{value:.{decimals}f} {unit}"
        for value, (_, decimals, unit) in zip(figures, _TECHNIQUE, strict=True)
        if not math.isnan(value)
    ]
    return lines + (["   ".join(known)] if known else [])


def stream_words(now: SessionState) -> str:
    """Return the stream's health in one line; the Health tab has it all."""
    health, ledger = now.health, now.ledger
    parts = []
    if health.frames_per_second is not None and now.beam_on:
        parts.append(f"{health.frames_per_second:.1f} fps")
    if health.latency_p99_ms is not None:
        parts.append(f"latency {health.latency_p50_ms:.0f} ms, p99 {health.latency_p99_ms:.0f} ms")
    if ledger.run:
        parts.append(f"{ledger.delivered} frames, {ledger.lost} lost")
        parts.append(f"{health.skipped_by_display} skipped")
    return "   ·   ".join(parts)


def _number(value: Any | None) -> float:
    return math.nan if value is None else float(value)
