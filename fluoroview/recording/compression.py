"""Bitshuffle + LZ4 of frames, as HDF5's filter 32008 does it, in memory that is kept.

HDF5 allocates fresh memory for each chunk it compresses, and the page faults cost as much as the
writing (2 ms of 5 a frame at 1024²). So the filter's own library is called with our memory, from
any thread, and HDF5 gets the chunk ready-made. Reading likewise needs no HDF5: a chunk is read from
its place in the file and decompressed here. Where the library does not export its functions, HDF5
compresses, and decompresses from a file of its own in memory.

A chunk is the size of the pixels in bytes (uint64, big-endian), the size of a block (uint32,
big-endian) and the compressed blocks: the header of filter 32008 in bitshuffle's README. A block is
the size of its LZ4 data (uint32, big-endian) and that data; pixels that fill no group of eight
follow as they are.
"""

import ctypes
import struct
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fluoroview.hal.frame import FrameFormat, Pixels

FILTER = 32008
_BLOCK_BYTES = 8192
_HEADER = struct.Struct(">QI")
_BLOCK_HEADER = struct.Struct(">I")
_GROUP = 8
"""Bitshuffle works on groups of eight items."""

Chunk = npt.NDArray[np.uint8]
"""Memory for one compressed frame."""


class Compressor:
    """Compresses frames of one format; several threads may, each into memory of its own."""

    def __init__(self, library: Any, frame_format: FrameFormat) -> None:
        self._library = library
        self._item = np.dtype(frame_format.dtype).itemsize
        self._count = frame_format.rows * frame_format.columns
        self._block = _BLOCK_BYTES // self._item
        self._room = int(library.bshuf_compress_lz4_bound(self._count, self._item, self._block))
        header = _HEADER.pack(frame_format.frame_bytes, _BLOCK_BYTES)
        self._header = np.frombuffer(header, np.uint8)

    def new_chunk(self) -> Chunk:
        """Return memory that holds any compressed frame of the format."""
        chunk = np.empty(_HEADER.size + self._room, np.uint8)
        chunk[: _HEADER.size] = self._header
        return chunk

    def compress(self, pixels: Pixels, chunk: Chunk) -> memoryview:
        """Compress C-order pixels into a `new_chunk`; return the part of it that is used."""
        blocks = chunk.ctypes.data + _HEADER.size
        size = self._library.bshuf_compress_lz4(
            pixels.ctypes.data, blocks, self._count, self._item, self._block
        )
        if size < 0:
            raise OSError(f"bitshuffle failed with code {size}")
        return chunk.data[: _HEADER.size + size]


class Decompressor(Protocol):
    """Decompresses frames of one format."""

    def decompress(self, chunk: bytes, out: Pixels) -> None:
        """Write the pixels of a chunk to `out`, C-order. Raises ValueError for a damaged one."""


class _LibraryDecompressor:
    """Calls the filter's own library."""

    def __init__(self, library: Any, frame_format: FrameFormat) -> None:
        self._library, self._format = library, frame_format

    def decompress(self, chunk: bytes, out: Pixels) -> None:
        block = check_chunk(chunk, self._format)
        source = np.frombuffer(chunk, np.uint8, offset=_HEADER.size)
        item = out.dtype.itemsize
        used = self._library.bshuf_decompress_lz4(
            source.ctypes.data, out.ctypes.data, out.size, item, block
        )
        if used != len(source):
            raise ValueError("its compressed data are damaged")


class _Hdf5Decompressor:
    """Lets HDF5 decompress a chunk, from a file in memory that holds nothing else."""

    def __init__(self, frame_format: FrameFormat) -> None:
        self._format = frame_format

    def decompress(self, chunk: bytes, out: Pixels) -> None:
        import h5py
        import hdf5plugin

        check_chunk(chunk, self._format)
        with h5py.File("frame", "w", driver="core", backing_store=False) as file:
            image = file.create_dataset(
                "image", out.shape, out.dtype, chunks=out.shape, **hdf5plugin.Bitshuffle()
            )
            image.id.write_direct_chunk((0, 0), chunk)
            try:
                image.read_direct(out)
            except (OSError, RuntimeError) as error:
                raise ValueError("its compressed data are damaged") from error


def check_chunk(chunk: bytes, frame_format: FrameFormat) -> int:
    """Return the pixels in a block of a chunk.

    The library trusts the sizes that it reads. Raises ValueError unless the blocks are those of a
    frame of the format and end where the chunk ends.
    """
    item = np.dtype(frame_format.dtype).itemsize
    count = frame_format.rows * frame_format.columns
    if len(chunk) < _HEADER.size:
        raise ValueError("its compressed data are cut off")
    size, block_bytes = _HEADER.unpack_from(chunk)
    block = block_bytes // item
    if size != frame_format.frame_bytes or block_bytes % item or block % _GROUP or not block:
        raise ValueError("its compressed data are those of another format")
    blocks = count // block + (count % block >= _GROUP)
    at = _HEADER.size
    for _ in range(blocks):
        if at + _BLOCK_HEADER.size > len(chunk):
            raise ValueError("its compressed data are cut off")
        at += _BLOCK_HEADER.size + _BLOCK_HEADER.unpack_from(chunk, at)[0]
    if at + count % _GROUP * item != len(chunk):
        raise ValueError("its compressed data are damaged")
    return int(block)


def max_chunk_bytes(frame_format: FrameFormat) -> int:
    """Return a size that no compressed frame of a format exceeds."""
    return frame_format.frame_bytes + frame_format.frame_bytes // 8 + 4096


def make_compressor(frame_format: FrameFormat) -> Compressor | None:
    """Return a compressor of frames, or None where the library does not export its functions."""
    library = _library()
    return Compressor(library, frame_format) if library is not None else None


def make_decompressor(frame_format: FrameFormat) -> Decompressor:
    """Return a decompressor of frames."""
    library = _library()
    if library is None:
        return _Hdf5Decompressor(frame_format)
    return _LibraryDecompressor(library, frame_format)


def _library() -> Any:
    """Return the filter's library with its functions declared, or None."""
    import hdf5plugin

    for path in sorted(Path(hdf5plugin.PLUGIN_PATH).glob("*h5bshuf*")):
        try:
            library = ctypes.CDLL(str(path))
            compress, bound = library.bshuf_compress_lz4, library.bshuf_compress_lz4_bound
            decompress = library.bshuf_decompress_lz4
        except (OSError, AttributeError):
            continue
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        for function in (compress, decompress):
            function.argtypes = [pointer, pointer, size, size, size]
            function.restype = ctypes.c_int64
        bound.argtypes, bound.restype = [size, size, size], ctypes.c_size_t
        return library
    return None
