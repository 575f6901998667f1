"""The widgets of the main window and their layout; no behaviour."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QProgressBar,
    QStatusBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from fluoroview.translation import tr
from fluoroview.viewer.controllers.high_level import HighLevelButton
from fluoroview.viewer.image.canvas import ImageCanvas
from fluoroview.viewer.input.pedal import PedalButton
from fluoroview.viewer.panels.device_panel import DevicePanel
from fluoroview.viewer.panels.dose_panel import DosePanel
from fluoroview.viewer.panels.parameter_panel import ParameterPanel
from fluoroview.viewer.panels.positioner_panel import PositionerPanel
from fluoroview.viewer.panels.procedure_panel import ProcedurePanel
from fluoroview.viewer.panels.stream_panel import StreamPanel
from fluoroview.viewer.panels.technique_panel import TechniquePanel
from fluoroview.viewer.widgets.labels import foreign_label
from fluoroview.viewer.widgets.lamp import XRayLamp
from fluoroview.viewer.widgets.loop_bar import LoopBar
from fluoroview.viewer.widgets.message_bar import MessageBar

COLUMN_PX = 392
COMPACT_BELOW_PX = 900
"""Below this height of the window the column is compact."""


class MainWindowUi:
    """Everything the window shows, created and laid out once."""

    def __init__(self, window: QMainWindow) -> None:
        self.canvas = ImageCanvas()
        self.messages = MessageBar(self.canvas)
        self.loop_bar = LoopBar()
        self.lamp = XRayLamp()
        self.dose = DosePanel()
        self.pedal_button = PedalButton()
        self.high_level_button = HighLevelButton()
        self.high_level_button.hide()
        self.procedure_panel = ProcedurePanel()
        self.positioner_panel = PositionerPanel()
        self.technique_panel = TechniquePanel()
        self.device_panel = DevicePanel()
        self.parameter_panel = ParameterPanel()
        self.stream_panel = StreamPanel()
        self.tabs = QTabWidget()
        self.device_label = foreign_label()
        self.pointer_label = QLabel()
        self.stream_label = QLabel()
        self.progress = QProgressBar()
        self.busy_label = foreign_label()
        window.setCentralWidget(self._centre())
        window.setStatusBar(self._status_bar())

    def show_procedure_tabs(self, procedure: bool, positioner: bool) -> None:
        """Show the tabs of a procedure and a positioner where the device has them."""
        for page, there in ((self.procedure_panel, procedure), (self.positioner_panel, positioner)):
            index = self.tabs.indexOf(page)
            if self.tabs.isTabVisible(index) is there:
                continue
            self.tabs.setTabVisible(index, there)
            if there and page is self.procedure_panel:
                self.tabs.setCurrentWidget(page)

    def set_compact(self, on: bool) -> None:
        """Leave more of the column to the tabs, for a low window."""
        for each in (self.lamp, self.dose, self.procedure_panel):
            each.set_compact(on)

    def _centre(self) -> QWidget:
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.canvas, 1)
        left.addWidget(self.loop_bar)
        row.addLayout(left, 1)
        row.addWidget(self._column())
        return centre

    def _column(self) -> QWidget:
        column = QWidget()
        column.setFixedWidth(COLUMN_PX)
        box = QVBoxLayout(column)
        box.setContentsMargins(12, 10, 12, 4)
        box.setSpacing(8)
        box.addWidget(self.lamp)
        box.addWidget(self.dose)
        pedals = QHBoxLayout()
        pedals.setSpacing(6)
        pedals.addWidget(self.pedal_button, 5)
        pedals.addWidget(self.high_level_button, 3)
        box.addLayout(pedals)
        for title, page in (
            (tr("Procedure"), self.procedure_panel),
            (tr("C-arm"), self.positioner_panel),
            (tr("Technique"), self.technique_panel),
            (tr("Device"), self.device_panel),
            (tr("Parameters"), self.parameter_panel),
            (tr("Stream"), self.stream_panel),
        ):
            self.tabs.addTab(page, title)
        self.show_procedure_tabs(False, False)
        self.tabs.setCurrentWidget(self.technique_panel)
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        bar = self.tabs.tabBar()
        assert bar is not None
        bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        bar.setExpanding(True)
        bar.setDrawBase(False)
        box.addWidget(self.tabs, 1)
        return column

    def _status_bar(self) -> QStatusBar:
        bar = QStatusBar()
        bar.setSizeGripEnabled(False)
        self.progress.setFixedWidth(160)
        self.progress.hide()
        self.device_label.setContentsMargins(10, 0, 10, 0)
        self.stream_label.setContentsMargins(10, 0, 12, 0)
        bar.addWidget(self.device_label)
        bar.addPermanentWidget(self.busy_label)
        bar.addPermanentWidget(self.progress)
        bar.addPermanentWidget(self.pointer_label)
        bar.addPermanentWidget(self.stream_label)
        return bar
