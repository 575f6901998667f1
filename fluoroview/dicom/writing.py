"""Writing a loop, or a held image, as X-ray radiofluoroscopic or angiographic DICOM.

Frames go to the disk as they come. A full disk leaves the older file, or none, never half a loop
(`hal/safe_files`). What the file states about itself is made in `header.py`.
"""

import math
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom

from fluoroview.dicom.errors import DicomError
from fluoroview.dicom.header import Frame, LoopDescription, make_header
from fluoroview.hal.safe_files import NotWrittenError, whole_file

Progress = Callable[[int, int], None]

_MAX_ELEMENT_BYTES = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written whole; `warnings` are sentences about what it could not hold."""

    path: Path
    frame_count: int
    size_bytes: int
    sop_instance_uid: str
    study_uid: str
    series_uid: str
    warnings: tuple[str, ...] = ()


def write_loop(
    path: str | os.PathLike[str],
    frames: Iterable[Frame],
    description: LoopDescription,
    progress: Progress | None = None,
) -> WrittenFile:
    """Write a loop as multi-frame DICOM, explicit VR little endian.

    `frames`: `description.frame_count` arrays, rows × columns, all uint8 or all uint16; each is
    used before the next is asked for, so one buffer may serve all. `progress(done, total)` is
    called after each frame. An existing file of that name is replaced.

    Raises DicomError when the loop cannot be written; the target is then as it was before.
    """
    path = Path(path)
    try:
        with whole_file(path) as stream:
            written = _write(stream, path, iter(frames), description, progress)
    except NotWrittenError as error:
        raise DicomError(
            path, f"was not stored: {error.reason}.", error.remedy, code="FV-DCM-025"
        ) from error
    return replace(written, size_bytes=path.stat().st_size)


def write_image(
    path: str | os.PathLike[str], image: Frame, description: LoopDescription
) -> WrittenFile:
    """Write one image (a held image) as single-frame DICOM; otherwise as `write_loop`.

    `description.durations_ms` is not used.
    """
    return write_loop(path, [image], replace(description, durations_ms=(0.0,)))


def _write(
    stream: BinaryIO,
    path: Path,
    frames: Iterator[Frame],
    description: LoopDescription,
    progress: Progress | None,
) -> WrittenFile:
    total = description.frame_count
    first = next(frames, None)
    if first is None or total < 1:
        raise DicomError(
            path,
            "was not stored: there are no frames.",
            "Record something first.",
            code="FV-DCM-026",
        )
    _check_durations(path, description.durations_ms)
    checker = _FrameChecker(path, description, first)
    data, warnings = make_header(description, first)
    pydicom.dcmwrite(stream, data, enforce_file_format=True)
    stream.write(_pixel_element(path, first, total))
    done = 0
    for done, frame in enumerate(chain([first], frames), 1):
        if done > total:
            raise _wrong_count(path, total, f"more than {total}")
        checker.check(frame, done)
        little = np.ascontiguousarray(frame, dtype=frame.dtype.newbyteorder("<"))
        stream.write(little.data.cast("B"))
        if progress is not None:
            progress(done, total)
    if done < total:
        raise _wrong_count(path, total, str(done))
    stream.write(b"\0" * (first.nbytes * total % 2))
    uids = data.SOPInstanceUID, data.StudyInstanceUID, data.SeriesInstanceUID
    return WrittenFile(path, total, 0, *uids, tuple(warnings))


def _wrong_count(path: Path, total: int, came: str) -> DicomError:
    return DicomError(
        path, f"was not stored: {total} frames were announced and {came} came.", code="FV-DCM-027"
    )


def _check_durations(path: Path, durations: tuple[float, ...]) -> None:
    gaps = sum(durations[:-1])
    if len(durations) > 1 and (min(durations) < 0 or gaps <= 0 or not math.isfinite(gaps)):
        raise DicomError(
            path,
            "was not stored: the times of its frames are negative, all zero or not numbers; "
            "milliseconds ≥ 0 are allowed.",
            code="FV-DCM-028",
        )


class _FrameChecker:
    """Refuses frames that the object being written cannot hold."""

    def __init__(self, path: Path, description: LoopDescription, first: Frame) -> None:
        self._path = path
        self._bits = description.bits_stored
        self._shape, self._dtype = first.shape, first.dtype
        if first.dtype not in (np.uint8, np.uint16) or first.ndim != 2 or 0 in first.shape:
            raise self._error(
                f"frames are {first.dtype} {first.shape}; uint8 or uint16, rows × columns, "
                "are allowed."
            )
        if max(first.shape) > 65_535:
            raise self._error(f"a side of {max(first.shape)} px; up to 65535 are allowed.")
        if self._bits not in (8, 10, 12, 16):
            raise self._error(
                f"{self._bits} bits stored; 8, 10, 12 or 16 are allowed (PS3.3 C.8.7.1)."
            )

    def check(self, frame: Frame, number: int) -> None:
        """Raise DicomError when frame `number` (from 1) is not like the first, or too bright."""
        if frame.shape != self._shape or frame.dtype != self._dtype:
            raise self._error(
                f"frame {number} is {frame.dtype} {frame.shape} and the first one {self._dtype} "
                f"{self._shape}; all must be alike."
            )
        largest = int(frame.max()) if self._bits < frame.dtype.itemsize * 8 else 0
        if largest >> self._bits:
            raise self._error(
                f"frame {number} holds the value {largest}, more than {self._bits} bits can."
            )

    def _error(self, why: str) -> DicomError:
        return DicomError(self._path, f"was not stored: {why}", code="FV-DCM-029")


def _pixel_element(path: Path, first: Frame, total: int) -> bytes:
    size = first.nbytes * total
    if size > _MAX_ELEMENT_BYTES:
        raise DicomError(
            path,
            f"was not stored: {total} frames take {size / 2**30:.1f} GiB, and a DICOM file holds "
            "less than 4 GiB of uncompressed pixels.",
            f"Store at most {_MAX_ELEMENT_BYTES // first.nbytes} frames per file.",
            code="FV-DCM-030",
        )
    vr = b"OB" if first.dtype == np.uint8 else b"OW"
    return struct.pack("<HH2sxxI", 0x7FE0, 0x0010, vr, size + size % 2)
