"""Bones and soft tissue of the left leg and of the left hand, by region.

The leg stands in the patient's frame. The hand has a frame of its own, that of the procedures
which look at it: wrist at the origin, palm down (+y) on the table, fingers towards +z, thumb
towards +x.

Spongy bone is marrow with struts in it, so it takes away less soft tissue than compact bone does.
"""

from __future__ import annotations

from dataclasses import replace

from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.parts import Part

FAT = -0.1
COMPACT = 0.92
"""mm of cortical bone per mm of compact bone, pores taken off."""
MARROW = 0.93
"""mm of soft tissue per mm of fatty marrow."""


def filled(
    outside: str, spongy: float = 0.24, inside: str = "", wall_mm: float = 0.22
) -> list[Part]:
    """A bone as two shipped meshes: compact outside, spongy inside; uneven walls."""
    space = load(inside or f"{outside}_spongy")
    return [
        Part(load(outside), soft=-1.0, bone=COMPACT, shell_mm=wall_mm, grain=1.0),
        Part(space, MARROW * (1 - spongy), spongy - COMPACT, shell_mm=0.5 * wall_mm, grain=1.0),
    ]


def struts(name: str, strength: float = 0.8) -> Part:
    """Trabeculae along the lines of load."""
    return Part(load(name), bone=strength, soft=-strength)


def canal() -> Part:
    """The femur's marrow canal: the struts' bone is missing there."""
    return Part(load("limb_femur_canal"), soft=0.16, bone=-0.19)


def hip_bones() -> list[Part]:
    """The unbroken upper femur in detail, down to z = -430."""
    return [*filled("limb_femur_hip"), canal(), struts("limb_hip_struts", 1.2)]


def head_fragment() -> list[Part]:
    """The head side of the broken femur, where it was before it broke."""
    return [*filled("limb_fragment_head", wall_mm=0.12), struts("limb_fragment_head_struts", 1.2)]


def shaft_fragment() -> list[Part]:
    """The shaft side of the broken femur, where it was before it broke."""
    pieces = filled("limb_fragment_shaft", wall_mm=0.12)
    return [*pieces, canal(), struts("limb_fragment_shaft_struts", 1.2)]


def hip_socket() -> list[Part]:
    """Pelvis around the hip."""
    from fluoroview_simulated.anatomy.regions_skeleton import pelvis

    return [replace(p, soft=-0.35) for p in pelvis()]


def hip_soft() -> list[Part]:
    """Lower trunk and left thigh with fat planes; the right leg is held out of the beam."""
    return [
        Part(load("limb_hip_skin"), soft=1.0 + FAT, skin=True),
        Part(load("limb_hip_muscles"), soft=-FAT),
    ]


def leg_bones() -> list[Part]:
    """Femur, kneecap, tibia, fibula."""
    return [
        *filled("limb_femur"),
        canal(),
        *filled("limb_tibia"),
        *filled("limb_fibula", spongy=0.18),
        Part(load("limb_patella"), soft=-0.3, bone=0.22, shell_mm=0.5, grain=0.3),
        struts("limb_knee_struts", 0.6),
    ]


def foot_bones() -> list[Part]:
    """Ankle and hindfoot."""
    return [Part(load("limb_foot"), soft=-0.35, bone=0.22, shell_mm=0.8, grain=0.5)]


def leg_soft() -> list[Part]:
    """Skin, fat and muscles from the groin to the sole."""
    return [
        Part(load("limb_leg_skin"), soft=1.0 + FAT, skin=True),
        Part(load("limb_leg_muscles"), soft=-FAT),
    ]


CARPALS = (
    "scaphoid", "lunate", "triquetrum", "pisiform", "trapezium", "trapezoid", "capitate", "hamate",
)  # fmt: skip


def hand() -> list[Part]:
    """Wrist, metacarpals and phalanges."""
    wrist = [
        Part(load(f"hand_{n}"), soft=-0.42, bone=0.24, shell_mm=0.5, grain=0.45) for n in CARPALS
    ]
    fingers = filled("hand_fingers", wall_mm=0.1)
    return [*wrist, struts("hand_carpal_struts"), *fingers]


def radius() -> list[Part]:
    """The unbroken distal radius."""
    return [*filled("hand_radius", wall_mm=0.15), struts("hand_radius_struts")]


def radius_end() -> list[Part]:
    """The wrist side of the broken radius, where it was before it broke."""
    return [*filled("hand_radius_end", wall_mm=0.12), struts("hand_radius_end_struts")]


def radius_shaft() -> list[Part]:
    """The shaft of the broken radius."""
    return [*filled("hand_radius_shaft", wall_mm=0.12), struts("hand_radius_shaft_struts")]


def hand_soft() -> list[Part]:
    """Skin, fat, flesh."""
    return [Part(load("hand_skin"), soft=1.0 + FAT), Part(load("hand_flesh"), soft=-FAT)]
