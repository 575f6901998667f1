"""Lumbar myelography: contrast in the dural sac, moved by tilting the table."""

from fluoroview_simulated.procedures.myelography.examination import Myelography

PROCEDURE = Myelography
