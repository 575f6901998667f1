"""The great veins of neck and chest as seen from each place of puncture, and where the blood goes.

Each tree begins at the skin over the puncture; behind it follow the vessels a wire can take.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fluoroview_simulated.anatomy.vessels import Branch, Tree, smooth_line, tree_of

STEP_MM = 2.0
JUNCTION = np.array([-28.0, -13.0, 244.0])
"""Where the superior vena cava opens into the right atrium."""

Points = list[tuple[float, float, float]]
_RIGHT_NECK: Points = [(-46, -30, 412), (-34, -20, 396), (-30, -13, 370), (-28, -9, 344)]
_RIGHT_ARM: Points = [
    (-118, -70, 322), (-92, -40, 338), (-64, -24, 347), (-42, -14, 347), (-28, -9, 344),
]  # fmt: skip
_LEFT_ARM: Points = [
    (118, -70, 322), (92, -40, 338), (64, -24, 348), (44, -18, 349), (30, -16, 347),
]  # fmt: skip
_LEFT_ACROSS: Points = [
    (30, -16, 347), (16, -24, 339), (0, -26, 331), (-16, -18, 324), (-27, -9, 315),
]  # fmt: skip
_RIGHT_TRUNK: Points = [(-28, -9, 344), (-28, -7, 328), (-28, -8, 314)]
_CAVA: Points = [(-28, -8, 314), (-29, -8, 290), (-29, -10, 265), (-28, -13, 244)]
_ATRIUM: Points = [(-28, -13, 244), (-26, -17, 226), (-23, -16, 208), (-21, -10, 190)]
_LOWER: Points = [(-21, -10, 190), (-19, 0, 172), (-17, 12, 145), (-15, 18, 110), (-13, 18, 70)]
_VENTRICLE: Points = [(-25, -17, 215), (-12, -38, 205), (6, -56, 196), (26, -66, 186)]
_AZYGOS: Points = [
    (-29, -8, 284), (-28, 7, 286), (-21, 26, 287), (-10, 40, 276), (-7, 46, 255), (-6, 47, 215),
    (-5, 45, 160),
]  # fmt: skip
_LEFT_NECK: Points = [(30, -16, 347), (31, -18, 362), (33, -26, 382), (36, -34, 405)]


@dataclass(frozen=True)
class Access:
    """One place of puncture.

    Attributes:
        title: the vein that is punctured.
        tail: how the wire lies outside, from its free end to the skin.
        side: where its bend points at rotation 0.
    """

    title: str
    tail: tuple[tuple[float, float, float], ...]
    side: tuple[float, float, float]


ACCESS = {
    "right jugular": Access(
        "right internal jugular vein",
        ((-60, -130, 470), (-78, -120, 440), (-66, -75, 424), (-46, -30, 412)),
        (0.71, 0.19, 0.68),
    ),
    "right subclavian": Access(
        "right subclavian vein",
        ((-200, -140, 340), (-190, -150, 300), (-150, -110, 305), (-118, -70, 322)),
        (0.0, 0.0, 1.0),
    ),
    "left subclavian": Access(
        "left subclavian vein",
        ((200, -140, 340), (190, -150, 300), (150, -110, 305), (118, -70, 322)),
        (0.67, 0.7, -0.24),
    ),
}


@lru_cache(maxsize=3)
def veins(access: str) -> Tree:
    """The veins from one of `ACCESS`, parents first; branches are named as in anatomy."""
    cava = Branch("superior vena cava", _CAVA, (8.5, 10.0))
    if access == "right jugular":
        way = [
            Branch("right internal jugular vein", _RIGHT_NECK, (3.0, 6.0, 7.0, 7.5)),
            Branch(
                "right subclavian vein",
                _RIGHT_ARM[::-1][:4],
                (6.0, 4.0),
                "right internal jugular vein",
            ),
            Branch("right brachiocephalic vein", _RIGHT_TRUNK, 7.5, "right internal jugular vein"),
            _after(cava, "right brachiocephalic vein"),
            Branch(
                "left brachiocephalic vein", _LEFT_ACROSS[::-1], (7.0, 6.0), "superior vena cava"
            ),
        ]
    elif access == "right subclavian":
        way = [
            Branch("right subclavian vein", _RIGHT_ARM, (2.5, 4.5, 5.5, 6.5, 7.5)),
            Branch(
                "right internal jugular vein",
                [*_RIGHT_NECK[:0:-1], (-39, -24, 403)],
                (6.5, 6.0, 5.0, 4.0),
                "right subclavian vein",
            ),
            Branch("right brachiocephalic vein", _RIGHT_TRUNK, 7.5, "right subclavian vein"),
            _after(cava, "right brachiocephalic vein"),
            Branch(
                "left brachiocephalic vein", _LEFT_ACROSS[::-1], (7.0, 6.0), "superior vena cava"
            ),
        ]
    else:
        way = [
            Branch("left subclavian vein", _LEFT_ARM, (2.5, 4.5, 5.5, 6.0, 6.5)),
            Branch("left internal jugular vein", _LEFT_NECK, (6.0, 5.0), "left subclavian vein"),
            Branch("left brachiocephalic vein", _LEFT_ACROSS, (6.0, 7.5), "left subclavian vein"),
            _after(cava, "left brachiocephalic vein"),
            Branch(
                "right brachiocephalic vein",
                [*_RIGHT_TRUNK[::-1], _RIGHT_NECK[2], _RIGHT_NECK[1]],
                (7.0, 5.0),
                "left brachiocephalic vein",
            ),
        ]
    return tree_of(
        [
            *way,
            Branch("right atrium", _ATRIUM, (10.0, 15.0, 16.0, 11.0), "superior vena cava"),
            Branch("inferior vena cava", _LOWER, (10.5, 10.0), "right atrium"),
            Branch("right ventricle", _VENTRICLE, (9.0, 8.0, 6.0), "right atrium"),
            Branch("azygos vein", _AZYGOS, (4.5, 4.0, 3.5), "superior vena cava"),
        ],
        STEP_MM,
    )  # fmt: skip


def _after(branch: Branch, parent: str) -> Branch:
    return Branch(branch.name, branch.points, branch.radius_mm, parent)


TO_THE_HEART = np.array(
    [*_CAVA, *_ATRIUM[1:3], *_VENTRICLE[1:], (26, -62, 206), (18, -50, 236), (20, -38, 252)], float
)
"""The blood's way from the upper cava through the right heart to the pulmonary trunk."""
_WIDTH = np.array([8.5, 9.0, 9.5, 10.5, 15.0, 17.0, 15.0, 14.0, 12.0, 11.0, 11.0, 11.0])
CAVA_ML_S = 28.0
"""Blood flow in the upper cava."""
SIDE_ML_S = {"azygos vein": 0.6, "right internal jugular vein": 5.0}
"""Blood flow in veins that a catheter enters the wrong way; 9 ml/s in the others."""
HEART_MM = 11.0
"""Wider than this is a chamber, in which contrast whirls."""


@dataclass(frozen=True, eq=False)
class Stream:
    """The blood's way from a catheter's tip, in even steps of 3 mm.

    Attributes:
        points: (k, 3) mm; radius_mm: (k,) of the vessel; flow_ml_s: (k,) of blood in it.
    """

    points: np.ndarray
    radius_mm: np.ndarray
    flow_ml_s: np.ndarray

    @property
    def arrival_s(self) -> np.ndarray:
        """Time of the blood from the tip, (k,); plug flow but never faster than 180 mm/s."""
        area = np.pi * self.radius_mm**2
        speed = np.minimum(self.flow_ml_s * 1e3 / area, 180.0)
        return np.concatenate([[0.0], np.cumsum(3.0 / speed[1:])])


def stream(device: np.ndarray, vein: str) -> Stream:
    """Where the blood takes what leaves the tip of a device that lies from skin to tip, (k, 3).

    Blood comes with the device from arm and neck, but against it in a vein entered the wrong way.
    """
    tip = device[-1]
    gap = np.linalg.norm(TO_THE_HEART - tip, axis=1)
    near = int(np.argmin(gap))
    side = SIDE_ML_S.get(vein, 9.0)
    if gap[near] < 14.0 or (tip[2] < JUNCTION[2] and vein != "azygos vein"):
        line, wide = TO_THE_HEART[near + 1 :], _WIDTH[near + 1 :]
        line, wide = np.concatenate([[tip], line]), np.concatenate([[min(wide[0], 9.0)], wide])
        flow = np.full(len(line), CAVA_ML_S)
    else:
        joined = np.linalg.norm(device[:, None] - TO_THE_HEART[None], axis=2)
        back = np.argwhere(joined < 13.0)
        leaves, at = back[-1] if len(back) else (len(device) - 1, -1)
        first = device[leaves:][::-1]
        line = np.concatenate([first, TO_THE_HEART[at + 1 :]])
        wide = np.concatenate([np.full(len(first), 3.8 if side < 2 else 5.5), _WIDTH[at + 1 :]])
        flow = np.concatenate(
            [np.full(len(first), side), np.full(len(wide) - len(first), CAVA_ML_S)]
        )
    even, where = smooth_line(line, 3.0)
    n = np.arange(len(line))
    return Stream(even, np.interp(where, n, wide), np.interp(where, n, flow))
