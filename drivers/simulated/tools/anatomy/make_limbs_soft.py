"""Makes skin, fat and muscles of the left leg and of the hip: `python make_limbs_soft.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anatomy import solid as s
from anatomy.trabeculae import rounded
from fluoroview_simulated.anatomy.mesh import save

FOLDER = Path(__file__).resolve().parents[2] / "fluoroview_simulated" / "anatomy" / "meshes"

THIGH_SKIN = np.array(
    [  # z, x, y, half width, half depth, power
        (10, 0, 0, 158, 108, 2.4),
        (-60, 0, 3, 166, 108, 2.5),
        (-130, 0, 6, 174, 110, 2.6),
        (-190, 0, 8, 172, 112, 2.5),
        (-230, 8, 12, 156, 106, 2.3),
        (-258, 22, 16, 132, 96, 2.0),
        (-285, 36, 20, 104, 80, 2.0),
        (-310, 50, 22, 74, 62, 2.0),
        (-328, 60, 23, 52, 46, 2.0),
        (-340, 70, 23, 32, 28, 2.0),
        (-347, 80, 23, 10, 9, 2.0),
    ],
    float,
)
LEG_SKIN = np.array(
    [
        (-215, 100, 12, 76, 100, 2.2),
        (-280, 102, 14, 80, 90, 2.1),
        (-340, 103, 14, 77, 82, 2.0),
        (-420, 104, 13, 70, 74, 2.0),
        (-500, 103, 14, 62, 66, 2.0),
        (-550, 101, 16, 58, 60, 2.1),
        (-585, 99, 18, 56, 60, 2.2),
        (-615, 98, 20, 54, 56, 2.2),
        (-650, 100, 22, 52, 52, 2.0),
        (-720, 104, 30, 54, 58, 2.0),
        (-780, 105, 29, 51, 55, 2.0),
        (-860, 104, 24, 41, 44, 2.0),
        (-940, 103, 20, 32, 36, 2.0),
        (-1000, 103, 18, 34, 38, 2.1),
        (-1060, 104, 16, 36, 50, 2.2),
        (-1095, 104, 16, 34, 52, 2.6),
    ],
    float,
)


def leg_skin() -> s.Solid:
    """Left leg below the groin."""
    return s.uneven(s.lofted(None, rounded(LEG_SKIN)), 1.0, 70.0, 11)


def hip_skin() -> s.Solid:
    """Lower trunk with the left thigh; the other leg is held away, as on a fracture table."""
    into_trunk = np.array([(-110, 88, 4, 10, 14, 2), (-150, 92, 8, 44, 66, 2)], float)
    thigh = s.lofted(None, rounded(np.vstack([into_trunk, LEG_SKIN[LEG_SKIN[:, 0] > -600]])))
    trunk = s.lofted(None, rounded(THIGH_SKIN))
    return s.uneven(s.join(trunk, thigh, smooth=25.0), 1.2, 80.0, 12)


def fat_mm(p: np.ndarray) -> np.ndarray:
    """Thickness of the fat under the skin, mm."""
    z = p[:, 2]
    thick = np.interp(z, [-1100, -960, -720, -640, -590, -500, -300, -200, 0],
                      [4, 4, 6, 6, 6, 9, 13, 19, 22])  # fmt: skip
    return thick * (1.0 + 0.25 * np.sin(0.02 * p[:, 0] + 0.013 * z))


MUSCLES = np.array(
    [  # x, y at z -280; x, y at -520; x, y at -700; x, y at -900; weight mm
        (118, -48, 104, -28, 118, -8, 112, -6, 0),  # rectus femoris; tibialis anterior
        (150, -18, 134, -10, 127, 8, 118, 4, 4),  # vastus lateralis; peronei
        (108, -20, 80, -14, 112, 8, 108, 6, 2),  # vastus medialis and intermedius; extensors
        (76, -52, 56, 8, 70, 8, 72, 12, -8),  # sartorius
        (68, -8, 72, 22, 96, 38, 96, 30, 6),  # adductors; deep flexors
        (42, 2, 52, 32, 68, 44, 78, 36, -8),  # gracilis
        (78, 48, 72, 46, 76, 62, 86, 50, 0),  # semimembranosus; medial gastrocnemius
        (100, 66, 84, 58, 102, 54, 102, 46, -5),  # semitendinosus; soleus
        (126, 60, 128, 50, 130, 62, 116, 48, 1),  # biceps; lateral gastrocnemius
        (158, 40, 140, 34, 136, 38, 128, 30, -2),  # gluteus and tract
    ],
    float,
)


def pads() -> s.Solid:
    """Fat below and above the kneecap, and in the hollow of the knee."""
    return s.join(
        s.ellipsoid((99, -17, -606), (21, 11, 15), s.turn(18).T),
        s.ellipsoid((99, -13, -547), (17, 5, 14)),
        s.ellipsoid((99, 64, -592), (15, 17, 52)),
        smooth=4.0,
    )


def muscles(envelope: s.Solid) -> s.Solid:
    """Flesh within the fascia, parted by septa of fat between neighbouring muscles."""
    knee = pads()

    def distance(p: np.ndarray) -> np.ndarray:
        z = p[:, 2]
        level = [-900.0, -700.0, -520.0, -280.0]
        wave = 3.0 * np.sin(0.035 * z)[:, None]
        x = np.stack([np.interp(z, level, m[[6, 4, 2, 0]]) for m in MUSCLES], 1) + wave
        y = np.stack([np.interp(z, level, m[[7, 5, 3, 1]]) for m in MUSCLES], 1) - wave
        d = np.hypot(p[:, :1] - x, p[:, 1:2] - y) - MUSCLES[:, 8]
        d.partition(1, axis=1)
        half = (
            1.9
            + 0.9 * np.sin(0.05 * p[:, 0] + 0.04 * z)
            + np.interp(z, [-640, -575, -540], [0, 2, 0])
        )
        flesh = np.maximum(envelope(p) + fat_mm(p), half - (d[:, 1] - d[:, 0]) * 0.5)
        return np.maximum(flesh, -knee(p))

    return distance


def main() -> None:
    """Skin and muscles."""
    leg, hip = leg_skin(), hip_skin()
    save("limb_leg_skin", s.mesh_of(leg, (0, -110, -1100), (200, 130, -200), 6.0, 5000), FOLDER)
    save("limb_hip_skin", s.mesh_of(hip, (-190, -120, -480), (200, 135, 15), 6.0, 6000), FOLDER)
    flesh = muscles(leg)
    save(
        "limb_leg_muscles",
        s.mesh_of(flesh, (10, -100, -1000), (190, 120, -260), 3.2, 22000),
        FOLDER,
    )
    low = s.half_space((0, 0, -470), (0, 0, -1))
    flesh = s.common(muscles(hip), low)
    save(
        "limb_hip_muscles", s.mesh_of(flesh, (-180, -110, -475), (190, 125, 5), 4.5, 16000), FOLDER
    )


if __name__ == "__main__":
    main()
