"""From a path to an open file: its data set without the pixels, and where the pixels lie.

Everything that can be wrong with a file before its first frame is decoded is reported here.
"""

import io
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    UID,
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from fluoroview.dicom.attributes import quiet, raw_element, text
from fluoroview.dicom.errors import DicomError

UNDEFINED_LENGTH = 0xFFFFFFFF
_FLOAT_PIXELS = (0x7FE00008, 0x7FE00009)
_PIXELS = 0x7FE00010
_SHORT_HEADER, _LONG_HEADER = 8, 12


@dataclass(frozen=True)
class OpenedFile:
    """An open DICOM file.

    `stream` is seekable: the file itself, or its inflated content in memory. The value of the
    pixel data starts at byte `pixels_at`; `pixels_bytes` is the length that its element states
    (UNDEFINED_LENGTH for encapsulated pixels), `stream_bytes` is where the stream ends.
    """

    path: Path
    data: Dataset
    stream: io.BufferedIOBase
    transfer_syntax: UID
    pixels_at: int
    pixels_bytes: int
    stream_bytes: int
    pixels_vr: str
    warnings: tuple[str, ...]


def open_file(path: str | os.PathLike[str]) -> OpenedFile:
    """Open a DICOM file that has pixels. The caller closes `stream`. Raises DicomError."""
    path = Path(path)
    stream = _open_stream(path)
    try:
        return _read_header(path, stream)
    except BaseException:
        stream.close()
        raise


def _open_stream(path: Path) -> io.BufferedIOBase:
    try:
        stream = path.open("rb")
        size = os.fstat(stream.fileno()).st_size
    except FileNotFoundError:
        raise DicomError(
            path, "does not exist.", "Choose a file that exists.", code="FV-DCM-001"
        ) from None
    except IsADirectoryError:
        raise DicomError(
            path, "is a folder.", "Choose one of the files in it.", code="FV-DCM-002"
        ) from None
    except PermissionError:
        if path.is_dir():  # Windows reports folders this way
            raise DicomError(
                path, "is a folder.", "Choose one of the files in it.", code="FV-DCM-003"
            ) from None
        raise DicomError(
            path,
            "cannot be read: you have no permission.",
            "Ask its owner for permission.",
            code="FV-DCM-004",
        ) from None
    except (OSError, ValueError) as error:
        raise DicomError(path, f"cannot be opened: {error}.", code="FV-DCM-005") from error
    if size == 0:
        stream.close()
        raise DicomError(path, "is empty.", "Copy it again from its origin.", code="FV-DCM-006")
    return stream


def _read_header(path: Path, stream: io.BufferedIOBase) -> OpenedFile:
    data, notes = _parse(path, stream)
    transfer_syntax, more_notes = _transfer_syntax(path, data)
    notes += more_notes
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        return _inflated(path, stream, data, notes)
    tag, vr, length = _next_element(stream, transfer_syntax)
    value_at = stream.tell()
    end = stream.seek(0, io.SEEK_END)
    if tag in _FLOAT_PIXELS:
        raise DicomError(
            path,
            "holds floating-point pixels, which no fluoroscope stores.",
            "Export it again with 8 or 16 bits per pixel.",
            code="FV-DCM-007",
        )
    if tag != _PIXELS:
        raise _truncated(path) if _is_cut(data) else _without_pixels(path, data)
    return OpenedFile(path, data, stream, transfer_syntax, value_at, length, end, vr, tuple(notes))


def _parse(path: Path, stream: io.BufferedIOBase) -> tuple[FileDataset, list[str]]:
    """Read everything before the pixels and leave the stream at the element that holds them."""
    notes: list[str] = []
    force = False
    stream.seek(0)
    start = stream.read(132)
    if start[128:] != b"DICM":
        # Before part 10 of the standard, files were bare data sets: group 0002 or 0008 first.
        force = start[:2] in (b"\x08\x00", b"\x02\x00") and start[3:4] == b"\x00"
        if not force:
            raise _not_dicom(path, start)
        notes.append("The file has no DICOM preamble; its encoding is guessed.")
    stream.seek(0)
    try:
        with quiet():
            data = pydicom.dcmread(stream, stop_before_pixels=True, force=force)
    except InvalidDicomError:
        raise _not_dicom(path, start) from None
    except (EOFError, zlib.error):
        raise _truncated(path) from None
    except Exception as error:  # a damaged header can fail in any way
        raise DicomError(
            path,
            f"has a damaged DICOM header ({error}).",
            "Copy or export it again.",
            code="FV-DCM-008",
        ) from error
    return data, notes


def _not_dicom(path: Path, start: bytes) -> DicomError:
    kinds = {b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"%PDF": "a PDF"}
    kinds |= {b"PK\x03\x04": "a ZIP archive", b"\x89HDF": "an HDF5 file"}
    kind = next((name for magic, name in kinds.items() if start.startswith(magic)), "")
    return DicomError(
        path,
        f"is not a DICOM file{f' but {kind}' if kind else ''}.",
        "Choose a DICOM file (.dcm, or a file of a DICOMDIR).",
        code="FV-DCM-009",
    )


def _truncated(path: Path) -> DicomError:
    return DicomError(
        path,
        "ends in the middle of its header: it is truncated.",
        "Copy it again from its origin.",
        code="FV-DCM-010",
    )


def _transfer_syntax(path: Path, data: FileDataset) -> tuple[UID, list[str]]:
    meta = getattr(data, "file_meta", None)
    stated = text(meta, "TransferSyntaxUID") if meta is not None else ""
    if stated:
        syntax = next((known for known in AllTransferSyntaxes if known == stated), None)
        if syntax is None:
            raise DicomError(
                path,
                f"states the transfer syntax {stated!r}, which the standard does not know.",
                "Export it again in a standard one, such as explicit VR little endian.",
                code="FV-DCM-011",
            )
        return syntax, []
    implicit, little = data.original_encoding
    native = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    guess = ImplicitVRLittleEndian if implicit else native
    return guess, [f"The file does not state its transfer syntax; {guess.name} is assumed."]


def _inflated(
    path: Path, stream: io.BufferedIOBase, data: FileDataset, notes: list[str]
) -> OpenedFile:
    """Return a deflated file with its pixels in memory: it inflates only as a whole (PS3.5 A.5)."""
    stream.seek(0)
    with quiet():
        whole = pydicom.dcmread(stream)
    element = raw_element(whole, _PIXELS)
    if element is None or not element.value:
        raise _without_pixels(path, data)
    pixels = bytes(element.value)
    stream.close()
    return OpenedFile(
        path,
        data,
        io.BytesIO(pixels),
        DeflatedExplicitVRLittleEndian,
        0,
        len(pixels),
        len(pixels),
        str(element.VR),
        tuple(notes),
    )


def _next_element(stream: io.BufferedIOBase, transfer_syntax: UID) -> tuple[int, str, int]:
    """Read the tag, VR and length of the element at the stream's place (PS3.5 7.1.2, 7.1.3).

    Returns tag 0 at the end of the stream. Only pixel elements come here, and their explicit VRs
    all have the long header.
    """
    order = "<" if transfer_syntax.is_little_endian else ">"
    size = _SHORT_HEADER if transfer_syntax.is_implicit_VR else _LONG_HEADER
    header = stream.read(size)
    if len(header) < size:
        return 0, "", 0
    if transfer_syntax.is_implicit_VR:
        group, element, length = struct.unpack(order + "HHI", header)
        return group << 16 | element, "OW", length
    group, element, vr, length = struct.unpack(order + "HH2sxxI", header)
    return group << 16 | element, vr.decode("latin-1"), length


def _is_cut(data: FileDataset) -> bool:
    """Return whether there is no element, or the last one is shorter than it states."""
    tags = sorted(data.keys())
    last = raw_element(data, tags[-1]) if tags else None
    if last is not None and last.value is not None:
        return last.length not in (UNDEFINED_LENGTH, len(last.value))
    return not tags


def _without_pixels(path: Path, data: FileDataset) -> DicomError:
    if "Rows" in data and "Columns" in data:
        return DicomError(
            path,
            "describes an image but has no pixels: it is truncated, or was sent without them.",
            "Copy it again from its origin.",
            code="FV-DCM-012",
        )
    with quiet():
        uid = UID(text(data, "SOPClassUID"))
    kind = f" Its kind is {uid.name}." if uid and uid.name != uid else ""
    return DicomError(
        path,
        f"has no pixels.{kind}",
        "Choose a file with images, such as XA or XRF.",
        code="FV-DCM-013",
    )
