"""Hysterosalpingography: uterine cavity, uterine tubes, and free spill from them."""

from fluoroview_simulated.procedures.hysterosalpingography.procedure import (
    Hysterosalpingography,
)

PROCEDURE = Hysterosalpingography
