"""The texts in the corners of the image and in the status bar."""

from __future__ import annotations

import math

from fluoroview.hal import Exposure
from fluoroview.hal.parameter import ParameterSet
from fluoroview.hal.roles import Role
from fluoroview.session.state import SessionState
from fluoroview.translation import tr, translate_message

_FACTORS = (
    (Role.TUBE_VOLTAGE, 0, "kV"),
    (Role.TUBE_CURRENT, 1, "mA"),
    (Role.PULSE_WIDTH, 1, "ms"),
)


def readable(value: str) -> str:
    """Return an identifier as it is read: "Modified barium swallow" for its hyphened form."""
    return value[:1].upper() + value[1:].replace("-", " ")


def capitalised(text: str) -> str:
    """Return a text with a capital at its beginning, as on a button or at the start of a line."""
    return text[:1].upper() + text[1:]


def choice_text(choice: str) -> str:
    """Return a choice of a device as a label, in the user's language."""
    return capitalised(translate_message(choice))


def exposure_lines(
    now: SessionState, generator: ParameterSet, exposure: Exposure | None
) -> list[str]:
    """Return pulse rate and exposure factors; live, the generator's where the room has one."""
    live = now.replay is None
    if live and generator:
        rate = generator.number(Role.FRAME_RATE)
        figures = [_figure(generator.number(role)) for role, _, _ in _FACTORS]
    else:
        rate = now.pulse_rate_hz if live else None
        seen = exposure or Exposure()
        figures = [seen.tube_voltage_kv, seen.tube_current_ma, seen.pulse_width_ms]
    lines = [] if rate is None else [tr("{rate} pulses/s").format(rate=f"{rate:.3g}")]
    known = [
        f"{value:.{decimals}f} {unit}"
        for value, (_, decimals, unit) in zip(figures, _FACTORS, strict=True)
        if not math.isnan(value)
    ]
    return lines + (["   ".join(known)] if known else [])


def stream_text(now: SessionState) -> str:
    """Return the figures of the stream in one line; the Stream tab shows all of them."""
    health, ledger = now.health, now.ledger
    parts = []
    if health.frames_per_second is not None and now.beam_on:
        parts.append(tr("{rate} fps").format(rate=f"{health.frames_per_second:.1f}"))
    if health.latency_p99_ms is not None:
        latency = tr("latency {median} ms, p99 {p99} ms")
        parts.append(
            latency.format(
                median=f"{health.latency_p50_ms:.0f}", p99=f"{health.latency_p99_ms:.0f}"
            )
        )
    if ledger.run:
        frames = tr("{delivered} frames, {lost} lost")
        parts.append(frames.format(delivered=ledger.delivered, lost=ledger.lost))
        parts.append(tr("{count} skipped").format(count=health.skipped_by_display))
    return "   ·   ".join(parts)


def _figure(value: float | None) -> float:
    return math.nan if value is None else value
