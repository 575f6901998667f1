"""Reusable widgets, theme and sounds."""
