"""The menus and their keys. What an action does is the window's business."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu; without text, a separator."""

    text: str = ""
    keys: tuple[str, ...] = ()
    do: Callable[[], object] | None = None
    checked: bool | None = None
    """Whether it has a check mark; None: it cannot have one."""


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu, or a menu within a menu."""

    title: str
    entries: Sequence[Entry | Menu]


def add_menus(window: QMainWindow, menus: Sequence[Menu]) -> dict[str, QAction]:
    """Build the menu bar; return every action by its text."""
    bar = window.menuBar()
    assert bar is not None
    actions: dict[str, QAction] = {}
    for menu in menus:
        built = bar.addMenu(menu.title)
        assert built is not None
        _fill(window, built, menu.entries, actions)
    return actions


def _fill(
    window: QMainWindow, menu: QMenu, entries: Sequence[Entry | Menu], actions: dict[str, QAction]
) -> None:
    for entry in entries:
        if isinstance(entry, Menu):
            inner = menu.addMenu(entry.title)
            assert inner is not None
            inner.setEnabled(bool(entry.entries))
            _fill(window, inner, entry.entries, actions)
        elif not entry.text:
            menu.addSeparator()
        else:
            action = actions[entry.text] = _action(window, entry)
            menu.addAction(action)
            window.addAction(action)  # keys work in full screen too, without the menu bar


def _action(window: QMainWindow, entry: Entry) -> QAction:
    action = QAction(entry.text, window)
    action.setShortcuts([QKeySequence(keys) for keys in entry.keys])
    if entry.checked is not None:
        action.setCheckable(True)
        action.setChecked(entry.checked)
    if entry.do is not None:
        action.triggered.connect(_ignoring_checked(entry.do))
    return action


def _ignoring_checked(do: Callable[[], object]) -> Callable[[bool], None]:
    def call(_: bool = False) -> None:
        do()

    return call
