"""The error of this folder: a file that cannot be read or written, in a sentence."""

import os
from pathlib import Path

from fluoroview.hal.errors import FluoroError
from fluoroview.hal.foreign_text import plain

_MAX_SENTENCE = 600


class DicomError(FluoroError, ValueError):
    """A DICOM file that cannot be read or written.

    The text starts with the file's path and ends with what to do: `DicomError(path, "is empty.",
    "Copy it again from its origin.")`.
    """

    def __init__(
        self, path: str | os.PathLike[str], what: str, remedy: str = "", *, code: str = ""
    ) -> None:
        self.path = Path(path)
        super().__init__(f"{plain(self.path)} {plain(what, _MAX_SENTENCE)}", remedy, code=code)
