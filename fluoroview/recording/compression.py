"""Bitshuffle + LZ4 of a frame into memory that is kept, as HDF5's filter 32008 would do it.

HDF5 takes fresh memory for each chunk it compresses, and the page faults cost as much as the
writing (2 ms of 5 a frame at 1024²). So the filter's own library is called with our memory, from
any thread, and HDF5 gets the chunk ready-made. Where the library does not show its function, HDF5
compresses.
"""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fluoroview.hal.frame import FrameFormat, Pixels

_BLOCK_BYTES = 8192
_HEADER_BYTES = 12

Chunk = npt.NDArray[np.uint8]
"""Memory for one compressed frame."""


class Compressor:
    """Compresses frames of one format; several threads may, each into memory of its own.

    A chunk is the size of the pixels in bytes (uint64, big-endian), the size of a block (uint32,
    big-endian) and the compressed blocks: the header of filter 32008 in bitshuffle's README.
    """

    def __init__(self, library: Any, frame_format: FrameFormat) -> None:
        self._library = library
        self._item = np.dtype(frame_format.dtype).itemsize
        self._count = frame_format.rows * frame_format.columns
        self._block = _BLOCK_BYTES // self._item
        self._room = int(library.bshuf_compress_lz4_bound(self._count, self._item, self._block))
        header = frame_format.frame_bytes.to_bytes(8, "big") + _BLOCK_BYTES.to_bytes(4, "big")
        self._header = np.frombuffer(header, np.uint8)

    def new_chunk(self) -> Chunk:
        """Return memory in which any frame of the format finds room."""
        chunk = np.empty(_HEADER_BYTES + self._room, np.uint8)
        chunk[:_HEADER_BYTES] = self._header
        return chunk

    def compress(self, pixels: Pixels, chunk: Chunk) -> memoryview:
        """Compress C-order pixels into a `new_chunk`; return the part of it that they take."""
        blocks = chunk.ctypes.data + _HEADER_BYTES
        size = self._library.bshuf_compress_lz4(
            pixels.ctypes.data, blocks, self._count, self._item, self._block
        )
        if size < 0:
            raise OSError(f"bitshuffle failed with code {size}")
        return chunk.data[: _HEADER_BYTES + size]


def make_compressor(frame_format: FrameFormat) -> Compressor | None:
    """Return a compressor of frames, or None where the filter's library does not show its own."""
    library = _library()
    return Compressor(library, frame_format) if library is not None else None


def _library() -> Any:
    """Return the filter's library with its two functions declared, or None."""
    import hdf5plugin

    for path in sorted(Path(hdf5plugin.PLUGIN_PATH).glob("*h5bshuf*")):
        try:
            library = ctypes.CDLL(str(path))
            compress, bound = library.bshuf_compress_lz4, library.bshuf_compress_lz4_bound
        except (OSError, AttributeError):
            continue
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        compress.argtypes, compress.restype = [pointer, pointer, size, size, size], ctypes.c_int64
        bound.argtypes, bound.restype = [size, size, size], ctypes.c_size_t
        return library
    return None
