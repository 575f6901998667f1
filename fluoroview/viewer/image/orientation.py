"""Orientation of the patient in the image: letters for the four edges."""

from __future__ import annotations

_OPPOSITE = {"A": "P", "P": "A", "R": "L", "L": "R", "H": "F", "F": "H"}


def edge_marks(patient_orientation: str) -> dict[str, str]:
    r"""Return the letters of the edges "left", "right", "top" and "bottom".

    `patient_orientation` is Patient Orientation (0020,0020), PS3.3 C.7.6.1.1.1: the direction of
    the rows (to the right) and of the columns (downwards), such as ``A\F``; A, P anterior and
    posterior, R, L right and left, H, F head and foot, several letters for an oblique direction.
    Nothing is marked where the text has another form.
    """
    directions = patient_orientation.strip().upper().split("\\")
    if len(directions) != 2 or not all(map(_known, directions)):
        return {}
    right, bottom = directions
    return {"left": _turned(right), "right": right, "top": _turned(bottom), "bottom": bottom}


def _known(direction: str) -> bool:
    return bool(direction) and all(letter in _OPPOSITE for letter in direction)


def _turned(direction: str) -> str:
    return "".join(_OPPOSITE[letter] for letter in direction)
