"""Types of the public names, which __init__.py imports at their first use."""

from fluoroview.api import AcquiredFrames as AcquiredFrames
from fluoroview.api import OpenDetector as OpenDetector
from fluoroview.api import check as check
from fluoroview.api import devices as devices
from fluoroview.api import drivers as drivers
from fluoroview.api import open_detector as open_detector
from fluoroview.api import read_cine as read_cine
from fluoroview.api import read_recording as read_recording
from fluoroview.api import record as record
from fluoroview.api import write_loop as write_loop
from fluoroview.hal.errors import FluoroError as FluoroError
from fluoroview.pipeline import Pipeline as Pipeline
from fluoroview.pipeline import PipelineSettings as PipelineSettings
from fluoroview.session.room import Room as Room
from fluoroview.session.room import read_room as read_room
from fluoroview.session.session import Session as Session

__all__: list[str]
__version__: str
