"""What goes wrong with a recording, as sentences."""

from fluoroview.hal import FluoroError


class RecordError(FluoroError):
    """A recording that cannot be made, opened or read."""


class DiskFullError(RecordError):
    """There is no room for one more frame."""
