"""Stent placement in the superficial femoral artery: wire, balloon, self-expanding stent."""

from fluoroview_simulated.procedures.stent_placement.procedure import StentPlacement

PROCEDURE = StentPlacement
