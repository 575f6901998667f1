"""Which controls of a procedure the mouse moves in the image, found from their keys. No Qt.

A control with the keys ("Up", "Down") moves up and down; with it one with ("Right", "Left") moves
left and right, or for ("Shift+Up", "Shift+Down") the one with ("Shift+Right", "Shift+Left"). A
control with other keys, such as ("N", "Shift+N"), moves up and down when it is selected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UP_DOWN, LEFT_RIGHT = "↕", "↔"
_OPPOSITE = {"Up": "Down", "Down": "Up", "Right": "Left", "Left": "Right"}
_ACROSS = ("Right", "Left")
_FORWARD = ("Up", "Right")


@dataclass(frozen=True, slots=True)
class DragMapping:
    """The controls that a drag moves up and down, and left and right; empty: none."""

    up_down: str = ""
    left_right: str = ""

    def sign(self, name: str) -> str:
        """Return the sign of the direction in which a control moves; empty where it does not."""
        if not name:
            return ""
        return {self.up_down: UP_DOWN, self.left_right: LEFT_RIGHT}.get(name, "")


def drag_mapping_for(keys: Mapping[str, Sequence[str]], selected: str = "") -> DragMapping:
    """Return what the mouse moves, of controls with these keys; `selected` was clicked."""
    upright = [name for name, pressed in keys.items() if not _goes_across(pressed)]
    if selected not in upright:
        by_arrows = (name for name in upright if _arrow(keys[name]))
        selected = next(by_arrows, upright[0] if upright else "")
    modifiers = _modifiers(keys[selected]) if selected and _arrow(keys[selected]) else ""
    across = (
        name
        for name, pressed in keys.items()
        if _goes_across(pressed) and _modifiers(pressed) == modifiers
    )
    return DragMapping(selected, next(across, ""))


def direction_of_more(keys: Sequence[str]) -> int:
    """Return +1 where more of a control is up or right, by its first key; -1 otherwise."""
    arrow = _arrow(keys)
    return -1 if arrow and arrow not in _FORWARD else +1


def _goes_across(keys: Sequence[str]) -> bool:
    return _arrow(keys) in _ACROSS


def _arrow(keys: Sequence[str]) -> str:
    """Return the arrow of the first key, where the second is the opposite one; else nothing."""
    if len(keys) < 2 or _modifiers(keys[0]) != _modifiers(keys[1]):
        return ""
    first, second = (key.rpartition("+")[2] for key in keys[:2])
    return first if _OPPOSITE.get(first) == second else ""


def _modifiers(keys: Sequence[str] | str) -> str:
    key = keys if isinstance(keys, str) else keys[0]
    return key.rpartition("+")[0]
