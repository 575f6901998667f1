"""Procedures, controls and views in the words and signs that people read."""

import re
from typing import Any

from fluoroview.session.devices.catalogue import ControlEntry, ProcedureEntry

SIGNS = {"Up": "↑", "Down": "↓", "Left": "←", "Right": "→", "Shift": "⇧"}


def key_cap(key: str) -> str:
    """Return what is printed on a key: an arrow for "Up", "⇧ T" for "Shift+T"."""
    if key.endswith("+"):
        return key
    return " ".join(SIGNS.get(part, part) for part in key.split("+"))


def humanize(name: str) -> str:
    """Return a parameter's name as words: "Catheter advance" for CatheterAdvance."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)
    read = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return read[:1].upper() + read[1:]


def angle_words(primary_deg: float, secondary_deg: float) -> str:
    """Return the view of a C-arm in clinical notation: "LAO 30°  CRAN 10°", "AP" for none."""
    parts = []
    if round(primary_deg, 1):
        parts.append(f"{'LAO' if primary_deg > 0 else 'RAO'} {abs(primary_deg):.0f}°")
    if round(secondary_deg, 1):
        parts.append(f"{'CRAN' if secondary_deg > 0 else 'CAUD'} {abs(secondary_deg):.0f}°")
    return "  ".join(parts) or "AP"


def control_words(control: ControlEntry) -> str:
    """Return in a few words what a control does."""
    words = control.description.split(";")[0].split(". ")[0].rstrip(".") or humanize(control.name)
    return f"{words} ({control.unit})" if control.unit else words


def control_lines(procedure: ProcedureEntry) -> list[tuple[list[str], str]]:
    """Return the key caps and the words of each control."""
    return [
        ([key_cap(key) for key in control.shortcut], control_words(control))
        for control in procedure.controls
    ]


def technique_words(procedure: ProcedureEntry) -> str:
    """Return agent, start technique, pulse rate and start view in one line."""
    technique, geometry = procedure.technique, procedure.geometry
    parts = [procedure.agent if procedure.agent != "none" else "no contrast"]
    figures = (
        _figure(technique, ("kv",), "kV"),
        _figure(technique, ("tube_current_ma", "ma"), "mA"),
        _figure(technique, ("pulse_width_ms",), "ms"),
    )
    parts += [" ".join(figure for figure in figures if figure)]
    parts.append(f"{procedure.rate_hz:g} pulses/s")
    if "primary_deg" in geometry:
        parts.append(angle_words(geometry["primary_deg"], geometry.get("secondary_deg", 0.0)))
    return " · ".join(part for part in parts if part)


def _figure(values: dict[str, Any], names: tuple[str, ...], unit: str) -> str:
    found = next((values[name] for name in names if name in values), None)
    return f"{found:g} {unit}" if found is not None else ""
