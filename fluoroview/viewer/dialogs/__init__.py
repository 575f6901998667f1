"""Dialogs: calibration, help, skin dose map."""
