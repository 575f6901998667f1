"""The log: one rotating file of the user, with every traceback and without patient data.

Modules log with `logging.getLogger(__name__)`; the command line and the viewer call `configure`
once. Names of files and values of DICOM attributes can identify a patient: names of image files and
names in the form of DICOM are replaced before a line is written, and so is every text that a reader
of files registers with `keep_out`.
"""

import contextlib
import logging
import logging.handlers
import os
import re
import sys
import threading
from collections.abc import Iterable
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from platformdirs import user_log_path

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

REMOVED = "[removed]"
_MAX_BYTES = 1_000_000
_FILES = 4
_MIN_SECRET = 3
"""A shorter text would be found everywhere."""
_FORMAT = "%(asctime)s %(levelname)-7s %(processName)s/%(threadName)s %(name)s: %(message)s"
_IMAGE_FILE = re.compile(
    r"[^\s\"'/\\]*\.(?:dcm|dicom|ima|h5|hdf5|png|jpe?g|avi|mp4|mkv|raw|tiff?)\b", re.IGNORECASE
)
_PERSON_NAME = re.compile(r"[\w.'-]+(?: [\w.'-]+)*\^[\w^.'= -]*\w")
"""A person's name as DICOM writes it (PS3.5 6.2.1.1): components with ^ between them."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

logger = logging.getLogger("fluoroview")


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class _Secrets:
    """Texts that must not reach the log, of the files that were opened in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: set[str] = set()

    def add(self, texts: Iterable[str]) -> None:
        stripped = {text.strip() for text in texts}
        with self._lock:
            self._texts |= {text for text in stripped if len(text) >= _MIN_SECRET}

    def removed_from(self, line: str) -> str:
        with self._lock:
            longest_first = sorted(self._texts, key=len, reverse=True)
        for text in longest_first:
            line = line.replace(text, REMOVED)
        return line


_secrets = _Secrets()


class _Formatter(logging.Formatter):
    """Formats a record with its traceback and removes what can identify a patient."""

    def format(self, record: logging.LogRecord) -> str:
        return without_patient_data(super().format(record))


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file that only its owner can read."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, 0o600)
        return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")


def log_file() -> Path:
    """Return where the log is."""
    return user_log_path("fluoroview", appauthor=False) / "fluoroview.log"


def configure(level: Level = Level.INFO) -> str:
    """Log to the file from now on; return a sentence if that is impossible, else "".

    Safe to call again.
    """
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _PrivateFile)]:
        root.removeHandler(handler)
        handler.close()
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = _PrivateFile(path, maxBytes=_MAX_BYTES, backupCount=_FILES, encoding="utf-8")
    except OSError as error:
        return f"The log {path} cannot be written: {error.strerror}. Nothing is logged."
    file.setFormatter(_Formatter(_FORMAT))
    root.addHandler(file)
    root.setLevel(logging.WARNING)  # other libraries: their warnings only
    logger.setLevel(level.value.upper())
    logging.getLogger("pydicom").setLevel(logging.ERROR)  # its warnings quote values of the file
    return ""


def log_unhandled_errors() -> None:
    """Log what no code catches, in any thread, with its traceback, instead of printing it."""
    sys.excepthook = _unhandled
    threading.excepthook = _unhandled_in_thread
    sys.unraisablehook = _unraisable


def keep_out(*texts: str) -> None:
    """Replace these texts in every later line of the log: a patient's name, a file's name."""
    _secrets.add(texts)


def without_patient_data(text: str) -> str:
    """Return lines of a log without registered texts, names of persons and of image files."""
    text = _secrets.removed_from(text)
    text = _PERSON_NAME.sub(REMOVED, text)
    text = _IMAGE_FILE.sub(lambda name: REMOVED + Path(name[0]).suffix, text)
    return _CONTROL.sub(lambda character: f"\\x{ord(character[0]):02x}", text)


def _unhandled(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logger.critical("Unhandled error", exc_info=(kind, error, traceback))


def _unhandled_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:
        return
    error = args.exc_value or args.exc_type()
    name = args.thread.name if args.thread is not None else "a thread"
    logger.critical(
        "Unhandled error in %s", name, exc_info=(args.exc_type, error, args.exc_traceback)
    )


def _unraisable(args: "UnraisableHookArgs") -> None:
    error = args.exc_value or args.exc_type()
    message = args.err_msg or "Error that nobody could handle"
    logger.error("%s", message, exc_info=(args.exc_type, error, args.exc_traceback))
