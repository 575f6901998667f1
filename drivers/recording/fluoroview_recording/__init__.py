"""Driver `recording`: raw recordings as a detector.

It imports `fluoroview.recording` next to the HAL, as `dicom_replay` imports `fluoroview.dicom`: the
project has one reader of its own recordings, and there is no SDK in here whose weight or licence
would have to stay apart.
"""

from fluoroview_recording.detector import RecordingReplay

__all__ = ["RecordingReplay"]
