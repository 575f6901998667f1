"""Texts in the user's language: one gettext catalogue for the viewer and the command line.

The source language is English. Code writes `tr("Auto window")`, or
`tr("Frame {number}").format(number=n)`. Errors and texts of drivers stay English in logs, in files
and between processes; `translate_message` translates them where a person reads them, because their
f-strings are templates of the catalogue.

`python -m fluoroview.translation --extract` brings the catalogues up to date with the source.
"""

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path

from fluoroview.translation.po import read_po
from fluoroview.translation.templates import Templates

SOURCE_LANGUAGE = "en"
LOCALE = Path(__file__).resolve().parent.parent / "locale"
_VARIABLES = ("FLUOROVIEW_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


class _Catalogue:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        path = catalogue_path(language)
        self._texts = read_po(path) if path.is_file() else {}
        self._templates = Templates(self._texts)

    def text(self, english: str) -> str:
        return self._texts.get(english) or english

    def message(self, english: str) -> str:
        return self._templates.translate(english)


class _InUse:
    """The catalogue of this process, read at its first text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._catalogue: _Catalogue | None = None

    def catalogue(self) -> _Catalogue:
        return self._catalogue or self.use("")

    def use(self, code: str) -> _Catalogue:
        with self._lock:
            self._catalogue = _Catalogue(_known(code) or language_of_environment(os.environ))
            return self._catalogue


_in_use = _InUse()


def tr(text: str) -> str:
    """Return `text` in the user's language; the text itself where it has no translation."""
    return _in_use.catalogue().text(text)


def translate_message(text: str) -> str:
    """Return the text of an error or of a driver in the user's language.

    The text may hold values; the longest template of the catalogue that fits is used, sentence by
    sentence where the whole has none. What has no translation stays English.
    """
    return _in_use.catalogue().message(text)


def language() -> str:
    """Return the language in use, as a code of ISO 639-1."""
    return _in_use.catalogue().language


def set_language(code: str) -> None:
    """Use a language from now on; an empty code: the one of the environment."""
    _in_use.use(code)


def languages() -> list[str]:
    """Return the languages that there are catalogues for, English first."""
    found = sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/fluoroview.po"))
    return [SOURCE_LANGUAGE, *found]


def catalogue_path(code: str) -> Path:
    """Return the catalogue of a language."""
    return LOCALE / code / "LC_MESSAGES" / "fluoroview.po"


def language_of_environment(environment: Mapping[str, str]) -> str:
    """Return the first language of the environment that there is a catalogue for; else English.

    `FLUOROVIEW_LANGUAGE` goes before the variables of the locale, in the order of gettext. The
    locale C is English, whatever `LANGUAGE` lists.
    """
    own = _known(environment.get("FLUOROVIEW_LANGUAGE", ""))
    if own:
        return own
    locale = next((environment[name] for name in _VARIABLES[2:] if environment.get(name)), "C")
    if locale.split(".", maxsplit=1)[0] in ("C", "POSIX"):
        return SOURCE_LANGUAGE
    listed = [*environment.get("LANGUAGE", "").split(":"), locale]
    return next((known for each in listed if (known := _known(each))), SOURCE_LANGUAGE)


def _known(code: str) -> str:
    short = re.split(r"[._@-]", code, maxsplit=1)[0].lower()
    return short if short in languages() else ""
