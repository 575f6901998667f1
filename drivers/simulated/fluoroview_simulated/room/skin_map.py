"""The map of the skin's dose as a file: numbers for a program, an image for a person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from fluoroview.hal.safe_files import NotWrittenError, whole_file, write_whole
from fluoroview_simulated.room.skin import PATCH_MM, SkinMap

ENDINGS = (".png", ".npz")
_CELL_PX = 8
_MARGIN_PX = (70, 40, 150, 60)
"""Left, top, right, bottom."""
_INK = (230, 230, 230)
_GROUND = (28, 24, 22)


def save(text: str, skin: SkinMap) -> Path:
    """Writes the map to a file.

    `.npz` holds `kerma_mgy` (rows, columns), `heights_mm` (rows,) and `angles_deg` (columns,);
    `.png` the body laid out flat, head up, from the front over the left side and the back.

    Raises:
        ValueError: a sentence, for another ending or a place that cannot be written to.
    """
    path = Path(text).expanduser()
    if path.suffix not in ENDINGS:
        raise ValueError("the file's name must end in .png (image) or .npz (numbers)")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npz":
            surface = skin.surface
            with whole_file(path) as stream:
                np.savez_compressed(
                    stream,
                    kerma_mgy=skin.kerma_mgy,
                    heights_mm=surface.heights_mm,
                    angles_deg=surface.angles_deg,
                )
        else:
            write_whole(path, cv2.imencode(".png", image(skin))[1].tobytes())
    except NotWrittenError as error:
        raise ValueError(f"it cannot be written: {error.reason}; name another place") from error
    except OSError as error:
        raise ValueError(f"it cannot be written: {error.strerror}; name another place") from error
    return path


def image(skin: SkinMap) -> np.ndarray:
    """The map in colours with its scale, (rows, columns, 3) uint8, BGR."""
    surface, peak = skin.surface, skin.peak()
    # Turned so that each quarter has its side of the body in the middle.
    turn = surface.angles_deg.size * 3 // 8
    dose = np.roll(skin.kerma_mgy, turn, axis=1)
    there = np.roll(surface.there, turn, axis=1)
    most = float(dose.max())
    shades = np.rint(dose / (most or 1.0) * 255).astype(np.uint8)
    body = cv2.applyColorMap(shades, cv2.COLORMAP_INFERNO)
    body = np.where(dose[..., None] > 0, np.maximum(body, 60), 78).astype(np.uint8)
    body[~there] = _GROUND
    size = (body.shape[1] * _CELL_PX, body.shape[0] * _CELL_PX)
    body = cv2.resize(body, size, interpolation=cv2.INTER_NEAREST)
    left, top, right, bottom = _MARGIN_PX
    sheet = np.full((size[1] + top + bottom, size[0] + left + right, 3), _GROUND, np.uint8)
    sheet[top : top + size[1], left : left + size[0]] = body
    _write_axes(sheet, skin, size)
    where = "No skin dose yet"
    if most:  # else there is no scale
        _write_scale(sheet, most, size)
        where = f"Peak skin dose {peak.kerma_mgy:.3g} mGy, {peak.side}, simulated"
    _text(sheet, where, (left, 26), 0.6)
    return sheet


def _write_axes(sheet: np.ndarray, skin: SkinMap, size: tuple[int, int]) -> None:
    left, top, _, _ = _MARGIN_PX
    for k, name in enumerate(("right", "front", "left", "back")):
        x = left + round((k + 0.5) * size[0] / 4)
        _text(sheet, name, (x - 20, top + size[1] + 28), 0.55)
        if k:
            line = left + k * size[0] // 4
            cv2.line(sheet, (line, top), (line, top + size[1] - 1), (90, 90, 90), 1)
    heights = skin.surface.heights_mm
    for row in range(0, len(heights), max(1, round(100.0 / PATCH_MM))):
        y = top + row * _CELL_PX + _CELL_PX
        _text(sheet, f"{round(heights[row] / 10)} cm", (6, y), 0.42)


def _write_scale(sheet: np.ndarray, most: float, size: tuple[int, int]) -> None:
    left, top, _, _ = _MARGIN_PX
    x, tall = left + size[0] + 24, min(size[1], 320)
    bar = np.linspace(255, 0, tall).astype(np.uint8)[:, None].repeat(18, axis=1)
    sheet[top : top + tall, x : x + 18] = cv2.applyColorMap(bar, cv2.COLORMAP_INFERNO)
    for share in (1.0, 0.5, 0.0):
        y = top + round((1.0 - share) * (tall - 1))
        _text(sheet, f"{most * share:.3g} mGy", (x + 26, y + 6), 0.48)


def _text(sheet: np.ndarray, text: str, place: tuple[int, int], scale: float) -> None:
    cv2.putText(sheet, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, _INK, 1, cv2.LINE_AA)
