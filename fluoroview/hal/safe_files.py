"""Files that are whole or not there: every file that the program writes goes through here.

The content goes to a new file next to the target, under a name that nobody can predict, and takes
the target's name once it is complete on the disk. A full disk, a crash or a power cut leaves the
older file as it was; what a crash leaves next to it is deleted by the next program that writes to
that folder.
"""

import contextlib
import errno
import functools
import hashlib
import os
import platform
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from fluoroview.hal.errors import FluoroError
from fluoroview.hal.foreign_text import plain

_MAX_STEM = 120
"""Characters of the target's name in that of the leftover: the whole stays below 255 bytes."""
_LEFTOVER = re.compile(r"\..+\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{16}\.part", re.DOTALL)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class NotWrittenError(FluoroError):
    """A file that could not be written; an older file of that name is as it was."""

    def __init__(self, path: Path, error: OSError) -> None:
        self.path = path
        self.errno = error.errno
        self.reason, remedy = reason_and_remedy(path, error)
        super().__init__(
            f"{plain(path)} was not written: {self.reason}.", remedy, code="FV-HAL-043"
        )


def write_whole(
    path: str | os.PathLike[str],
    content: bytes | str | Callable[[BinaryIO], None],
    *,
    private: bool = True,
) -> None:
    """Write a file whole, or leave everything as it was.

    `content` is bytes, text (stored as UTF-8), or a function that writes to the stream it gets.
    A `private` file is its owner's alone (mode 0600); any other follows the umask. A link at
    `path` is replaced, not followed. Raises NotWrittenError when the file cannot be written;
    what `content` raises about other files passes.
    """
    with whole_file(path, private=private) as stream:
        if isinstance(content, str):
            stream.write(content.encode("utf-8"))
        elif isinstance(content, bytes):
            stream.write(content)
        else:
            content(stream)


@contextlib.contextmanager
def whole_file(
    path: str | os.PathLike[str], *, private: bool = True, sync: bool = True
) -> Iterator[BinaryIO]:
    """Yield a stream whose content becomes the file `path` at the end of the block.

    Otherwise as `write_whole`. An exception in the block discards the content. Without `sync` the
    block does not wait for the disk, and a power cut may lose the file.
    """
    path = Path(path)
    with _named_errors(path):
        if _is_stream(path):
            with path.open("wb") as stream:
                yield stream
            return
        with (
            unfinished_file(path, private=private, sync=sync) as part,
            part.open("r+b") as stream,
        ):
            yield stream


@contextlib.contextmanager
def unfinished_file(path: Path, *, private: bool = True, sync: bool = True) -> Iterator[Path]:
    """Yield the path of a new, empty file that takes the name `path` at the end of the block.

    For writers that open a file by name. An exception in the block deletes the file. Raises
    OSError.
    """
    _clean_once(path.parent)
    part = path.with_name(_part_name(path))
    create_file(part, private=private)
    try:
        yield part
        if sync:
            with part.open("r+b") as stream:
                os.fsync(stream.fileno())
        os.replace(part, path)
        if sync:
            _sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def create_file(path: Path, *, private: bool = True) -> None:
    """Create an empty file; one that exists, or a link, is refused. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    os.close(os.open(path, flags, 0o600 if private else 0o666))


def clean_leftovers(folder: Path) -> list[Path]:
    """Delete what processes that ended half-way left in a folder; return what was deleted.

    Files of processes that still run, and of other computers that share the folder, stay.
    """
    try:
        entries = list(folder.iterdir())
    except OSError:
        return []
    return [path for path in entries if _is_stale(path) and _deleted(path)]


@functools.cache
def _clean_once(folder: Path) -> None:
    clean_leftovers(folder)


def _part_name(path: Path) -> str:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    name = f".{path.name[:_MAX_STEM]}.{_host()}-{os.getpid()}-{secrets.token_hex(8)}.part"
    while len(os.fsencode(name)) > 250:
        name = name[0] + name[2:]
    return name


def _is_stream(path: Path) -> bool:
    """Return whether the path names a pipe, a terminal or /dev/null: nothing to be replaced."""
    if path.is_relative_to("/dev") or path.is_relative_to("/proc"):
        return path.exists() and not path.is_dir() and not path.is_relative_to("/dev/shm")
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be flushed."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Turn the system's errors about this file into NotWrittenError; others pass."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and not _is_part_of(path, os.fsdecode(error.filename)):
            raise
        raise NotWrittenError(path, error) from error


def _is_part_of(path: Path, name: str) -> bool:
    """Return whether a system's error about the file `name` is one about writing `path`."""
    found = Path(name)
    return found == path or (found.parent == path.parent and bool(_LEFTOVER.fullmatch(found.name)))


def reason_and_remedy(path: Path, error: OSError) -> tuple[str, str]:
    """Return why a file could not be written, as a clause, and a sentence of what to do."""
    folder = plain(path.parent)
    if error.errno in _FULL:
        return (
            "the disk is full",
            f"Nothing was overwritten. Free some space in {folder}, or choose another folder.",
        )
    if error.errno == errno.EFBIG:
        return "the disk accepts no file of that size", "Choose another disk."
    if error.errno == errno.ENOENT:
        return f"the folder {folder} does not exist", "Choose a folder that exists."
    if error.errno in _FORBIDDEN:
        return f"you have no permission to write in {folder}", "Choose another folder."
    return plain(error.strerror or error), "Choose another folder."


def _is_stale(path: Path) -> bool:
    match = _LEFTOVER.fullmatch(path.name)
    if match is None or match["host"] != _host():
        return False
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and not _was_written_by(int(match["pid"]), status.st_mtime)


def _was_written_by(pid: int, written_s: float) -> bool:
    """Return whether the process that runs as `pid` now can have written a file at that time."""
    import psutil

    try:
        return bool(psutil.Process(pid).create_time() <= written_s + 1.0)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _deleted(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _host() -> str:
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]
