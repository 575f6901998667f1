"""Where each frame lies in the stream: an index of byte ranges, built once when a file is opened.

Reading frame 900 of a compressed cine then costs one seek, not a walk over 899 others. The index
also gives the true number of frames, which NumberOfFrames (0028,0008) does not always
state: a truncated file plays its whole frames, with a warning, so that nothing readable is lost.
"""

import struct
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import pairwise

from pydicom.dataset import Dataset

from fluoroview.dicom.attributes import number, value
from fluoroview.dicom.errors import DicomError
from fluoroview.dicom.file import UNDEFINED_LENGTH, OpenedFile

_ITEM = 0xFFFEE000
_ITEM_HEADER = struct.Struct("<HHI")
_CODESTREAM_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP")
"""First bytes of JPEG and JPEG-LS, of a JPEG 2000 codestream and of a JPEG 2000 file."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes in the stream."""

    start: int
    length: int


Frame = tuple[Span, ...]
"""Where one frame lies: several spans if it was split into fragments."""


@dataclass(frozen=True)
class FrameIndex:
    """The byte ranges of each frame, and sentences about irregularities."""

    frames: tuple[Frame, ...]
    warnings: tuple[str, ...] = ()


def locate_frames(file: OpenedFile, frame_bytes: int) -> FrameIndex:
    """Return where the frames of a file lie. `frame_bytes`: size of an uncompressed frame.

    Raises DicomError when not one whole frame is there.
    """
    if file.transfer_syntax.is_encapsulated:
        spans, found = _encapsulated(file)
    else:
        spans, found = _native(file, frame_bytes)
    if not spans and not found:
        raise DicomError(
            file.path,
            "has empty pixel data: not one frame is in it.",
            "Export it again.",
            code="FV-DCM-014",
        )
    if not spans:
        raise DicomError(
            file.path,
            f"is truncated: {found}, and not one whole frame is there.",
            "Copy it again from where it came from.",
            code="FV-DCM-015",
        )
    return FrameIndex(tuple(spans), _contradiction(file, len(spans), found))


def stated_frame_count(data: Dataset) -> int | None:
    """Return NumberOfFrames, or None where it is missing or not positive."""
    stated = number(data, "NumberOfFrames")
    return round(stated) if stated is not None and stated >= 1 else None


def _contradiction(file: OpenedFile, whole: int, found: str) -> tuple[str, ...]:
    stated = stated_frame_count(file.data)
    if stated is None:
        return (
            () if whole == 1 else (f"NumberOfFrames is missing; the pixels hold {whole} frames.",)
        )
    if whole == stated:
        return ()
    kind = "The file is truncated" if found else "The file contradicts itself"
    counted = f"{stated} frame{'s' if stated > 1 else ''} stated, {whole} whole ones found"
    played = "" if whole > stated else " The missing frames cannot be recovered from this file."
    return (f"{kind}: {counted}; the {whole} are played.{played}",)


def _native(file: OpenedFile, frame_bytes: int) -> tuple[list[Frame], str]:
    there = file.stream_bytes - file.pixels_at
    stated_bytes = there if file.pixels_bytes == UNDEFINED_LENGTH else file.pixels_bytes
    available = min(there, stated_bytes)
    whole, rest = divmod(available, frame_bytes)
    stated = stated_frame_count(file.data)
    if stated is not None and whole > stated and rest > 1:
        # More than stated, but not in whole frames: the surplus is something else.
        whole = stated
    cut = f"{there} of {stated_bytes} bytes of pixels are there" if there < stated_bytes else ""
    if not whole and not cut:
        raise DicomError(
            file.path,
            f"contradicts itself: a frame of its stated size takes {frame_bytes} bytes, and it "
            f"has {available} bytes of pixels.",
            "Export it again.",
            code="FV-DCM-016",
        )
    starts = range(file.pixels_at, file.pixels_at + whole * frame_bytes, frame_bytes)
    return [(Span(start, frame_bytes),) for start in starts], cut


def _encapsulated(file: OpenedFile) -> tuple[list[Frame], str]:
    """Group the fragments of encapsulated pixels into frames (PS3.5 A.4)."""
    stream = file.stream
    stream.seek(file.pixels_at)
    basic_offsets = _read_basic_offsets(stream)
    first = stream.tell()
    fragments, cut = _fragments(stream, file.stream_bytes)
    offsets = basic_offsets or _extended_offsets(file.data)
    stated = stated_frame_count(file.data)
    starts = _starts_from_offsets(fragments, first, offsets)
    if starts is None:
        starts = _starts_from_content(stream, fragments, stated)
    spans = [tuple(fragments[a:b]) for a, b in pairwise([*starts, len(fragments)])]
    if cut and len(fragments) > len(spans):
        # Frames of several fragments: of the last one, only the first fragments may be there.
        spans = spans[:-1]
    return spans, cut


def _read_basic_offsets(stream: BufferedIOBase) -> list[int]:
    """Read the basic offset table, leave the stream behind it; empty if implausible."""
    at = stream.tell()
    header = stream.read(_ITEM_HEADER.size)
    if len(header) < _ITEM_HEADER.size:
        return []
    group, element, length = _ITEM_HEADER.unpack(header)
    if group << 16 | element != _ITEM:
        stream.seek(at)  # no table at all: the fragments start here
        return []
    table = stream.read(length)
    return [x[0] for x in struct.iter_unpack("<I", table[: len(table) // 4 * 4])]


def _extended_offsets(data: Dataset) -> list[int]:
    table = value(data, "ExtendedOffsetTable")
    if not isinstance(table, bytes):
        return []
    return [x[0] for x in struct.iter_unpack("<Q", table[: len(table) // 8 * 8])]


def _fragments(stream: BufferedIOBase, end: int) -> tuple[list[Span], str]:
    """Return the whole fragments from the stream's place, and what is wrong if the file is cut."""
    fragments: list[Span] = []
    at = stream.tell()
    while True:
        stream.seek(at)
        header = stream.read(_ITEM_HEADER.size)
        if len(header) < _ITEM_HEADER.size:
            if at == end:  # whole fragments, only the closing delimiter is missing
                return fragments, ""
            return fragments, f"its pixels end after {len(fragments)} whole fragments"
        group, element, length = _ITEM_HEADER.unpack(header)
        if group << 16 | element != _ITEM:
            return fragments, ""  # the sequence delimiter, or something that is no fragment
        at += _ITEM_HEADER.size
        if at + length > end:
            return fragments, f"its pixels end inside fragment {len(fragments) + 1}"
        fragments.append(Span(at, length))
        at += length


def _starts_from_offsets(fragments: list[Span], first: int, offsets: list[int]) -> list[int] | None:
    """Return the index of each frame's first fragment, or None if the offsets do not fit."""
    by_place = {span.start - _ITEM_HEADER.size - first: i for i, span in enumerate(fragments)}
    known = [by_place[offset] for offset in offsets if offset in by_place]
    increasing = all(a < b for a, b in pairwise(known))
    beyond = [offset for offset in offsets if offset not in by_place]
    last = max(by_place, default=-1)
    if not known or known[0] != 0 or not increasing or any(offset < last for offset in beyond):
        return None
    return known


def _starts_from_content(
    stream: BufferedIOBase, fragments: list[Span], stated: int | None
) -> list[int]:
    """Without a table: one fragment per frame, or each codestream start begins a frame."""
    starts = [i for i, span in enumerate(fragments) if _starts_codestream(stream, span)]
    if starts and starts[0] == 0:
        return starts
    if stated == 1 and fragments:
        return [0]
    # RLE has no start mark, but each of its frames is exactly one fragment (PS3.5 A.4.2).
    return list(range(len(fragments)))


def _starts_codestream(stream: BufferedIOBase, span: Span) -> bool:
    stream.seek(span.start)
    return stream.read(6).startswith(_CODESTREAM_STARTS)
