"""Names of devices and files are shown as they are written: no markup, no control characters."""

import pytest
from PyQt6.QtCore import Qt

from fluoroview.hal import DeviceInfo, DeviceState
from fluoroview.session.state import DeviceStatus
from fluoroview.viewer.panels.device_panel import DevicePanel
from fluoroview.viewer.widgets.message_bar import Message

TAGS = "<b>one</b><img src='x'>"
STATUS = DeviceStatus("ramp", TAGS, DeviceState.ARMED, "thread")


@pytest.mark.parametrize("name", ["device_label", "busy_label"])
def test_labels_of_the_status_bar_show_plain_text(window, name):
    assert getattr(window.ui, name).textFormat() is Qt.TextFormat.PlainText


def test_the_device_panel_shows_a_device_id_with_tags_as_it_is_written(qtbot):
    panel = DevicePanel()
    qtbot.addWidget(panel)
    panel.show_drivers(["ramp"])
    panel.show_devices("ramp", [DeviceInfo("ramp", TAGS, model="<i>m</i>")])
    panel.show_status(STATUS)
    assert panel.device.itemText(0) == TAGS
    assert panel.device.itemData(0) == TAGS
    assert "&lt;i&gt;" in panel.device.itemData(0, Qt.ItemDataRole.ToolTipRole)
    assert panel.state.textFormat() is Qt.TextFormat.PlainText
    assert TAGS in panel.state.text()


def test_control_characters_are_shown_as_escapes(qtbot):
    panel = DevicePanel()
    qtbot.addWidget(panel)
    panel.show_drivers(["ramp"])
    panel.show_devices("ramp", [DeviceInfo("ramp", "a\x1b[2J\u202eb")])
    assert panel.device.itemText(0) == "a\\x1b[2J\\u202eb"


def test_a_message_with_tags_shows_them(window):
    window.ui.messages.add(Message(f"{TAGS} is not a DICOM file.", device=TAGS))
    (line,) = window.ui.messages._shown
    assert "&lt;b&gt;one&lt;/b&gt;" in line._words.text()
    assert "<img" not in line._words.text()
