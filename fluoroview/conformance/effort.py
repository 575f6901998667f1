"""How thorough a check is: counts and durations, in three grades."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Counts and durations of one check.

    `deadline_scale` multiplies the HAL's deadlines; `budget_s` ends the counted repetitions of a
    slow device early (the finding states how many were done); `reopen_s` is how long a device may
    stay claimed after its process was killed; after `trial_s` a whole trial is abandoned.
    """

    name: str = "standard"
    opens: int = 100
    runs: int = 100
    stream_s: float = 2.0
    settle_s: float = 0.25
    first_frame_s: float = 30.0
    reopen_s: float = 15.0
    budget_s: float = 15.0
    trial_s: float = 90.0
    deadline_scale: float = 1.0


QUICK = Effort("quick", opens=10, runs=20, stream_s=1.0, budget_s=5.0)
STANDARD = Effort()
THOROUGH = Effort("thorough", runs=1000, stream_s=30.0, budget_s=900.0, trial_s=1200.0)
EFFORTS = {effort.name: effort for effort in (QUICK, STANDARD, THOROUGH)}
