"""The stream: rates, the frame ledger, the device, display latency."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fluoroview.hal import Ledger
from fluoroview.hal.runtime.time_fit import ClockFit
from fluoroview.session.images.stream_statistics import HISTOGRAM_MS, Health
from fluoroview.session.state import DeviceStatus
from fluoroview.translation import tr
from fluoroview.viewer.widgets import theme
from fluoroview.viewer.widgets.labels import role_label
from fluoroview.viewer.widgets.scrolling import scrolled

_Rows = tuple[tuple[str, str], ...]
MIN_SPAN_MS = 33.0
"""The scale of latencies covers at least the period of 30 frames/s."""
PLOT_PX, MAX_PLOT_PX = 86, 170


class StreamPanel(QWidget):
    """Figures of the present or last run. The plots are made when they are first shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: dict[str, QLabel] = {}
        self.run_heading = role_label(tr("FRAMES"), "heading")
        self._curve: Any = None
        self._line: Any = None
        self.bars: Any = None
        page = QWidget()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page))
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 6, 8, 0)
        self._column.setSpacing(2)
        self._add_rows(
            tr("STREAM"),
            (
                ("rate", tr("Pulse rate, set / measured")),
                ("interval", tr("Frame interval, median / p99")),
                ("jitter", tr("Jitter of the interval, σ")),
                ("latency", tr("Display latency, median / p99")),
            ),
        )
        self._column.addSpacing(3)
        self._column.addWidget(self.run_heading)
        self._add_cells(
            (
                ("expected", tr("Counted")),
                ("delivered", tr("Delivered")),
                ("exact", tr("Ledger")),
            )
        )
        self._add_cells(
            (
                ("link", tr("Lost: link")),
                ("sdk", tr("SDK")),
                ("ring", tr("Ring")),
                ("consumer", tr("Consumer")),
            )
        )
        self._add_rows(
            "",
            (
                ("skipped", tr("Skipped by the display")),
                ("left_out", tr("Not in the loop buffer")),
            ),
        )
        self._add_rows(
            tr("DEVICE"),
            (
                ("clock", tr("Clock drift / residual")),
                ("temperature", tr("Temperature")),
                ("isolation", tr("Driver runs in")),
            ),
        )
        self._column.addSpacing(3)
        self._column.addWidget(role_label(tr("DISPLAY LATENCY, LAST 300 IMAGES"), "heading"))
        self._plots = QHBoxLayout()
        self._plots.setSpacing(6)
        self._column.addLayout(self._plots, 1)
        self._column.addStretch(1)

    def show_stream(
        self,
        pulse_rate_hz: float | None,
        health: Health,
        ledger: Ledger,
        latencies_ms: list[float],
        device: DeviceStatus,
    ) -> None:
        """Show the figures; values that do not exist are dashes."""
        self._put("rate", f"{_fixed(pulse_rate_hz)} / {_fixed(health.frames_per_second)} /s")
        self._put("interval", _pair(health.interval_p50_ms, health.interval_p99_ms))
        self._put("jitter", _with_unit(health.jitter_ms, 2, "ms"))
        self._put("latency", _pair(health.latency_p50_ms, health.latency_p99_ms))
        self._show_ledger(ledger)
        for key, count in (("skipped", health.skipped_by_display),
                           ("left_out", health.missing_from_loop)):  # fmt: skip
            self._put(key, str(count), theme.WARNING if count else "")
        self._show_clock(health.clock)
        self._put("temperature", _with_unit(health.temperature_c, 1, "°C"))
        self._put("isolation", isolation_text(device))
        if self._curve is not None and self.isVisible():
            self._curve.setData(latencies_ms)
            self._line.setYRange(0.0, max([MIN_SPAN_MS, *latencies_ms]))
            bins = len(HISTOGRAM_MS) - 1
            self.bars.setOpts(height=health.latency_histogram or (0,) * bins)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the plots, unless they exist."""
        super().showEvent(event)
        self.prepare()

    def prepare(self) -> None:
        """Make the plots before a run, because importing pyqtgraph takes a moment."""
        if self._curve is None:
            self._make_plots()

    def _show_ledger(self, ledger: Ledger) -> None:
        text = tr("FRAMES OF RUN {run}").format(run=ledger.run) if ledger.run else tr("FRAMES")
        if self.run_heading.text() != text:
            self.run_heading.setText(text)
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
        self._put("exact", tr("exact") if exact else tr("not exact"), "" if exact else theme.ERROR)

    def _show_clock(self, clock: ClockFit | None) -> None:
        if clock is None:
            self._put("clock", "—")
            self.values["clock"].setToolTip(
                tr("The device reports no time, or too few frames were delivered")
            )
            return
        drift = f"{clock.drift_ppm:+.1f} ppm".replace("-", "−")
        self._put("clock", f"{drift} / {clock.residual_rms_ms:.2f} ms")
        self.values["clock"].setToolTip(
            tr(
                "Line fit of the device's clock to the host's over the last frames\n"
                "Residual: RMS {rms} ms, maximum {maximum} ms"
            ).format(rms=f"{clock.residual_rms_ms:.2f}", maximum=f"{clock.residual_max_ms:.2f}")
        )

    def _add_rows(self, heading: str, rows: _Rows) -> None:
        """Add lines with the label on the left and the figure on the right."""
        if heading:
            self._column.addSpacing(3)
            self._column.addWidget(role_label(heading, "heading"))
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for row, (key, words) in enumerate(rows):
            grid.addWidget(_small(words), row, 0)
            value = self._new_value(key)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(value, row, 1)
        self._column.addLayout(grid)

    def _add_cells(self, cells: _Rows) -> None:
        """Add figures side by side, each below its label."""
        grid = QGridLayout()
        grid.setVerticalSpacing(0)
        grid.setHorizontalSpacing(6)
        for column, (key, words) in enumerate(cells):
            grid.addWidget(_small(words), 0, column)
            grid.addWidget(self._new_value(key), 1, column)
            grid.setColumnStretch(column, 1)
        self._column.addLayout(grid)

    def _new_value(self, key: str) -> QLabel:
        value = self.values[key] = QLabel("—")
        return value

    def _make_plots(self) -> None:
        import pyqtgraph as pg

        line = _plot(pg)
        self._line = line
        line.showGrid(y=True, alpha=0.25)
        line.hideAxis("bottom")
        line.getAxis("left").setWidth(26)
        line.setToolTip(tr("Display latency of each image, ms"))
        self._curve = line.plot(pen=pg.mkPen(theme.ACCENT, width=1))
        bars = _plot(pg)
        bars.hideAxis("left")
        bars.setToolTip(tr("Number of images by display latency, ms"))
        edges = HISTOGRAM_MS[:-1]
        bars.getAxis("bottom").setTicks([[(i - 0.5, f"{edge:g}") for i, edge in enumerate(edges)]])
        bars.getAxis("bottom").setHeight(16)
        self.bars = pg.BarGraphItem(
            x=range(len(edges)), height=[0] * len(edges), width=0.86, brush=theme.ACCENT, pen=None
        )
        bars.addItem(self.bars)
        bars.setXRange(-0.6, len(edges) - 0.4, padding=0)
        bars.enableAutoRange(y=True)
        for plot in (line, bars):
            self._plots.addWidget(plot, 1)

    def _put(self, key: str, words: str, colour: str = "") -> None:
        label = self.values[key]
        if label.text() != words:
            label.setText(words)
        style = f"color: {colour}; font-weight: 600;" if colour else ""
        if label.styleSheet() != style:
            label.setStyleSheet(style)


def isolation_text(device: DeviceStatus) -> str:
    """Return where the driver runs: "process 4711", "thread of this program", or a dash."""
    if not device.name:
        return "—"
    return (
        tr("process {pid}").format(pid=device.pid) if device.pid else tr("a thread of this program")
    )


def _plot(pg: Any) -> Any:
    """Return a small plot that takes no keys and no mouse."""
    plot = pg.PlotWidget(background=theme.GROUND)
    plot.setMinimumHeight(PLOT_PX)
    plot.setMaximumHeight(MAX_PLOT_PX)
    plot.setMinimumWidth(60)
    plot.setMouseEnabled(False, False)
    plot.setMenuEnabled(False)
    menu = plot.getPlotItem().ctrlMenu  # exists although it is disabled: it must go with the plot
    menu.setParent(plot, menu.windowFlags())
    plot.hideButtons()
    plot.setLimits(yMin=0)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setTextPen(theme.DIM)
        axis.setPen(theme.LINE)
        axis.setStyle(tickFont=theme.font(10), tickLength=-3, tickTextOffset=2)
    return plot


def _small(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "dim")
    label.setStyleSheet("font-size: 12px;")
    return label


def _fixed(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _with_unit(value: float | None, decimals: int, unit: str) -> str:
    return "—" if value is None else f"{value:.{decimals}f} {unit}"


def _pair(median: float | None, p99: float | None) -> str:
    if median is None and p99 is None:
        return "—"
    return f"{_fixed(median)} / {_fixed(p99)} ms"
