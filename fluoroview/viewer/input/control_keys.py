"""The keys of an examination, while the image has the focus: catheter, injector, C-arm, table.

They go before the menus' single letters, which all have a second key with Ctrl. `RESERVED` is what
no examination can have; docs/simulation.md tells authors of examinations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QApplication, QWidget

from fluoroview.viewer.input.pedal import REPEAT_GAP_MS

HIGH_LEVEL_KEY = "K"
RESERVED = frozenset(
    {"Space", "Esc", "Tab", "Backtab", "Return", "Enter", "Home", "End", "PgUp", "PgDown"}
    | {"+", "-", "=", "1", HIGH_LEVEL_KEY}
    | {f"F{number}" for number in range(1, 13)}
)
"""Keys that no examination can have; nor any key with Ctrl, Alt or Meta."""
_LEAVING = (QEvent.Type.FocusOut, QEvent.Type.Hide)


def is_reserved(key: str) -> bool:
    """Whether a key, by Qt's name ("Shift+Up"), stays the window's own."""
    name = _canonical(key)
    last = "+" if name.endswith("+") else name.rpartition("+")[2]
    modifiers = name.removesuffix(last)
    return last in RESERVED or any(each in modifiers for each in ("Ctrl", "Alt", "Meta"))


@dataclass(frozen=True, slots=True)
class Binding:
    """What a key does: when pressed (again and again while it `repeats`), and when let go."""

    press: Callable[[], None]
    release: Callable[[], None] | None = None
    repeats: bool = False


class ControlKeys(QObject):
    """Gives keys to bindings while `widget` has the focus and `active()` says so."""

    def __init__(self, widget: QWidget, active: Callable[[], bool]) -> None:
        super().__init__(widget)
        self._active = active
        self._own: dict[str, Binding] = {}
        self._procedure: dict[str, Binding] = {}
        self._held: dict[int, Binding] = {}
        self._leaving: dict[int, QTimer] = {}
        widget.installEventFilter(self)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.applicationStateChanged.connect(self._application_state)

    def bind_own(self, bindings: dict[str, Binding]) -> None:
        """Give the window's own keys: C-arm, table, field."""
        self._own = {_canonical(key): binding for key, binding in bindings.items()}

    def bind_procedure(self, bindings: dict[str, Binding]) -> None:
        """Give the examination's keys, instead of the last one's; reserved ones are left out."""
        self.release_all()
        self._procedure = {
            _canonical(key): binding for key, binding in bindings.items() if not is_reserved(key)
        }

    @property
    def bound(self) -> frozenset[str]:
        """The keys that do something now."""
        return frozenset(self._own) | frozenset(self._procedure)

    def release_all(self) -> None:
        """Let go of every key that is held."""
        for timer in self._leaving.values():
            timer.stop()
        self._leaving.clear()
        held, self._held = self._held, {}
        for binding in held.values():
            if binding.release is not None:
                binding.release()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take keys before the menus do; let go when the focus goes."""
        if event is None:
            return False
        kind = event.type()
        if kind in _LEAVING:
            self.release_all()
            return False
        return self._key(event) if isinstance(event, QKeyEvent) else False

    def _key(self, event: QKeyEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyRelease:
            return self._let_go(event)
        binding = self._binding(event)
        if binding is None:
            return False
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()  # it comes again as a key, and not as a menu's shortcut
            return True
        if kind == QEvent.Type.KeyPress:
            self._press(event, binding)
            return True
        return False

    def _binding(self, event: QKeyEvent) -> Binding | None:
        if not self._active():
            return None
        name = _name(event)
        return self._procedure.get(name) or self._own.get(name)

    def _press(self, event: QKeyEvent, binding: Binding) -> None:
        key = event.key()
        if key in self._leaving:  # an unmarked repeat: the key was never let go
            self._leaving.pop(key).stop()
            again = True
        else:
            again = event.isAutoRepeat() or key in self._held
        if again and not binding.repeats:
            return
        self._held[key] = binding
        binding.press()

    def _let_go(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key not in self._held:
            return False
        if not event.isAutoRepeat() and key not in self._leaving:
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self._gone(key))
            timer.start(REPEAT_GAP_MS)
            self._leaving[key] = timer
        return True

    def _gone(self, key: int) -> None:
        timer = self._leaving.pop(key, None)
        if timer is not None:
            timer.deleteLater()
        binding = self._held.pop(key, None)
        if binding is not None and binding.release is not None:
            binding.release()

    def _application_state(self, state: Qt.ApplicationState) -> None:
        if state != Qt.ApplicationState.ApplicationActive:
            self.release_all()


def _canonical(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def _name(event: QKeyEvent) -> str:
    """Return Qt's name of a key; a key pad's arrow is an arrow."""
    pressed = event.keyCombination()
    modifiers = pressed.keyboardModifiers() & ~Qt.KeyboardModifier.KeypadModifier
    sequence = QKeySequence(QKeyCombination(modifiers, pressed.key()))
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)
