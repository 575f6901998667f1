"""Errors of recordings, as sentences."""

from fluoroview.hal import FluoroError


class RecordError(FluoroError):
    """A recording that cannot be created, opened or read."""


class DiskFullError(RecordError):
    """The disk has no room for another frame."""
