"""`python -m fluoroview_simulated.prepare`: everything that is slow once, done beforehand.

Compiles all inner loops and projects every procedure's first case, so that no first start of an
procedure waits for them.
"""

from __future__ import annotations

import sys
import time

from fluoroview_simulated import procedures


def prepare() -> None:
    """Shows each procedure once, at 1024², with what the gallery does in it."""
    import cv2

    from fluoroview_simulated.render.scene import Scene
    from fluoroview_simulated.room.scene_builder import settled

    cv2.setNumThreads(1)
    for name in procedures.names():
        began = time.monotonic()
        patient = procedures.make(name)
        info = patient.info
        for t_s, control, value in info.gallery_actions_of(patient.case):
            patient.actions.record(t_s, control, value)
        start, end = info.gallery_s
        scene = Scene(patient)
        settled(scene, start + (end - start) * 2 / 3, info.rate_hz)
        scene.truth(start, info.technique)
        print(f"{info.title}: {time.monotonic() - began:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    prepare()
