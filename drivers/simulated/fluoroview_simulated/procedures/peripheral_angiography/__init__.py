"""Peripheral angiography: run-off of the left leg from the groin, subtracted (DSA)."""

from fluoroview_simulated.procedures.peripheral_angiography.procedure import PeripheralAngiography

PROCEDURE = PeripheralAngiography
