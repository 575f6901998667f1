"""What the monkey does: at random, by a seed, through the window as a hand would."""

import os
import random
import signal
import string
from collections import Counter
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject, QPoint, Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDialog,
    QTabWidget,
    QWidget,
)

from fluoroview.hal import Access, ParameterInfo
from fluoroview.hal.roles import Role
from fluoroview.session.session import Session
from fluoroview.viewer.main_window import MainWindow

PAUSE_MS = (10, 200)
HOLD_MS = (20, 2000)
FIRST_DEVICE = ("simulated", "suite")
DEVICES = (FIRST_DEVICE, ("pattern", "ramp"))
_KEYS = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Plus,
    Qt.Key.Key_Minus,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_F11,
)
_HAND: Any = QTest  # PyQt6's stubs declare its static functions as methods
_HEAVY = 0.1
_PATIENT = (Role.PROCEDURE, Role.CASE, Role.PATIENT_SIZE, Role.PATIENT_SEED)
_LETTERS = string.ascii_uppercase
_NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class Monkey(QObject):
    """Acts on the window with every beat of a timer; `done` counts what it did."""

    def __init__(self, session: Session, window: MainWindow, seed: int) -> None:
        super().__init__()
        self._session = session
        self._window = window
        self._random = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._actions: dict[str, tuple[int, Callable[[], None]]] = {
            "pedal by key": (20, self._hold_key),
            "pedal by button": (10, self._hold_button),
            "click": (20, self._click),
            "key": (30, self._key),
            "drag": (10, self._drag),
            "wheel on a slider": (8, self._slide),
            "choice": (6, self._choose),
            "tab": (6, self._tab),
            "replay": (8, self._replay),
            "parameter": (16, self._write),
            "recording": (3, self._record),
            "restart": (2, self._restart),
            "device": (1, self._device),
            "killed driver": (1, self._kill),
        }
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._act)

    def start(self) -> None:
        """Begin, or go on."""
        self._timer.start(0)

    def stop(self) -> None:
        """Take the hands off."""
        self._timer.stop()
        self._release_key()

    def _act(self) -> None:
        self._timer.start(self._random.randint(*PAUSE_MS))  # first: an action may open a dialog
        if self._close_dialogs():
            return
        names = list(self._actions)
        weights = [weight for weight, _ in self._actions.values()]
        name = self._random.choices(names, weights)[0]
        self.done[name] += 1
        self._actions[name][1]()

    def _close_dialogs(self) -> bool:
        """Dismiss what is modal at once, and other dialogs now and then."""
        modal = QApplication.activeModalWidget()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        if isinstance(modal, QDialog):
            self.done["dialog dismissed"] += 1
            modal.reject()
            return True
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog) and widget.isVisible() and self._random.random() < 0.2:
                widget.close()
        return modal is not None

    def _hold_key(self) -> None:
        _HAND.keyPress(self._window.canvas, Qt.Key.Key_Space)
        QTimer.singleShot(self._random.randint(*HOLD_MS), self._release_key)

    def _release_key(self) -> None:
        _HAND.keyRelease(self._window.canvas, Qt.Key.Key_Space)

    def _hold_button(self) -> None:
        buttons = [button for button in self._buttons() if "Hold" in button.text()]
        if not buttons:
            return
        button = buttons[0]
        _HAND.mousePress(button, Qt.MouseButton.LeftButton)
        delay_ms = self._random.randint(*HOLD_MS)
        QTimer.singleShot(delay_ms, lambda: _HAND.mouseRelease(button, Qt.MouseButton.LeftButton))

    def _buttons(self) -> list[QAbstractButton]:
        found = self._window.findChildren(QAbstractButton)
        return [button for button in found if button.isVisible() and button.isEnabled()]

    def _click(self) -> None:
        buttons = self._buttons()
        if buttons:
            _HAND.mouseClick(self._random.choice(buttons), Qt.MouseButton.LeftButton)

    def _key(self) -> None:
        target = QApplication.focusWidget() or self._window.canvas
        if self._random.random() < 0.5:
            _HAND.keyClick(target, self._random.choice(_KEYS))
        else:
            _HAND.keyClick(target, self._random.choice(_LETTERS))

    def _drag(self) -> None:
        canvas: QWidget = self._window.canvas
        button = self._random.choice((Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton))
        _HAND.mousePress(canvas, button, _NO_MODIFIER, self._point(canvas))
        for _ in range(4):
            _HAND.mouseMove(canvas, self._point(canvas))
        _HAND.mouseRelease(canvas, button, _NO_MODIFIER, self._point(canvas))

    def _point(self, widget: QWidget) -> QPoint:
        return QPoint(
            self._random.randrange(max(widget.width(), 1)),
            self._random.randrange(max(widget.height(), 1)),
        )

    def _slide(self) -> None:
        sliders = [s for s in self._window.findChildren(QAbstractSlider) if s.isVisible()]
        if sliders:
            slider = self._random.choice(sliders)
            slider.setValue(self._random.randint(slider.minimum(), slider.maximum()))

    def _choose(self) -> None:
        boxes = [
            box
            for box in self._window.findChildren(QComboBox)
            if box.isVisible() and box.isEnabled() and box.count()
        ]
        if boxes:
            box = self._random.choice(boxes)
            index = self._random.randrange(box.count())
            box.setCurrentIndex(index)
            box.activated.emit(index)

    def _tab(self) -> None:
        tabs = self._window.findChild(QTabWidget)
        if isinstance(tabs, QTabWidget):
            tabs.setCurrentIndex(self._random.randrange(tabs.count()))

    def _replay(self) -> None:
        key = self._random.choice((Qt.Key.Key_L, Qt.Key.Key_Escape, Qt.Key.Key_P))
        _HAND.keyClick(self._window.canvas, key)

    def _write(self) -> None:
        heavy = self._random.random() < _HEAVY  # a format or a patient takes seconds to change
        writable = [
            parameter
            for parameter in self._session.parameters
            if parameter.access is (Access.RW_IDLE if heavy else Access.RW)
            and (heavy or parameter.role not in _PATIENT)
        ]
        if writable:
            parameter = self._random.choice(writable)
            self._window.devices.write(parameter.name, self._value(parameter))

    def _value(self, parameter: ParameterInfo) -> Any:
        """Return a value that is allowed, and now and then one that is not."""
        low, high = parameter.minimum, parameter.maximum
        if parameter.choices:
            return self._random.choice(parameter.choices)
        if parameter.kind == "bool":
            return self._random.random() < 0.5
        if low is None or high is None:
            return parameter.value
        if self._random.random() < 0.05:
            return high + 1
        if parameter.kind == "int":
            return self._random.randint(int(low), int(high))
        return self._random.uniform(low, high)

    def _record(self) -> None:
        _HAND.keyClick(
            self._window.canvas,
            Qt.Key.Key_R,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
        )

    def _restart(self) -> None:
        self._window.devices.restart()

    def _device(self) -> None:
        self._window.devices.connect(*self._random.choice(DEVICES))

    def _kill(self) -> None:
        """End the driver's process as a crash of its SDK would."""
        pid = self._session.device_status().pid
        if pid is not None:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                self.done["killed driver"] -= 1
