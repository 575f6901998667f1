"""Raw recordings: every frame with its header and every pulse, in HDF5, surviving a crash.

`Recorder` writes them from a frame ring, `Recording` reads them, `recover` saves what a crash
left. Playing one is the job of the driver `recording`.
"""

from fluoroview.record.errors import DiskFullError, RecordError
from fluoroview.record.layout import SUFFIX, Ending, RecordingInfo, RunAccount
from fluoroview.record.places import new_recording_path, recording_folders
from fluoroview.record.reading import Recording
from fluoroview.record.recorder import Recorder, RecordingStatus
from fluoroview.record.recovery import RecoveryReport, recover

__all__ = [
    "SUFFIX",
    "DiskFullError",
    "Ending",
    "RecordError",
    "Recorder",
    "Recording",
    "RecordingInfo",
    "RecordingStatus",
    "RecoveryReport",
    "RunAccount",
    "new_recording_path",
    "recording_folders",
    "recover",
]
