"""`DicomCine`: a DICOM file as a cine, read frame by frame and shown at its own timing."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
from pydicom.dataset import Dataset

from fluoroview.dicom.acquisition import (
    RecordedDose,
    read_dose,
    read_exposure,
    read_intensity_relationship,
    read_window,
)
from fluoroview.dicom.attributes import text
from fluoroview.dicom.file import open_file
from fluoroview.dicom.frame_index import locate_frames
from fluoroview.dicom.pixels import Converter, Image, Scale, read_layout
from fluoroview.dicom.privacy import keep_file_out_of_log, keep_patient_out_of_log
from fluoroview.dicom.reading import reader_for
from fluoroview.dicom.timing import CineTiming, read_timing
from fluoroview.hal.foreign_text import plain
from fluoroview.hal.frame import Exposure, PixelIntensityRelationship
from fluoroview.hal.window import Window


class DicomCine:
    """A single- or multi-frame DICOM file with pixels, opened for playing.

    Opening reads the header and finds the frames; each frame is read and decoded when it is asked
    for. Frames are counted from 0. Images are uint16, rows × columns, larger = brighter on the
    screen. `read` may be called from several threads, with `out` arrays of their own.

    Raises DicomError, from the constructor for a file that cannot be played and from `read` for a
    frame that cannot be decoded.

    Attributes:
        path: the file.
        frame_count, rows, columns: whole frames found, and their size in pixels.
        timing: how long each frame stays, and the attribute that states it.
        warnings: sentences about what is odd in the file; the viewer shows them.
        image_max: largest value that an image can have.
        scale: from image values back to the file's (rescaled) values.
        inverted: the file is MONOCHROME1 (small values bright) and its images were turned over.
        colour: images are the luminance of a colour file.
        intensity_relationship: LIN, LOG or DISP.
        window: the file's window in image values, or None.
        dose: recorded dose of the whole file.
        header: the data set without its pixels.
        modality, description: "XA", and a line for a title bar.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        keep_file_out_of_log(Path(path))
        file = open_file(path)
        keep_patient_out_of_log(file.data)
        self._stream = file.stream
        try:
            layout = read_layout(file.path, file.data)
            index = locate_frames(file, layout.frame_bytes)
            self._reader = reader_for(file, layout, index)
        except BaseException:
            file.stream.close()
            raise
        data = file.data
        self._converter = Converter(data, layout)
        self.path: Path = file.path
        self.header: Dataset = data
        self.frame_count = len(index.frames)
        self.rows, self.columns = layout.rows, layout.columns
        self.timing: CineTiming = read_timing(data, self.frame_count)
        self.warnings: tuple[str, ...] = (
            *file.warnings,
            *index.warnings,
            *self._converter.warnings,
            *self.timing.warnings,
        )
        self.image_max: int = self._converter.image_max
        self.scale: Scale = self._converter.scale
        self.inverted: bool = self._converter.inverted
        self.colour: bool = layout.samples == 3 or layout.photometric == "PALETTE COLOR"
        self.transfer_syntax: str = file.transfer_syntax.name
        self.intensity_relationship: PixelIntensityRelationship = read_intensity_relationship(data)
        self.window: Window | None = read_window(data, self._converter)
        self.dose: RecordedDose = read_dose(data)
        self.modality: str = text(data, "Modality")
        self._exposures: dict[int, Exposure] = {}
        self._exposures_lock = threading.Lock()

    @property
    def description(self) -> str:
        """One line: what was imaged, when, how large, how many frames."""
        date = text(self.header, "AcquisitionDate") or text(self.header, "StudyDate")
        if len(date) == 8 and date.isdigit():
            date = f"{date[:4]}-{date[4:6]}-{date[6:]}"
        frames = f"{self.frame_count} frame{'s' if self.frame_count > 1 else ''}"
        series = text(self.header, "SeriesDescription")
        size = f"{self.columns} × {self.rows}"
        return " · ".join(
            p for p in (plain(self.path.name), self.modality, series, date, size, frames) if p
        )

    def read(self, index: int, out: Image | None = None) -> Image:
        """Return the image of frame `index`, uint16, rows × columns; written to `out` if given.

        Raises IndexError outside 0 … frame_count − 1, ValueError for an `out` of another shape or
        type, DicomError for a frame that is damaged or gone.
        """
        if not 0 <= index < self.frame_count:
            raise IndexError(
                f"{self.path.name} has frames 0 to {self.frame_count - 1}, not {index}"
            )
        shape = (self.rows, self.columns)
        if out is None:
            out = np.empty(shape, np.uint16)
        elif out.shape != shape or out.dtype != np.uint16:
            raise ValueError(f"out is {out.dtype} {out.shape}; uint16 {shape} is required")
        self._converter.convert(self._reader.read(index, out), out)
        return out

    def frame(self, index: int) -> Image:
        """Return the image of frame `index` in a new array."""
        return self.read(index)

    def __iter__(self) -> Iterator[Image]:
        return (self.read(i) for i in range(self.frame_count))

    def __len__(self) -> int:
        return self.frame_count

    def duration_ms(self, index: int) -> float:
        """Return how long frame `index` stays on the screen, ms."""
        return self.timing.durations_ms[index]

    def exposure(self, index: int) -> Exposure:
        """Return the technique recorded for frame `index`; NaN for what is not recorded."""
        with self._exposures_lock:  # pydicom parses on access, which two threads must not do
            if index not in self._exposures:
                self._exposures[index] = read_exposure(self.header, index)
            return self._exposures[index]

    def close(self) -> None:
        """Close the file. Safe twice; `read` then raises DicomError."""
        self._stream.close()

    def __enter__(self) -> "DicomCine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
