"""What an examination does not allow is one sentence that reads well, and nothing is done."""

from types import SimpleNamespace

import pytest

from fluoroview.hal import ParameterTree
from fluoroview.hal.errors import FluoroError
from fluoroview_simulated.driver import controls
from fluoroview_simulated.procedures.base import Control


class Patient:
    """Allows nothing, and notes what is done all the same."""

    def __init__(self, why):
        self.why, self.done = why, []
        self.actions = SimpleNamespace(note=lambda *act: self.done.append(act))

    def check(self, name, value, now_s):
        raise ValueError(self.why)


@pytest.mark.parametrize(
    ("control", "value", "why", "sentence"),
    [
        (
            Control("Drill", "step", "", "mm"),
            0.5,
            "Drill: the nail is not in place. Advance the nail (N) first.",
            "suite: parameter Drill cannot be 0.5 mm: the nail is not in place. "
            "Advance the nail (N) first.",
        ),
        (
            Control("Balloon", "step", "", "mm"),
            0.5,
            "Balloon 0.5 mm: the wire must lead by 32 mm.",
            "suite: parameter Balloon cannot be 0.5 mm: the wire must lead by 32 mm.",
        ),
        (
            Control("Swallow", "command", ""),
            "run",
            "The patient is busy: Swallow is possible in 4 s.",
            "suite: parameter Swallow cannot be run: The patient is busy: "
            "Swallow is possible in 4 s.",
        ),
    ],
)
def test_a_refusal_names_the_control_once_and_ends_with_one_full_stop(
    control, value, why, sentence
):
    patient = Patient(why)
    device = SimpleNamespace(
        suite=SimpleNamespace(info=SimpleNamespace(controls=[control])),
        scene=lambda: None,
        patient=lambda: patient,
        now_s=lambda: 0.0,
    )
    tree = ParameterTree(controls.of(device), "suite")
    with pytest.raises(FluoroError) as refused:
        tree.write(control.name, value)
    assert str(refused.value) == sentence
    assert patient.done == []
