"""Draws anatomy and cases to images, to look at while they are made.

`python look.py parts skull spine --primary 30 --fov 300 --iso 0,0,0 --out /tmp/x.png` shows shipped
meshes as bones (`name:soft=-0.74` as tissue); `python look.py case NAME CASE --t 3` a pulse.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np

from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.parts import Part, bone
from fluoroview_simulated.anatomy.project import project_parts
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.room.technique import Geometry


def main() -> None:
    """Reads the command line and writes one PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    sub = parser.add_subparsers(dest="what", required=True)
    parts = sub.add_parser("parts")
    parts.add_argument("names", nargs="+")
    case = sub.add_parser("case")
    case.add_argument("procedure")
    case.add_argument("case")
    case.add_argument("--t", type=float, default=3.0)
    case.add_argument("--act", action="append", default=[], help="time:control[=value]")
    case.add_argument("--body", default="")
    for p in (parts, case):
        p.add_argument("--primary", type=float, default=None)
        p.add_argument("--secondary", type=float, default=None)
        p.add_argument("--iso", default=None)
        p.add_argument("--fov", type=float, default=None, help="mm at the isocentre")
        p.add_argument("--size", type=int, default=1024)
        p.add_argument("--out", default="/tmp/look.png")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    image = _parts(args) if args.what == "parts" else _case(args)
    cv2.imwrite(args.out, image)


def _geometry(args: argparse.Namespace, start: Geometry) -> Geometry:
    from dataclasses import replace

    changes: dict = {}
    if args.primary is not None:
        changes["primary_deg"] = args.primary
    if args.secondary is not None:
        changes["secondary_deg"] = args.secondary
    if args.iso:
        changes["isocentre_mm"] = tuple(float(v) for v in args.iso.split(","))
    if args.fov:
        side = args.fov * start.magnification
        changes |= {"detector_mm": side, "field_width_mm": side, "field_height_mm": side}
    return replace(start, **changes)


def _parts(args: argparse.Namespace) -> np.ndarray:
    chosen = []
    for name in args.names:
        mesh, _, soft = name.partition(":soft=")
        chosen.append(Part(load(mesh), soft=float(soft)) if soft else bone(mesh))
    wide = Geometry(detector_mm=437.5, field_width_mm=437.5, field_height_mm=437.5)
    maps = project_parts(chosen, View(_geometry(args, wide)), args.size)
    assert maps is not None
    soft, solid = maps
    signal = 0.021 * soft + 0.055 * solid
    low, high = np.percentile(signal, [1, 99.7])
    return (255 - np.clip((signal - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)


def _case(args: argparse.Namespace) -> np.ndarray:
    from fluoroview_simulated.procedures import make, start_geometry
    from fluoroview_simulated.render.scene import Scene
    from fluoroview_simulated.room.scene_builder import settled

    procedure = make(args.procedure, args.case, 1, args.body)
    info = procedure.info
    for t, name, value in [_act(a) for a in args.act] or info.gallery_actions_of(args.case):
        procedure.actions.record(t, name, value)
    start = start_geometry(info, args.case, procedure.body)
    scene = Scene(procedure, args.size, 1, _geometry(args, start))
    technique = settled(scene, args.t, info.rate_hz)
    frames = [scene.frame(i, args.t + i / 15, technique).astype(float) for i in range(4)]
    log = np.log(np.maximum(np.mean(frames, axis=0), 1.0))
    inner = log[args.size // 20 : -args.size // 20, args.size // 20 : -args.size // 20]
    low, high = np.percentile(inner, [0.5, 99.5])
    return (np.clip((log - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)


def _act(text: str) -> tuple[float, str, object]:
    time, _, rest = text.partition(":")
    name, _, value = rest.partition("=")
    if value in ("True", "False"):
        return float(time), name, value == "True"
    try:
        return float(time), name, float(value) if value else None
    except ValueError:
        return float(time), name, value


if __name__ == "__main__":
    main()
