"""Bitshuffle + LZ4 of a frame into a buffer that is kept, as HDF5's filter 32008 would do it.

HDF5 takes fresh memory for each chunk it compresses, and the page faults cost as much as the
writing (2 ms of 5 a frame at 1024²). So the filter's own library is called with our buffer, and
HDF5 gets the chunk ready-made. Where the library does not show its function, HDF5 compresses.
"""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fluoroview.hal.frame import FrameFormat, Pixels

_BLOCK_BYTES = 8192
_HEADER_BYTES = 12

Compress = Callable[[Pixels], memoryview]


def make_compressor(frame_format: FrameFormat) -> Compress | None:
    """Return a function from pixels to a chunk, valid until its next call; None: there is none.

    A chunk is the size of the pixels in bytes (uint64, big-endian), the size of a block (uint32,
    big-endian) and the compressed blocks: the header of filter 32008 in bitshuffle's README.
    """
    library = _library()
    if library is None:
        return None
    item = np.dtype(frame_format.dtype).itemsize
    count, block = frame_format.rows * frame_format.columns, _BLOCK_BYTES // item
    room = int(library.bshuf_compress_lz4_bound(count, item, block))
    chunk = np.empty(_HEADER_BYTES + room, np.uint8)
    header = frame_format.frame_bytes.to_bytes(8, "big") + _BLOCK_BYTES.to_bytes(4, "big")
    chunk[:_HEADER_BYTES] = np.frombuffer(header, np.uint8)
    blocks = chunk.ctypes.data + _HEADER_BYTES

    def compress(pixels: Pixels) -> memoryview:
        size = library.bshuf_compress_lz4(pixels.ctypes.data, blocks, count, item, block)
        if size < 0:
            raise OSError(f"bitshuffle failed with code {size}")
        return chunk.data[: _HEADER_BYTES + size]

    return compress


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
