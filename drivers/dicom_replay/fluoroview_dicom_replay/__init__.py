"""Driver `dicom_replay`: recorded DICOM loops as a detector.

It imports `fluoroview.dicom` besides the HAL, as no other driver may: the project has one reader
of DICOM, and there is no SDK in here whose weight or licence would have to stay apart.
"""

from fluoroview_dicom_replay.detector import DicomReplay

__all__ = ["DicomReplay"]
