"""A block of memory that two processes of one computer share, found by a path.

Not `multiprocessing.shared_memory`: its resource tracker would unlink a block when the child that
merely looked at it exits. Here the creator makes a file in RAM (/dev/shm where there is room,
else the temporary folder) and removes its name at once, so that a killed process leaves nothing
behind; the other side maps it through the creator's open file, `/proc/PID/fd/N`. Where that is not
possible, the name stays until `unlink`.
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
        self._name: Path | None = path if create else None
        self._descriptor: int | None = descriptor
        self.path = path
        self.size = size
        nameless = create and _others_may_open(descriptor)
        if nameless:
            self.path = _through(descriptor)
            self._remove_name()
        try:
            if create:
                _reserve(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        except BaseException:
            self.unlink()
            raise
        finally:
            if not nameless:
                self._shut()
        self.buffer = memoryview(self._map)

    @classmethod
    def create(cls, size: int) -> "SharedBlock":
        """Create a block in the first folder that has room for it.

        Raises DeviceError when none has.
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
            code="FV-HAL-040",
        )

    @classmethod
    def attach(cls, path: str, size: int) -> "SharedBlock":
        """Map the block that another process created. Raises OSError when it is not there."""
        return cls(Path(path), size, create=False)

    def unlink(self) -> None:
        """Let no further process attach; all mappings stay."""
        self._remove_name()
        self._shut()

    def _remove_name(self) -> None:
        name, self._name = self._name, None
        if name is not None:
            with contextlib.suppress(OSError):
                name.unlink(missing_ok=True)

    def _shut(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def close(self) -> None:
        """Unlink, and unmap unless a view of the pixels still exists."""
        self.unlink()
        with contextlib.suppress(BufferError):
            self.buffer.release()
            self._map.close()


def _through(descriptor: int) -> Path:
    return Path(f"/proc/{os.getpid()}/fd/{descriptor}")


def _others_may_open(descriptor: int) -> bool:
    """Return whether a child of this user can open what is open here.

    Not without /proc, and not where Python has its own capabilities: root then owns its /proc.
    """
    try:
        owner = Path(f"/proc/{os.getpid()}").stat().st_uid
        return owner == os.geteuid() and _through(descriptor).exists()
    except (OSError, AttributeError):  # no /proc, or no user ids
        return False


def _reserve(descriptor: int, size: int) -> None:
    """Reserve the space now, so that a full disk is an error here and not a SIGBUS later."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)
