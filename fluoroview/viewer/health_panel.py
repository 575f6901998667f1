"""How the stream is doing: rates, the frame ledger, commit-to-painted latency with its curve."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from fluoroview.exam.health import Health
from fluoroview.hal import Ledger
from fluoroview.viewer import theme
from fluoroview.viewer.scrolling import scrolled

_ROWS = (
    ("rate", "Pulse rate, set / measured"),
    ("interval", "Frame interval, median / p99"),
    ("latency", "Commit to painted, median / p99"),
    ("run", "Run"),
    ("expected", "Frames the device counted"),
    ("delivered", "Delivered"),
    ("link", "Lost on the link"),
    ("sdk", "Lost in the SDK"),
    ("ring", "Lost in the ring"),
    ("consumer", "Lost in the pipeline"),
    ("exact", "Account"),
    ("skipped", "Skipped by the display"),
    ("left_out", "Left out of the loop"),
)


class HealthPanel(QWidget):
    """Figures of the present or last run. The plot is made when it is first seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: dict[str, QLabel] = {}
        self._plot: Any = None
        self._curve: Any = None
        page = QWidget()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page))
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 10, 8, 8)
        grid = QGridLayout()
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(0, 1)
        for row, (key, words) in enumerate(_ROWS):
            label = QLabel(words)
            label.setProperty("role", "dim")
            value = self.values[key] = QLabel("—")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 1)
        self._column.addLayout(grid)
        self._caption = QLabel("Commit to painted, ms, last 300 pictures")
        self._caption.setProperty("role", "heading")
        self._column.addSpacing(8)
        self._column.addWidget(self._caption)
        self._column.addStretch(1)

    def show_health(
        self, pulse_rate_hz: float | None, health: Health, ledger: Ledger, latencies_ms: list[float]
    ) -> None:
        """Show the figures; values that do not exist are dashes."""
        self._put("rate", f"{_fixed(pulse_rate_hz)} / {_fixed(health.frames_per_second)} /s")
        self._put("interval", _pair(health.interval_p50_ms, health.interval_p99_ms))
        self._put("latency", _pair(health.latency_p50_ms, health.latency_p99_ms))
        self._put("run", str(ledger.run or "—"))
        self._put("expected", str(ledger.expected))
        self._put("delivered", str(ledger.delivered))
        for key, lost in (
            ("link", ledger.lost_link),
            ("sdk", ledger.lost_sdk),
            ("ring", ledger.lost_ring),
            ("consumer", ledger.lost_consumer),
        ):
            self._put(key, str(lost), theme.ERROR if lost else "")
        exact = ledger.exact
        self._put("exact", "adds up" if exact else "does not add up", "" if exact else theme.ERROR)
        skipped = health.skipped_by_display
        self._put("skipped", str(skipped), theme.WARNING if skipped else "")
        left_out = health.left_out_of_loop
        self._put("left_out", str(left_out), theme.WARNING if left_out else "")
        if self._curve is not None and self.isVisible():
            self._curve.setData(latencies_ms)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the plot, if it is not there yet."""
        super().showEvent(event)
        self.prepare()

    def prepare(self) -> None:
        """Make the plot; importing pyqtgraph takes a moment, which neither start nor run pays."""
        if self._plot is None:
            self._make_plot()

    def _make_plot(self) -> None:
        import pyqtgraph as pg

        self._plot = pg.PlotWidget(background=theme.GROUND)
        self._plot.setFixedHeight(120)
        self._plot.setMouseEnabled(False, False)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.showGrid(y=True, alpha=0.25)
        self._plot.hideAxis("bottom")
        self._plot.getAxis("left").setTextPen(theme.DIM)
        self._plot.getAxis("left").setPen(theme.LINE)
        self._plot.setLimits(yMin=0)
        self._plot.enableAutoRange(y=True)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._curve = self._plot.plot(pen=pg.mkPen(theme.ACCENT, width=1))
        self._column.insertWidget(self._column.count() - 1, self._plot)

    def _put(self, key: str, words: str, colour: str = "") -> None:
        label = self.values[key]
        if label.text() != words:
            label.setText(words)
        style = f"color: {colour}; font-weight: 600;" if colour else ""
        if label.styleSheet() != style:
            label.setStyleSheet(style)


def _fixed(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _pair(median: float | None, p99: float | None) -> str:
    if median is None and p99 is None:
        return "—"
    return f"{_fixed(median)} / {_fixed(p99)} ms"
