"""`Sequencing`: what follows the last image of a loop."""

from enum import StrEnum


class Sequencing(StrEnum):
    """What follows the last image (DICOM PreferredPlaybackSequencing, and once)."""

    LOOP = "loop"
    SWEEP = "sweep"
    ONCE = "once"
