"""Orthopaedic guidance at the hip: reduction of a fracture, nail and lag screw."""

from fluoroview_simulated.procedures.femoral_nailing.nailing import FemoralNailing

PROCEDURE = FemoralNailing

__all__ = ["PROCEDURE"]
