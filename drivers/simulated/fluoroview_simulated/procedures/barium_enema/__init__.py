"""Barium enema, with a full column (single contrast) and with air (double contrast)."""

from fluoroview_simulated.procedures.barium_enema.procedure import BariumEnema

PROCEDURE = BariumEnema
