"""Docked panels: dose, technique, positioner, procedure, stream, device, parameters."""
