"""The language of the window: the user's choice, kept for the next start."""

from __future__ import annotations

import os

from PyQt6.QtCore import QSettings

from fluoroview.translation import set_language

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""Code of ISO 639-1, and the name of the language in that language."""
_KEY = "language"


def choose_language(code: str) -> None:
    """Use a language from the next start on."""
    _settings().setValue(_KEY, code)


def use_chosen_language() -> None:
    """Use the language that was chosen; without a choice, that of the environment.

    FLUOROVIEW_LANGUAGE overrides the choice.
    """
    chosen = str(_settings().value(_KEY, ""))
    set_language("" if os.environ.get("FLUOROVIEW_LANGUAGE") else chosen)


def _settings() -> QSettings:
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, "fluoroview", "fluoroview"
    )
