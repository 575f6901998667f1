"""A block of memory that two processes of one host share, found by its file name.

Not `multiprocessing.shared_memory`: its resource tracker would unlink a block when the child that
merely looked at it exits. Here the creator makes a file in RAM (/dev/shm where there is room,
else the temporary folder), the other side maps it, and the creator then unlinks the name, so that
a killed process leaves nothing behind.
"""

import contextlib
import mmap
import os
import secrets
import tempfile
from pathlib import Path

from fluoroview.hal.errors import DeviceError


class SharedBlock:
    """`size` bytes of shared memory, mapped at `buffer`."""

    def __init__(self, path: Path, size: int, *, create: bool) -> None:
        flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            if create:
                _reserve(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        except BaseException:
            if create:
                path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        self.path = path
        self.size = size
        self.buffer = memoryview(self._map)

    @classmethod
    def create(cls, size: int) -> "SharedBlock":
        """Make a new block in the first place that has room for it.

        Raises DeviceError when no place has.
        """
        name = f"fluoroview-{os.getpid()}-{secrets.token_hex(6)}"
        places = [
            place for place in (Path("/dev/shm"), Path(tempfile.gettempdir())) if place.is_dir()
        ]
        for place in places:
            with contextlib.suppress(OSError):
                return cls(place / name, size, create=True)
        raise DeviceError(
            f"There is no room for {size / 1e6:.0f} MB of frame buffers in "
            f"{' or '.join(map(str, places))}.",
            "Free some memory there, or choose a smaller frame size.",
        )

    @classmethod
    def attach(cls, path: str, size: int) -> "SharedBlock":
        """Map the block that another process made."""
        return cls(Path(path), size, create=False)

    def unlink(self) -> None:
        """Take the name away; both mappings stay."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unlink, and unmap unless somebody still holds a view of the pixels."""
        self.unlink()
        with contextlib.suppress(BufferError):
            self.buffer.release()
            self._map.close()


def _reserve(descriptor: int, size: int) -> None:
    """Take the space now, so that a full disk is an error here and not a SIGBUS later."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)
