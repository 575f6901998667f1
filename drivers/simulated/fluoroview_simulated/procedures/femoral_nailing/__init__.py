"""Orthopaedic guidance at the hip: reduction of a fracture, nail and lag screw."""

from fluoroview_simulated.procedures.femoral_nailing.procedure import FemoralNailing

PROCEDURE = FemoralNailing
