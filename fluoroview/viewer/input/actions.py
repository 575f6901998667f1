"""The menus and their keys. What an action does is the window's business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu; without words, a separator."""

    words: str = ""
    keys: tuple[str, ...] = ()
    do: Callable[[], object] | None = None


def add_menus(window: QMainWindow, menus: dict[str, list[Entry]]) -> dict[str, QAction]:
    """Build the menu bar; return every action by its words."""
    bar = window.menuBar()
    assert bar is not None
    actions = {}
    for title, entries in menus.items():
        menu = bar.addMenu(title)
        assert menu is not None
        for entry in entries:
            if not entry.words:
                menu.addSeparator()
                continue
            action = QAction(entry.words, window)
            action.setShortcuts([QKeySequence(keys) for keys in entry.keys])
            if entry.do is not None:
                action.triggered.connect(_ignoring_checked(entry.do))
            menu.addAction(action)
            window.addAction(action)  # keys work in full screen too, without the menu bar
            actions[entry.words] = action
    return actions


def _ignoring_checked(do: Callable[[], object]) -> Callable[[bool], None]:
    def call(_: bool = False) -> None:
        do()

    return call
