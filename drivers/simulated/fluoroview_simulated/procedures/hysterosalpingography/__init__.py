"""Hysterosalpingography: the cavity of the uterus, the tubes, and whether they let contrast out."""

from fluoroview_simulated.procedures.hysterosalpingography.examination import (
    Hysterosalpingography,
)

PROCEDURE = Hysterosalpingography
