"""Orthopaedic guidance at the wrist: a Colles fracture is reduced and held with Kirschner wires."""

from fluoroview_simulated.procedures.wrist_pinning.procedure import WristPinning

PROCEDURE = WristPinning
