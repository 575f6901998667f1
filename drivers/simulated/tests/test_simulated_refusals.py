"""What a procedure does not allow is one sentence that reads well, and nothing is done."""

from types import SimpleNamespace

import pytest

from fluoroview.hal import ParameterTree
from fluoroview.hal.errors import FluoroError
from fluoroview_simulated.driver import controls
from fluoroview_simulated.procedures.base import Control, RefusedActionError


class Patient:
    """Allows nothing, and notes what is done all the same."""

    def __init__(self, why):
        self.why, self.done = why, []
        self.actions = SimpleNamespace(record=lambda *act: self.done.append(act))

    def check(self, name, value, now_s):
        raise RefusedActionError(self.why, code="FV-SIM-000")


@pytest.mark.parametrize(
    ("control", "value", "why"),
    [
        (
            Control("Drill", "step", "", "mm"),
            0.5,
            "The nail is not in place. Advance the nail (N) first.",
        ),
        (
            Control("CatheterAdvance", "step", "", "mm"),
            0.5,
            "Too deep: the tip would occlude the left main. Withdraw (↓).",
        ),
        (
            Control("Swallow", "command", ""),
            "run",
            "The patient is swallowing: the next bolus is possible in 4 s.",
        ),
    ],
)
def test_a_refusal_is_the_procedures_own_sentence(control, value, why):
    patient = Patient(why)
    device = SimpleNamespace(
        device_id="room",
        room=SimpleNamespace(state=SimpleNamespace(info=SimpleNamespace(controls=[control]))),
        scene=lambda: None,
        patient=lambda: patient,
        now_s=lambda: 0.0,
    )
    tree = ParameterTree(controls.controls(device), "room")
    with pytest.raises(FluoroError) as refused:
        tree.write(control.name, value)
    assert str(refused.value) == why
    assert patient.done == []
