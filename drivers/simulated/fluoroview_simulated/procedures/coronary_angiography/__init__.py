"""Cardiac catheterisation: coronary arteries on a beating heart, injected by hand, dilated."""

from fluoroview_simulated.procedures.coronary_angiography.procedure import CoronaryAngiography

PROCEDURE = CoronaryAngiography
