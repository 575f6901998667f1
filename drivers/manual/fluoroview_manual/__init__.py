"""An x-ray source that is not connected: its technique is what the operator types in."""

from fluoroview_manual.source import ManualSource

__all__ = ["ManualSource"]
