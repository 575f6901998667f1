"""Guided and unattended calibration of the connected detector."""
