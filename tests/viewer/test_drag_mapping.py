"""Which controls the mouse moves, found from their keys."""

import pytest

from fluoroview.session.devices.catalogue import read_catalogue
from fluoroview.viewer.input.drag_mapping import (
    LEFT_RIGHT,
    UP_DOWN,
    DragMapping,
    direction_of_more,
    drag_mapping_for,
)

VEIN = {
    "GuidewireAdvance": ("Up", "Down"),
    "GuidewireRotate": ("Right", "Left"),
    "CatheterAdvance": ("Shift+Up", "Shift+Down"),
}
WRIST = {
    "Traction": ("T", "Shift+T"),
    "Wire1": ("Up", "Down"),
    "Wire1Angle": ("Right", "Left"),
    "Wire2": ("Shift+Up", "Shift+Down"),
    "Wire2Angle": ("Shift+Right", "Shift+Left"),
}
STENT = {"StentAdvance": ("T", "Shift+T"), "Deploy": ("D",)}


@pytest.mark.parametrize(
    ("keys", "taken", "hand"),
    [
        (VEIN, "", DragMapping("GuidewireAdvance", "GuidewireRotate")),
        (VEIN, "CatheterAdvance", DragMapping("CatheterAdvance", "")),
        (VEIN, "GuidewireRotate", DragMapping("GuidewireAdvance", "GuidewireRotate")),
        (VEIN, "NoLongerThere", DragMapping("GuidewireAdvance", "GuidewireRotate")),
        (WRIST, "", DragMapping("Wire1", "Wire1Angle")),
        (WRIST, "Wire2", DragMapping("Wire2", "Wire2Angle")),
        (WRIST, "Traction", DragMapping("Traction", "Wire1Angle")),
        (STENT, "", DragMapping("StentAdvance", "")),
        (STENT, "Deploy", DragMapping("Deploy", "")),
        ({"Turn": ("Left", "Right")}, "", DragMapping("", "Turn")),
        ({}, "", DragMapping()),
    ],
)
def test_the_hand_takes_what_the_arrows_move_or_what_was_chosen(keys, taken, hand):
    assert drag_mapping_for(keys, taken) == hand


@pytest.mark.parametrize(
    ("keys", "way"),
    [
        (("Up", "Down"), +1),
        (("Down", "Up"), -1),
        (("Right", "Left"), +1),
        (("Left", "Right"), -1),
        (("N", "Shift+N"), +1),
    ],
)
def test_more_is_where_the_first_key_points(keys, way):
    assert direction_of_more(keys) == way


def test_the_signs_say_which_way_a_control_goes():
    hand = DragMapping("Wire", "Turn")
    assert [hand.sign(name) for name in ("Wire", "Turn", "Drill", "")] == [
        UP_DOWN,
        LEFT_RIGHT,
        "",
        "",
    ]


def test_every_step_of_every_shipped_procedure_can_be_had_with_the_mouse():
    procedures = read_catalogue().of("simulated")
    assert len(procedures) >= 15
    for entry in procedures:
        keys = {each.name: each.shortcut for each in entry.controls if each.kind == "step"}
        for name in keys:
            mappings = [drag_mapping_for(keys, selected) for selected in keys]
            assert any(mapping.sign(name) for mapping in mappings), f"{entry.name}: {name}"
