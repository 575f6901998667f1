"""Disk space reserved in advance, so that a full disk is met here and never inside HDF5.

HDF5 that finds no room in the middle of its own bookkeeping cannot even close its file. So the
file is kept longer than its content, by space that the file system has reserved.
"""

import errno
import os
import shutil
from pathlib import Path

from fluoroview.hal.foreign_text import plain
from fluoroview.recording.errors import DiskFullError

STEP_BYTES = 64 << 20
MARGIN_BYTES = 1 << 20
"""Room for HDF5's own bookkeeping next to the images."""
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


class SpaceAhead:
    """The reserved end of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        self._end = 0
        self._reserves = hasattr(os, "posix_fallocate")

    def need(self, used: int, more: int) -> None:
        """Reserve `more` bytes behind the `used` ones. Raises DiskFullError."""
        needed = used + more + MARGIN_BYTES
        if needed <= self._end:
            return
        for end in (needed + STEP_BYTES, needed):
            if self._reserve(end):
                self._end = end
                return
        raise DiskFullError(
            f"The disk of {plain(self._path)} is full.",
            "Free some space, or record to another folder.",
            code="FV-REC-011",
        )

    def _reserve(self, end: int) -> bool:
        """Reserve the file up to `end`; return False when the disk, or a limit, refuses."""
        if self._reserves:
            try:
                os.posix_fallocate(self._descriptor, 0, end)
            except OSError as error:
                if error.errno in _FULL:
                    return False
                self._reserves = False  # this file system cannot: look at what is free
            else:
                return True
        return shutil.disk_usage(self._path.parent).free > end - self._end + MARGIN_BYTES

    def close(self, *, trim: bool) -> None:
        """Close the file; `trim` releases what was reserved and not used."""
        try:
            if trim and (end := self._stated_end()) is not None:
                os.ftruncate(self._descriptor, end)
        finally:
            os.close(self._descriptor)

    def _stated_end(self) -> int | None:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        from fluoroview.hal.foreign_hdf5_child import stated_end

        return stated_end(os.read(self._descriptor, 64))
