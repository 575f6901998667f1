"""Cystography of the adult and voiding cystourethrography of the child."""

from fluoroview_simulated.procedures.cystography.examination import (
    Cystography,
    VoidingCystourethrography,
)

PROCEDURE = Cystography
PROCEDURES = (Cystography, VoidingCystourethrography)
