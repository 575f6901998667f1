"""Reading the stored samples of one frame, uncompressed or through a decoder.

Frames are read, not memory-mapped: a map of a file that is cut or unmounted while it plays kills
the process with SIGBUS, a short read is an error with a sentence.
"""

import threading
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.uid import UID

from fluoroview.dicom.errors import DicomError
from fluoroview.dicom.file import OpenedFile
from fluoroview.dicom.frame_index import FrameIndex
from fluoroview.dicom.pixels import Image, PixelLayout

Stored = npt.NDArray[Any]
CACHE_BYTES = 256 << 20
"""Decoded frames kept per file, the first ones read: a codec can take longer than a frame
may (JPEG lossless 1024²: 45 ms), and a loop is played more than once. Never evicted, because in a
loop the oldest frame is the one needed next."""

_DTYPES = {8: np.uint8, 16: np.uint16, 32: np.uint32}


def decoder_for(path: Path, transfer_syntax: UID) -> Decoder:
    """Return pydicom's decoder. Raises DicomError naming the packages that would decode."""
    try:
        decoder = get_decoder(transfer_syntax)
    except NotImplementedError:
        raise DicomError(
            path,
            f"is stored as {transfer_syntax.name} ({transfer_syntax}), which cannot be decoded.",
            "Export it again uncompressed, or as RLE, JPEG, JPEG-LS or JPEG 2000.",
            code="FV-DCM-020",
        ) from None
    if not decoder.is_available:
        packages = "; ".join(decoder.missing_dependencies)
        raise DicomError(
            path,
            f"is compressed as {transfer_syntax.name}, and its decoder is not installed.",
            f"Install one of: {packages}." if packages else "",
            code="FV-DCM-021",
        )
    return decoder


class FrameReader(Protocol):
    """Delivers stored samples, by frame."""

    def read(self, index: int, out: Image) -> Stored:
        """Return frame `index` as unsigned rows × columns, or rows × columns × 3 in RGB.

        `out` may be used as the buffer, and is then what is returned.
        """
        ...


def reader_for(file: OpenedFile, layout: PixelLayout, index: FrameIndex) -> FrameReader:
    """Return the reader that a file needs. Raises DicomError when its codec is missing."""
    plain = layout.samples == 1 and not file.transfer_syntax.is_encapsulated
    return (_PlainReader if plain else _DecodedReader)(file, layout, index)


class _Source:
    """The bytes of one frame out of a stream that several threads may read."""

    def __init__(self, file: OpenedFile, index: FrameIndex) -> None:
        self._file = file
        self._index = index
        self._lock = threading.Lock()

    def read_into(self, frame: int, buffer: npt.NDArray[Any]) -> None:
        span = self._index.frames[frame][0]
        with self._lock:
            self._seek(span.start)
            count = self._file.stream.readinto(buffer.data.cast("B"))
        if count < buffer.nbytes:
            raise self._shortened(frame)

    def read(self, frame: int) -> bytes:
        parts = []
        with self._lock:
            for span in self._index.frames[frame]:
                self._seek(span.start)
                parts.append(self._file.stream.read(span.length))
        data = b"".join(parts)
        if len(data) < sum(span.length for span in self._index.frames[frame]):
            raise self._shortened(frame)
        return data

    def _seek(self, place: int) -> None:
        if self._file.stream.closed:
            raise DicomError(
                self._file.path, "has been closed.", "Open it again.", code="FV-DCM-022"
            )
        self._file.stream.seek(place)

    def _shortened(self, frame: int) -> DicomError:
        return DicomError(
            self._file.path,
            f"has become shorter since it was opened: frame {frame + 1} is no longer there.",
            "Copy it again from where it came from.",
            code="FV-DCM-023",
        )


class _PlainReader:
    """Uncompressed grey pixels: straight from the file into the caller's array."""

    def __init__(self, file: OpenedFile, layout: PixelLayout, index: FrameIndex) -> None:
        self._source = _Source(file, index)
        self._shape = (layout.rows, layout.columns)
        self._dtype = np.dtype(_DTYPES[layout.bits_allocated])
        little = file.transfer_syntax.is_little_endian
        # 8-bit pixels of a big-endian OW lie in swapped pairs (PS3.5 8.1.2).
        words = layout.bits_allocated == 8 and file.pixels_vr == "OW"
        swappable = layout.bits_allocated > 8 or (words and layout.frame_bytes % 2 == 0)
        self._swap = not little and swappable

    def read(self, index: int, out: Image) -> Stored:
        direct = out.dtype == self._dtype and out.flags.c_contiguous
        stored = out if direct else np.empty(self._shape, self._dtype)
        self._source.read_into(index, stored)
        if self._swap:
            words = stored.reshape(-1).view(np.uint16) if stored.dtype == np.uint8 else stored
            words.byteswap(inplace=True)
        return stored


class _DecodedReader:
    """Compressed or colour pixels, through pydicom's decoders, one frame at a time."""

    def __init__(self, file: OpenedFile, layout: PixelLayout, index: FrameIndex) -> None:
        self._source = _Source(file, index)
        self._path = file.path
        self._decoder = decoder_for(file.path, file.transfer_syntax)
        self._encapsulated = file.transfer_syntax.is_encapsulated
        self._options: dict[str, Any] = {
            "rows": layout.rows,
            "columns": layout.columns,
            "number_of_frames": 1,
            "samples_per_pixel": layout.samples,
            "bits_allocated": layout.bits_allocated,
            "bits_stored": layout.bits_stored,
            "pixel_representation": int(layout.signed),
            "photometric_interpretation": layout.photometric,
            "planar_configuration": layout.planar,
            "pixel_keyword": "PixelData",
            "pixel_vr": file.pixels_vr,
            # Masked here in one way for all codecs; pydicom's would lose a HighBit above.
            "correct_unused_bits": False,
        }
        self._decoded: dict[int, Stored] = {}
        self._room = CACHE_BYTES

    def read(self, index: int, out: Image) -> Stored:
        stored = self._decoded.get(index)
        if stored is None:
            stored = self._decode(index)
            if stored.nbytes <= self._room:
                self._room -= stored.nbytes
                self._decoded[index] = stored
        return stored

    def _decode(self, index: int) -> Stored:
        data = self._source.read(index)
        try:
            if self._encapsulated:
                data = encapsulate([data], has_bot=False)
            stored, _ = self._decoder.as_array(data, index=0, **self._options)
        except Exception as error:  # each codec has its own
            first_line = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise DicomError(
                self._path,
                f"has a damaged frame {index + 1} ({first_line}).",
                "The other frames may still play; copy or export the file again.",
                code="FV-DCM-024",
            ) from error
        return stored.view(_DTYPES[stored.dtype.itemsize * 8])
