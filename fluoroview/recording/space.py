"""Disk space taken in advance, so that a full disk is met here and never inside HDF5.

HDF5 that finds no room in the middle of its own bookkeeping cannot even close its file. So the
file is kept longer than what is in it, by space that the file system has promised.
"""

import errno
import os
import shutil
import struct
from pathlib import Path

from fluoroview.recording.errors import DiskFullError

STEP_BYTES = 64 << 20
MARGIN_BYTES = 1 << 20
"""Room for HDF5's own bookkeeping beside the images."""
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_END_OF_FILE = struct.Struct("<28xQ")
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


class SpaceAhead:
    """The promised end of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        self._end = 0
        self._promised = hasattr(os, "posix_fallocate")

    def need(self, used: int, more: int) -> None:
        """Make sure that `more` bytes fit behind the `used` ones. Raises DiskFullError."""
        least = used + more + MARGIN_BYTES
        if least <= self._end:
            return
        for end in (least + STEP_BYTES, least):
            if self._take(end):
                self._end = end
                return
        raise DiskFullError(
            f"The disk of {self._path} is full.", "Free some space, or record to another folder."
        )

    def _take(self, end: int) -> bool:
        """Ask for the file to reach to `end`; False when the disk, or a limit, says no."""
        if self._promised:
            try:
                os.posix_fallocate(self._descriptor, 0, end)
            except OSError as error:
                if error.errno in _FULL:
                    return False
                self._promised = False  # this file system makes no promises: look at what is free
            else:
                return True
        return shutil.disk_usage(self._path.parent).free > end - self._end + MARGIN_BYTES

    def close(self, *, trim: bool) -> None:
        """Let go of the file; `trim` gives back what was taken and not used."""
        try:
            if trim and (end := self._stated_end()) is not None:
                os.ftruncate(self._descriptor, end)
        finally:
            os.close(self._descriptor)

    def _stated_end(self) -> int | None:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return end_of_file(os.read(self._descriptor, 64))


def end_of_file(superblock: bytes) -> int | None:
    """Return the end of file that an HDF5 superblock states, or None if it is none of ours.

    HDF5 File Format Specification 3.0, II.A.2: version 2 and 3, eight-byte offsets.
    """
    if len(superblock) < 48 or superblock[:8] != _SIGNATURE:
        return None
    version, offset_bytes = superblock[8], superblock[9]
    if version not in (2, 3) or offset_bytes != 8:
        return None
    return int(_END_OF_FILE.unpack_from(superblock)[0])
