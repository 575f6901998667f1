"""A generator that is not connected: its technique is what the operator types in."""

from fluoroview_manual.generator import ManualGenerator

__all__ = ["ManualGenerator"]
