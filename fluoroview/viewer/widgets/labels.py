"""Labels in the roles of the theme, and labels for text from outside the program."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel


def role_label(text: str, role: str) -> QLabel:
    """Return a label in a role of the theme: "heading", "dim" or "faint"."""
    label = QLabel(text)
    label.setProperty("role", role)
    return label


def foreign_label(text: str = "") -> QLabel:
    """Return a label that shows markup as it is written: for names of files and devices."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
