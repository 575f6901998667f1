"""The procedures as data, for whoever lists or renders them without the device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np

from fluoroview_simulated import procedures
from fluoroview_simulated.panel.panel import LAG_PULSES, MATRICES
from fluoroview_simulated.room.scene_builder import settled
from fluoroview_simulated.room.state import ACQUISITION, DETECTOR_DOSE, stronger
from fluoroview_simulated.room.technique import Technique
from fluoroview_simulated.room.tube import rating_kw


def listed() -> list[dict[str, Any]]:
    """Every procedure with cases, controls, start technique and view; JSON-able."""
    return [_described(name) for name in procedures.names()]


def _described(name: str) -> dict[str, Any]:
    info = procedures.find(name).info
    geometry = asdict(info.geometry)
    geometry["iris_mm"] = None if np.isinf(info.geometry.iris_mm) else info.geometry.iris_mm
    return {
        "name": info.name,
        "title": info.title,
        "agent": info.agent,
        "teaching": info.teaching,
        "technique": asdict(info.technique),
        "geometry": geometry,
        "rate_hz": info.rate_hz,
        "subtraction": info.subtraction,
        "bodies": list(info.bodies),
        "cases": [
            {
                "name": case.name,
                "title": case.title,
                "abnormal": case.abnormal,
                "teaching": case.teaching,
            }
            for case in info.cases
        ],
        "controls": [asdict(control) for control in info.controls],
    }


def gallery_frames(
    name: str,
    case: str,
    size: int = 1024,
    frames: int | None = None,
    *,
    start_s: float | None = None,
    rate_hz: float | None = None,
    acquisition: bool | None = None,
) -> tuple[dict[str, Any], Iterator[tuple[float, np.ndarray]]]:
    """Return one case as the gallery, or a sample loop, shows it.

    Args:
        name, case: what to render.
        size: rows and columns; rendered at the next larger matrix, and averaged down.
        frames: how many; None: the whole movie.
        start_s, rate_hz: procedure time of the first pulse, and pulses per second; None: as the
            movie has them.
        acquisition: whether the detector dose is that of an acquisition; None: for DSA.

    Returns:
        {"rate_hz", "still", "technique", "geometry"}: frames per second of the movie, which frame
        is the still, and fields of `Technique` and `Geometry`; and an iterator of procedure time
        in s and (size, size) uint16 pixels, linear in exposure.

    Raises:
        ValueError: for an unknown procedure or case.
    """
    from fluoroview_simulated.render.scene import Scene

    patient = procedures.make(name, case)
    info = patient.info
    for t_s, control, value in info.gallery_actions_of(patient.case):
        patient.actions.record(t_s, control, value)
    start = info.gallery_s[0] if start_s is None else start_s
    rate = info.rate_hz if rate_hz is None else rate_hz
    count = max(1, round((info.gallery_s[1] - start) * rate))
    still = (2 * count) // 3
    if frames is not None:
        count = frames
    matrix = next((m for m in MATRICES if m >= size), MATRICES[-1])
    scene = Scene(patient, matrix)
    technique = settled(scene, start, rate)
    if info.subtraction if acquisition is None else acquisition:
        technique = stronger(technique, DETECTOR_DOSE[ACQUISITION], rating_kw("1.0"))

    def pulses() -> Iterator[tuple[float, np.ndarray]]:
        out = np.empty((matrix, matrix), np.uint16)
        lag: deque[tuple[float, Technique]] = deque(maxlen=LAG_PULSES)
        for i in range(count):
            t_s = start + i / rate
            scene.frame(i, t_s, technique, out, lag)
            lag.appendleft((t_s, technique))
            yield t_s, cv2.resize(out, (size, size), interpolation=cv2.INTER_AREA)

    about = {
        "rate_hz": rate,
        "still": still,
        "technique": asdict(technique),
        "geometry": asdict(scene.geometry),
    }
    return about, pulses()
