"""Raw recordings: every frame with its header and every pulse, in HDF5, surviving a crash.

`Recorder` writes them from a frame ring, `Recording` reads them, `recover` saves what a crash
left. Playing one is the job of the driver `recording`.
"""

from fluoroview.recording.errors import DiskFullError, RecordError
from fluoroview.recording.layout import SUFFIX, Ending, RecordingInfo, RunAccount
from fluoroview.recording.places import new_recording_path, recording_folders
from fluoroview.recording.reading import Recording
from fluoroview.recording.recorder import Recorder, RecordingStatus
from fluoroview.recording.recovery import RecoveryReport, recover

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
