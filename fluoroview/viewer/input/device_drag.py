"""Devices moved with the mouse in the image: a drag with the right button, or Ctrl and the wheel.

It steps the same controls as their keys and buttons, so that a procedure answers and refuses
alike. A drag keeps the direction in which it began: a wire that is advanced does not rotate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QWidget

from fluoroview.viewer.widgets.control_rows import StepRow

STEP_PX = 14.0
"""How far the mouse moves for one step of a control."""
_BEGIN_PX = 6.0
"""From this distance on the direction of a drag is known."""
_NOTCH = 120.0
_SHOWN_MS = 1500
"""How long the position stays on the screen after a move."""
_RIGHT = Qt.MouseButton.RightButton
_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
_LEAVING = (QEvent.Type.FocusOut, QEvent.Type.Hide)


@dataclass(frozen=True, slots=True)
class DragTarget:
    """A control that the mouse moves; `more` is +1 where it grows upward or to the right."""

    row: StepRow
    more: int


@dataclass(frozen=True, slots=True)
class DragTargets:
    """The controls that move up and down, and left and right; None: none."""

    up_down: DragTarget | None = None
    left_right: DragTarget | None = None


class DeviceDrag(QObject):
    """Turns what the mouse does over `canvas` into steps of the procedure's controls."""

    moved = pyqtSignal(str)
    """Which control moves, and its position; empty a moment after it moved."""
    refused = pyqtSignal(str)
    """Why nothing can be moved now."""

    def __init__(
        self, canvas: QWidget, drag_targets: Callable[[], DragTargets], why_not: Callable[[], str]
    ) -> None:
        """`why_not` is called before anything is moved; empty: it may be."""
        super().__init__(canvas)
        self._canvas, self._drag_targets, self._why_not = canvas, drag_targets, why_not
        self._from: QPointF | None = None
        self._across: bool | None = None
        self._rest_px = 0.0
        self._wheel_rest = 0.0
        self._target: DragTarget | None = None
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.setInterval(_SHOWN_MS)
        self._fade.timeout.connect(self._forget)
        canvas.installEventFilter(self)

    def report_position(self) -> None:
        """Report the position of the control that is moved, as the device reads it back."""
        if self._target is not None:
            self.moved.emit(self._target.row.words())

    def let_go(self) -> None:
        """End the drag: the procedure has other controls, or the mouse is elsewhere."""
        self._from = None
        self._canvas.unsetCursor()
        if self._target is not None:
            self._fade.start()

    def forget(self) -> None:
        """Release at once controls that no longer exist."""
        self.let_go()
        self._fade.stop()
        self._forget()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Handle the right button and Ctrl with the wheel; leave the rest to the image."""
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if event is not None and event.type() in _LEAVING and self._from is not None:
            self.let_go()
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        kind = event.type()
        if kind in _PRESSES and event.button() == _RIGHT:
            self._begin(event.position())
            return True
        if kind == QEvent.Type.MouseButtonRelease and event.button() == _RIGHT:
            self.let_go()
            return True
        if kind != QEvent.Type.MouseMove or self._from is None:
            return False
        if event.buttons() & _RIGHT:
            self._follow(event.position())
        else:  # released outside the window
            self.let_go()
        return True

    def _begin(self, at: QPointF) -> None:
        self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        why = self._why_not()
        if why:
            self.refused.emit(why)
        elif self._drag_targets() != DragTargets():
            self._from, self._across, self._rest_px = at, None, 0.0

    def _follow(self, at: QPointF) -> None:
        assert self._from is not None
        drag_targets, by = self._drag_targets(), at - self._from
        if self._across is None:
            self._across = _way(drag_targets, by)
            if self._across is None:
                return
            across = self._across
            self._canvas.setCursor(
                Qt.CursorShape.SizeHorCursor if across else Qt.CursorShape.SizeVerCursor
            )
        self._from = at
        self._rest_px += by.x() if self._across else -by.y()
        whole = int(self._rest_px / STEP_PX)
        self._rest_px -= whole * STEP_PX
        self._step(drag_targets.left_right if self._across else drag_targets.up_down, whole)

    def _wheel(self, event: QWheelEvent) -> bool:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        why, target = self._why_not(), self._drag_targets().up_down
        if why:
            self.refused.emit(why)
            return True
        if target is None:
            return False
        self._wheel_rest += event.angleDelta().y() / _NOTCH
        whole = int(self._wheel_rest)
        self._wheel_rest -= whole
        self._step(target, whole)
        self._fade.start()
        return True

    def _step(self, target: DragTarget | None, count: int) -> None:
        """Step a control so many times, up or to the right."""
        if target is None:
            return
        self._fade.stop()
        self._target = target
        way = target.more if count > 0 else -target.more
        for _ in range(abs(count)):
            target.row.step(way)
        self.report_position()

    def _forget(self) -> None:
        self._target = None
        self.moved.emit("")


def _way(drag_targets: DragTargets, by: QPointF) -> bool | None:
    """Return whether a drag goes across, of the possible directions; None: not known yet."""
    if max(abs(by.x()), abs(by.y())) < _BEGIN_PX:
        return None
    if drag_targets.left_right is None or drag_targets.up_down is None:
        return drag_targets.up_down is None
    return abs(by.x()) > abs(by.y())
