"""Cerebral angiography: injection into the left internal carotid, read subtracted (DSA)."""

from fluoroview_simulated.procedures.cerebral_angiography.procedure import CerebralAngiography

PROCEDURE = CerebralAngiography
