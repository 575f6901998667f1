"""Messages over the lower edge of the image: what happened, to which device, what to do.

Never modal. At most three are shown; one that equals a shown one is counted. A message about a
refused parameter replaces the last one about it and disappears after a while. All text may come
from outside the program: it is shown as plain text.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fluoroview.hal.foreign_text import plain
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.widgets import theme

MAX_SHOWN = 3
_MAX_LENGTH = 1000
FOOT_PX = 120
"""Height left free below: corner texts of the image, and what happens in the patient now."""
REFUSAL_MS = 15_000
"""How long a message about a refused parameter is shown."""
_COLOURS = {"error": theme.ERROR, "warning": theme.WARNING, "alarm": theme.XRAY}


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence for the user."""

    what: str
    remedy: str = ""
    device: str = ""
    severity: str = "error"
    """"error", "warning" or "alarm"."""
    action: str = ""
    """Label of a button that helps, such as "Restart device"; empty: none."""
    about: str = ""
    """The parameter that was refused, if one was."""
    code: str = ""
    """Stable code of the error, shown as a tooltip."""


class MessageBar(QWidget):
    """A stack of messages along the lower edge of the widget it lies over."""

    action_requested = pyqtSignal(object)
    """The `Message` whose button was pressed."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._shown: list[_Line] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        over.installEventFilter(self)
        self.hide()

    @property
    def messages(self) -> list[Message]:
        """What is shown, oldest first."""
        return [line.message for line in self._shown]

    def add(self, message: Message) -> None:
        """Show a message; the oldest gives way when there are too many."""
        for line in self._shown:
            if line.message == message:
                line.count_up()
                return
        if message.about:
            self.settle(message.about)
        line = _Line(message)
        line.dismissed.connect(lambda: self._remove(line))
        line.acted.connect(lambda: self._act(line))
        self._shown.append(line)
        self._column.addWidget(line)
        if len(self._shown) > MAX_SHOWN:
            self._remove(self._shown[0])
        self.show()
        self._place()

    def clear(self, severity: str | None = None) -> None:
        """Remove all messages, or those of one severity."""
        for line in list(self._shown):
            if severity in (None, line.message.severity):
                self._remove(line)

    def forget(self, action: str) -> None:
        """Remove the messages that offer `action`: it is done already."""
        for line in list(self._shown):
            if line.message.action == action:
                self._remove(line)

    def settle(self, about: str | None = None) -> None:
        """Remove the message about a refused parameter, or about all: it is settled."""
        for line in list(self._shown):
            if line.message.about and about in (None, line.message.about):
                self._remove(line)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the size of what it lies over."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _act(self, line: _Line) -> None:
        self._remove(line)
        self.action_requested.emit(line.message)

    def _remove(self, line: _Line) -> None:
        if line in self._shown:
            self._shown.remove(line)
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
            self.setVisible(bool(self._shown))
            self._place()

    def _place(self) -> None:
        over = self.parentWidget()
        if over is None or not self._shown:
            return
        width = min(over.width() - 40, 900)
        gaps = self._column.spacing() * (len(self._shown) - 1)
        height = sum(line.needed_height(width) for line in self._shown) + gaps
        self.setGeometry(
            (over.width() - width) // 2, over.height() - height - FOOT_PX, width, height
        )
        self.raise_()


class _Line(QFrame):
    """One message with its buttons."""

    dismissed = pyqtSignal()
    acted = pyqtSignal()

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.message = message
        self._count = 1
        self.time = QTimer(self)
        self.time.setSingleShot(True)
        self.time.timeout.connect(self.dismissed)
        if message.about:
            self.time.start(REFUSAL_MS)
        colour = _COLOURS[message.severity]
        self.setStyleSheet(
            f"_Line {{ background: {theme.RAISED}; border: 1px solid {theme.LINE};"
            f" border-left: 4px solid {colour}; border-radius: 5px; }}"
        )
        self._words = QLabel(self._text())
        self._words.setWordWrap(True)
        self._words.setToolTip(message.code)
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 8, 9)
        row.setSpacing(10)
        row.addWidget(self._words, 1)
        if message.action:
            act = QPushButton(message.action)
            act.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            act.clicked.connect(self.acted)
            row.addWidget(act)
        close = QToolButton()
        close.setText("✕")
        close.setProperty("role", "step")
        close.setToolTip(tr("Dismiss"))
        close.setAccessibleName(tr("Dismiss"))
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.dismissed)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)

    def needed_height(self, width: int) -> int:
        """Return the height that shows the whole text at this width."""
        self.ensurePolished()
        layout = self.layout()
        assert layout is not None
        layout.activate()
        return max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())

    def count_up(self) -> None:
        """Count one more of the same."""
        self._count += 1
        if self.message.about:
            self.time.start(REFUSAL_MS)
        self._words.setText(self._text())

    def _text(self) -> str:
        message = self.message
        what, remedy = _escaped(message.what), _escaped(message.remedy)
        device = f"<span style='color:{theme.DIM}'>{escape(plain(message.device))}</span><br>"
        again = (
            f" <span style='color:{theme.DIM}'>({self._count}×)</span>" if self._count > 1 else ""
        )
        below = f"<br><span style='color:{theme.DIM}'>{remedy}</span>"
        return (
            (device if message.device and message.device not in message.what else "")
            + f"<b>{what}</b>{again}"
            + (below if message.remedy else "")
        )


def _escaped(text: str) -> str:
    """Return a sentence in the user's language as rich text without markup of its own."""
    return escape(plain(translate_message(text), _MAX_LENGTH))
