"""DICOM: reading cine loops with their timing, writing loops and held images. No Qt.

`DicomCine` opens a file frame by frame, `write_loop` and `write_image` store one, `DicomError`
is what both raise. The pieces, in the order in which a file passes through them:

    file.py         path → header, and where the pixels lie
    pixels.py       how pixels are stored, and their way to an image
    frame_index.py  where each frame lies
    reading.py      stored samples of one frame, decoded by pydicom
    timing.py       how long each frame stays
    acquisition.py  technique, dose, window, intensity relationship
    cine.py         all of it as one cine
    header.py       what a written file states about itself
    writing.py      the way out
"""

from fluoroview.dicom.acquisition import RecordedDose
from fluoroview.dicom.cine import DicomCine
from fluoroview.dicom.errors import DicomError
from fluoroview.dicom.header import LoopDescription, Storage, new_study_uid
from fluoroview.dicom.pixels import Scale
from fluoroview.dicom.timing import CineTiming
from fluoroview.dicom.writing import WrittenFile, write_image, write_loop

__all__ = [
    "CineTiming",
    "DicomCine",
    "DicomError",
    "LoopDescription",
    "RecordedDose",
    "Scale",
    "Storage",
    "WrittenFile",
    "new_study_uid",
    "write_image",
    "write_loop",
]
