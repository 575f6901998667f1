"""The sheet of a gallery: one still of each procedure in a single image."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.hal.safe_files import write_whole
from fluoroview.session.devices.catalogue import CaseEntry, ProcedureEntry

COLUMNS = 4
TILE_PX, CAPTION_PX, GAP_PX = 320, 46, 6
_INK, _GROUND, _SCALE = 225, 16, 0.45
_JPEG_QUALITY = 88


def write_sheet(
    file: Path, entries: Sequence[tuple[ProcedureEntry, CaseEntry]], still: str
) -> Path | None:
    """Write the sheet from the stills next to it (`PROCEDURE/CASE` + `still`).

    The first abnormal case of each procedure is shown, else the first case. Return None and write
    no file where there is no still yet.
    """
    tiles = []
    for _, group in groupby(entries, key=lambda pair: pair[0].name):
        pairs = list(group)
        procedure, case = next((p for p in pairs if p[1].abnormal), pairs[0])
        image = cv2.imread(
            str(file.parent / procedure.name / (case.name + still)), cv2.IMREAD_GRAYSCALE
        )
        if image is not None:
            tiles.append(_tile(image.astype(np.uint8), (procedure.title, case.title)))
    if not tiles:
        return None
    while len(tiles) % min(COLUMNS, len(tiles)):
        tiles.append(np.full_like(tiles[0], _GROUND))
    columns = min(COLUMNS, len(tiles))
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    _, data = cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    write_whole(file, data.tobytes(), private=False)
    return file


def _tile(image: npt.NDArray[np.uint8], lines: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return a still with lines of text below."""
    shape = (TILE_PX + CAPTION_PX + GAP_PX, TILE_PX + GAP_PX)
    tile = np.full(shape, _GROUND, np.uint8)
    small = cv2.resize(image, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
    tile[:TILE_PX, :TILE_PX] = small
    for k, line in enumerate(lines):
        text, place = line, (4, TILE_PX + 18 + 19 * k)
        while cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, _SCALE, 1)[0][0] > TILE_PX - 8:
            text = text[:-2].rstrip(" .") + "."
        cv2.putText(tile, text, place, cv2.FONT_HERSHEY_SIMPLEX, _SCALE, _INK, 1, cv2.LINE_AA)
    return tile
