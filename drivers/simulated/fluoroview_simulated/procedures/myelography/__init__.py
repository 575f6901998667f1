"""Lumbar myelography: contrast in the thecal sac, moved by tilting the table."""

from fluoroview_simulated.procedures.myelography.procedure import Myelography

PROCEDURE = Myelography
