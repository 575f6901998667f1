"""Insertion of a central venous catheter over a guidewire, and where its tip comes to lie."""

from fluoroview_simulated.procedures.central_line.procedure import CentralLine

PROCEDURE = CentralLine
