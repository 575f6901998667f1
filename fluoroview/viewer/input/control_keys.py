"""The keys of a procedure, while the image has the focus: catheter, injector, C-arm, table.

They go before the menus' single letters, which all have a second key with Ctrl. `RESERVED` lists
the keys that no procedure can have; docs/simulation.md explains them to authors of procedures.
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
"""Keys that no procedure can have; nor any key with Ctrl, Alt or Meta."""
_LEAVING = (QEvent.Type.FocusOut, QEvent.Type.Hide)


def is_reserved(key: str) -> bool:
    """Return whether a key, by Qt's name ("Shift+Up"), stays the window's own."""
    name = _canonical(key)
    last = "+" if name.endswith("+") else name.rpartition("+")[2]
    modifiers = name.removesuffix(last)
    return last in RESERVED or any(each in modifiers for each in ("Ctrl", "Alt", "Meta"))


@dataclass(frozen=True, slots=True)
class Binding:
    """What a key does: when pressed (again and again while it `repeats`), and when released.

    A key that does something until it is released needs a press: held over from a time when the
    image had no focus, it does nothing.
    """

    press: Callable[[], None]
    release: Callable[[], None] | None = None
    repeats: bool = False


class ControlKeys(QObject):
    """Passes keys to bindings while `widget` has the focus and `active()` allows it."""

    def __init__(self, widget: QWidget, active: Callable[[], bool]) -> None:
        super().__init__(widget)
        self._active = active
        self._own: dict[str, Binding] = {}
        self._procedure: dict[str, Binding] = {}
        self._held: dict[int, Binding] = {}
        self._down: set[int] = set()
        """Keys that are down as far as anybody knows, whatever they do."""
        self._leaving: dict[int, QTimer] = {}
        widget.installEventFilter(self)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.applicationStateChanged.connect(self._application_state)

    def bind_own(self, bindings: dict[str, Binding]) -> None:
        """Set the window's own keys: C-arm, table, field."""
        self._own = {_canonical(key): binding for key, binding in bindings.items()}

    def bind_procedure(self, bindings: dict[str, Binding]) -> None:
        """Set the procedure's keys in place of the last one's; reserved keys are skipped."""
        self.release_all()
        self._procedure = {
            _canonical(key): binding for key, binding in bindings.items() if not is_reserved(key)
        }

    @property
    def bound(self) -> frozenset[str]:
        """The keys that do something now."""
        return frozenset(self._own) | frozenset(self._procedure)

    def release_all(self) -> None:
        """Release every key that is held."""
        for timer in self._leaving.values():
            timer.stop()
        self._leaving.clear()
        held, self._held = self._held, {}
        for binding in held.values():
            if binding.release is not None:
                binding.release()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Handle keys before the menus do; release them when the focus leaves."""
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
        again = event.isAutoRepeat() or key in self._held
        if key in self._leaving:  # an unmarked repeat: the key was never released
            self._leaving.pop(key).stop()
            again = True
        if binding.release is not None:
            again = again or key in self._down
        self._down.add(key)
        if again and not binding.repeats:
            return
        self._held[key] = binding
        binding.press()

    def _let_go(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key not in self._down:
            return False
        if not event.isAutoRepeat() and key not in self._leaving:
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self._gone(key))
            timer.start(REPEAT_GAP_MS)
            self._leaving[key] = timer
        return key in self._held

    def _gone(self, key: int) -> None:
        self._down.discard(key)
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
