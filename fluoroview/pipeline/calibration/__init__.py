"""Calibration sets: how they are computed, stored, matched to a detector mode and applied."""
