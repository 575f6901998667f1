"""Which parameters are a procedure's controls while the catalogue is still being read."""

from fluoroview.hal import ParameterInfo, ParameterSet
from fluoroview.hal.roles import Role
from fluoroview.viewer.panels.procedure_panel import control_names


def parameter(*pairs):
    return ParameterSet(
        ParameterInfo(name, shortcut=tuple(keys), role=role) for name, keys, role in pairs
    )


def test_what_has_keys_is_a_control_but_for_the_positioner_and_what_must_be_held():
    offered = parameter(
        ("Inject", ["I"], Role.OPERATOR_CONTROL),
        ("HighLevelControl", ["K"], Role.HIGH_LEVEL),
        ("Angle", ["Ctrl+Left", "Ctrl+Right"], Role.PRIMARY_ANGLE),
        ("TubeVoltage", [], Role.TUBE_VOLTAGE),
    )
    assert control_names(offered, None) == ["Inject"]
