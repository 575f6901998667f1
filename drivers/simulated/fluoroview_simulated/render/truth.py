"""The ground truth of each frame, one file per frame, to measure an image chain against.

A frame `frame-000012.npz` holds the image without noise, the material maps, and as JSON text the
state of the procedure at that moment. It loads with NumPy alone, without pickle.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fluoroview.hal.safe_files import whole_file

if TYPE_CHECKING:
    from fluoroview_simulated.render.scene import Truth


def checked_folder(text: str) -> str:
    """The folder if it can be written to; "" for none.

    Raises:
        ValueError: a sentence, if it cannot.
    """
    if not text:
        return ""
    folder = Path(text).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".fluoroview"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"it cannot be written to ({error.strerror}); name a folder of your own, or nothing"
        ) from error
    return str(folder)


def write(folder: str, frame_index: int, t_s: float, truth: Truth) -> Path:
    """Writes one frame's truth.

    The arrays are `noiseless` (size, size) uint16 in counts, and `soft`, `bone`, `metal` in mm and
    `contrast` in mm·g/cm³, (size, size) float16; `facts` is JSON.
    """
    path = Path(folder) / f"frame-{frame_index:06d}.npz"
    facts = {"frame_index": frame_index, "procedure_time_s": t_s, **truth.facts}
    with whole_file(path, sync=False) as stream:
        np.savez_compressed(
            stream,
            noiseless=truth.noiseless,
            soft=truth.soft.astype(np.float16),
            bone=truth.bone.astype(np.float16),
            contrast=truth.contrast.astype(np.float16),
            metal=truth.metal.astype(np.float16),
            facts=np.array(json.dumps(facts)),
        )
    return path
