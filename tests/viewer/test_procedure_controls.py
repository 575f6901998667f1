"""Which parameters are an examination's controls while the catalogue is still being read."""

from fluoroview.hal import ParameterInfo
from fluoroview.viewer.panels.procedure_panel import control_names


def parameter(*pairs):
    return [ParameterInfo(name, shortcut=tuple(keys)) for name, keys in pairs]


def test_what_has_keys_is_a_control_but_for_the_stand_and_what_must_be_held():
    offered = parameter(
        ("Inject", ["I"]),
        ("HighLevelControl", ["K"]),
        ("PositionerPrimaryAngle", ["Ctrl+Left", "Ctrl+Right"]),
        ("TubeVoltage", []),
    )
    assert control_names(offered, None) == ["Inject"]
