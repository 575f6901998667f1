"""The choice of driver, device and procedure, and opening a file."""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fluoroview.hal import DeviceInfo, DeviceState
from fluoroview.hal.foreign_text import plain
from fluoroview.session.state import DeviceStatus
from fluoroview.translation import tr
from fluoroview.viewer.widgets import theme
from fluoroview.viewer.widgets.labels import foreign_label
from fluoroview.viewer.widgets.scrolling import scrolled

_COLOURS = {
    DeviceState.CLOSED: theme.FAINT,
    DeviceState.IDLE: theme.DIM,
    DeviceState.ARMED: theme.LIVE,
    DeviceState.RUNNING: theme.XRAY,
    DeviceState.FAULT: theme.ERROR,
}


class DevicePanel(QWidget):
    """Shows drivers and devices, and emits what the user chose."""

    devices_requested = pyqtSignal(str)
    """Search for the devices of this driver."""
    connect_requested = pyqtSignal(str, str)
    """Driver and device."""
    disconnect_requested = pyqtSignal()
    restart_requested = pyqtSignal()
    file_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.driver, self.device = QComboBox(), QComboBox()
        self.search = QPushButton(tr("Search"))
        self.connect_button = QPushButton(tr("Connect"))
        self.connect_button.setProperty("role", "primary")
        self.restart = QPushButton(tr("Restart"))
        self.disconnect_button = QPushButton(tr("Disconnect"))
        self.open_file = QPushButton(tr("Open file…"))
        self.state = foreign_label()
        self.detail = QLabel()
        self.detail.setProperty("role", "dim")
        self.detail.setWordWrap(True)
        self.generator = foreign_label()
        self._devices: list[DeviceInfo] = []
        self._lay_out()
        self._join()
        self.show_status(DeviceStatus())

    def show_drivers(self, names: list[str], chosen: str = "") -> None:
        """List the installed drivers."""
        with QSignalBlocker(self.driver):
            self.driver.clear()
            self.driver.addItems(names)
            if chosen in names:
                self.driver.setCurrentText(chosen)
        if names:
            self._search()
        else:
            self.detail.setText(tr("No driver is installed. See drivers/README.md"))

    def show_devices(self, driver: str, devices: list[DeviceInfo]) -> None:
        """List the devices that were found for the chosen driver."""
        if driver != self.driver.currentText():
            return
        self._devices = devices
        self.search.setEnabled(True)
        self.device.clear()
        for info in devices:
            self.device.addItem(plain(info.id), info.id)
            tip = " ".join(
                plain(part) for part in (info.vendor, info.model, info.serial, info.note) if part
            )
            self.device.setItemData(
                self.device.count() - 1, escape(tip), Qt.ItemDataRole.ToolTipRole
            )
        if not devices:
            self.device.addItem(tr("None found"))
        self.device.setEnabled(bool(devices))
        self.connect_button.setEnabled(bool(devices))

    def show_status(self, status: DeviceStatus, generator: DeviceStatus | None = None) -> None:
        """Show which device is connected, and its state; and the generator, if there is one."""
        _show_state(self.state, status)
        self.detail.setText(_where(status) if status.name else "")
        self.detail.setVisible(bool(status.name))
        present = generator is not None and bool(generator.name)
        self.generator.setVisible(present)
        if generator is not None and present:
            _show_state(self.generator, generator)
            self.generator.setToolTip(
                tr("Generator of the room, {place}").format(place=_where(generator))
            )
        self.restart.setEnabled(bool(status.name))
        self.disconnect_button.setEnabled(bool(status.name))

    def _search(self) -> None:
        self.device.clear()
        self.device.addItem(tr("Searching…"))
        self.device.setEnabled(False)
        self.search.setEnabled(False)
        self.connect_button.setEnabled(False)
        self.devices_requested.emit(self.driver.currentText())

    def _join(self) -> None:
        self.driver.activated.connect(lambda _: self._search())
        self.search.clicked.connect(self._search)
        self.connect_button.clicked.connect(self._connect)
        self.restart.clicked.connect(self.restart_requested)
        self.disconnect_button.clicked.connect(self.disconnect_requested)
        self.open_file.clicked.connect(self.file_requested)

    def _connect(self) -> None:
        device = self.device.currentData()
        if device is not None:
            self.connect_requested.emit(self.driver.currentText(), device)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 10, 8, 8)
        column.setSpacing(10)
        column.addWidget(self.state)
        column.addWidget(self.detail)
        column.addWidget(self.generator)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        shrink = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        for box in (self.driver, self.device):
            box.setSizeAdjustPolicy(shrink)
            box.setMinimumContentsLength(5)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        device_row = QHBoxLayout()
        device_row.addWidget(self.device, 1)
        device_row.addWidget(self.search)
        form.addRow(_dim(tr("Driver")), self.driver)
        form.addRow(_dim(tr("Device")), device_row)
        column.addLayout(form)
        row = QHBoxLayout()
        row.addWidget(self.connect_button, 1)
        row.addWidget(self.restart)
        row.addWidget(self.disconnect_button)
        column.addLayout(row)
        column.addSpacing(6)
        column.addWidget(self.open_file)
        hint = _dim(tr("or drop a DICOM file or a recording on the image"))
        hint.setWordWrap(True)
        column.addWidget(hint)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page))
        for button in (self.search, self.connect_button, self.restart):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)


def _show_state(label: QLabel, status: DeviceStatus) -> None:
    state, colour = state_text(status.state), _COLOURS[status.state]
    text = f"{plain(status.name)}: {state.lower()}" if status.name else state
    if label.text() != text:
        label.setText(text)
        label.setStyleSheet(f"color: {colour}; font-weight: 600;")


def _where(status: DeviceStatus) -> str:
    if status.pid:
        return tr("in process {pid}").format(pid=status.pid)
    return tr("in a thread of this program")


def state_text(state: DeviceState) -> str:
    """Return the state of a device as it is shown."""
    return {
        DeviceState.CLOSED: tr("No device"),
        DeviceState.IDLE: tr("Open"),
        DeviceState.ARMED: tr("Ready"),
        DeviceState.RUNNING: tr("Running"),
        DeviceState.FAULT: tr("Fault"),
    }[state]


def _dim(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "dim")
    return label
