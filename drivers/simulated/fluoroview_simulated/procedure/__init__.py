"""The procedures by name. Each has a course in time, contours and moving layers."""

PROCEDURES = ("modified-barium-swallow",)
