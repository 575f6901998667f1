"""One turn of the patient: when a bolus is given, swallowed and done with."""

from __future__ import annotations

from dataclasses import dataclass

from fluoroview_simulated.procedures.modified_barium_swallow.boluses import Bolus

TURN_S = 8.0
"""From the start of one swallow's turn to the next; chewing comes on top."""
ONSET_S = 2.7
"""From the start of a turn to the moment when the bolus passes the angle of the jaw."""
BUSY_S = 6.0
"""For so long after the start of a turn (and the chewing) the patient takes nothing new."""


@dataclass(frozen=True)
class Turn:
    """One bolus taken: when its turn starts, and its number."""

    start_s: float
    number: int
    bolus: Bolus

    @property
    def onset_s(self) -> float:
        """Procedure time at which the swallow itself begins."""
        return self.start_s + ONSET_S + self.bolus.chew_s

    @property
    def free_s(self) -> float:
        """Procedure time from which the patient can be asked for the next."""
        return self.start_s + BUSY_S + self.bolus.chew_s

    @property
    def end_s(self) -> float:
        """Procedure time at which the next turn starts automatically."""
        return self.start_s + TURN_S + self.bolus.chew_s
