"""Cystography of the adult and voiding cystourethrography of the child."""

from fluoroview_simulated.procedures.cystography.procedure import (
    Cystography,
    VoidingCystourethrography,
)

PROCEDURE = Cystography
PROCEDURES = (Cystography, VoidingCystourethrography)
