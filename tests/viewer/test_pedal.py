"""The pedal is down while Space or its button is held, and never longer."""

import pytest
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QKeyEvent, QMouseEvent
from PyQt6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from fluoroview.viewer.input.pedal import ALIVE_MS, REPEAT_GAP_MS, Pedal, PedalButton

SPACE = Qt.Key.Key_Space


class Steps:
    def __init__(self, pedal):
        self.seen = []
        pedal.pressed.connect(lambda: self.seen.append("down"))
        pedal.released.connect(lambda: self.seen.append("up"))
        self.alive, self.still_held = [], []
        pedal.alive.connect(lambda: self.alive.append(pedal.down))
        pedal.still_held.connect(lambda: self.still_held.append(True))


@pytest.fixture
def room(qtbot):
    """A window with a pedal and one widget of each kind that could take the space bar."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    window.kinds = {}
    for kind in (QPushButton, QCheckBox, QSpinBox, QComboBox, QLineEdit, QPlainTextEdit):
        widget = window.kinds[kind] = kind()
        column.addWidget(widget)
    window.pedal_button = PedalButton()
    column.addWidget(window.pedal_button)
    window.pedal = Pedal(window)
    window.pedal.watch(window.pedal_button)
    window.steps = Steps(window.pedal)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    yield window
    window.pedal.close()


def key(widget, kind, repeat=False):
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QKeyEvent(kind, SPACE, none, " ", repeat))


def test_space_held_is_the_pedal(room, qtbot):
    qtbot.keyPress(room, SPACE)
    assert room.pedal.down
    assert room.steps.seen == ["down"]
    qtbot.keyRelease(room, SPACE)
    qtbot.waitUntil(lambda: room.steps.seen == ["down", "up"])


def test_auto_repeat_is_neither_a_step_nor_a_release(room, qtbot):
    key(room, QEvent.Type.KeyPress)
    for _ in range(20):
        key(room, QEvent.Type.KeyRelease, repeat=True)
        key(room, QEvent.Type.KeyPress, repeat=True)
    assert room.steps.seen == ["down"]
    key(room, QEvent.Type.KeyRelease)
    qtbot.waitUntil(lambda: room.steps.seen == ["down", "up"])


def test_a_server_that_repeats_unmarked_does_not_flutter_the_pedal(room, qtbot):
    key(room, QEvent.Type.KeyPress)
    for _ in range(20):
        key(room, QEvent.Type.KeyRelease)
        key(room, QEvent.Type.KeyPress)
    qtbot.wait(3 * REPEAT_GAP_MS)
    assert room.steps.seen == ["down"]


def test_a_repeat_that_comes_without_a_press_does_nothing(room):
    key(room, QEvent.Type.KeyPress, repeat=True)
    assert room.steps.seen == []


@pytest.mark.parametrize("kind", [QPushButton, QCheckBox, QSpinBox, QComboBox])
def test_space_is_the_pedal_whatever_has_the_focus(room, qtbot, kind):
    widget = room.kinds[kind]
    widget.setFocus()
    clicked = []
    if hasattr(widget, "clicked"):
        widget.clicked.connect(clicked.append)
    qtbot.keyPress(widget, SPACE)
    qtbot.keyRelease(widget, SPACE)
    qtbot.waitUntil(lambda: room.steps.seen == ["down", "up"])
    assert not clicked, "the space bar must not also press the button"


@pytest.mark.parametrize("kind", [QLineEdit, QPlainTextEdit])
def test_in_a_text_field_space_is_a_space(room, qtbot, kind):
    widget = room.kinds[kind]
    room.activateWindow()
    widget.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is widget)
    qtbot.keyClicks(widget, "a b")
    text = widget.text() if kind is QLineEdit else widget.toPlainText()
    assert text == "a b"
    assert room.steps.seen == []


def test_a_release_is_heard_though_the_focus_went_to_a_text_field(room, qtbot):
    qtbot.keyPress(room, SPACE)
    room.kinds[QLineEdit].setFocus()
    qtbot.keyRelease(room.kinds[QLineEdit], SPACE)
    qtbot.waitUntil(lambda: room.steps.seen == ["down", "up"])


@pytest.mark.parametrize(
    "leave",
    [
        lambda room: QApplication.sendEvent(room, QEvent(QEvent.Type.WindowDeactivate)),
        lambda room: room.hide(),
        lambda room: room.close(),
        lambda room: room.pedal.release(),
        lambda room: QApplication.instance().applicationStateChanged.emit(
            Qt.ApplicationState.ApplicationInactive
        ),
    ],
    ids=["another window", "hidden", "closed", "by a call", "another program"],
)
def test_whatever_could_leave_the_pedal_down_releases_it(room, qtbot, leave):
    qtbot.keyPress(room, SPACE)
    leave(room)
    assert room.steps.seen == ["down", "up"]
    assert not room.pedal.down


def test_after_a_forced_release_the_late_key_release_is_no_second_one(room, qtbot):
    qtbot.keyPress(room, SPACE)
    room.pedal.release()
    qtbot.keyRelease(room, SPACE)
    assert room.steps.seen == ["down", "up"]


def test_a_real_other_window_releases(room, qtbot):
    room.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is room)
    qtbot.keyPress(room, SPACE)
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: room.steps.seen == ["down", "up"])


def test_the_button_is_the_pedal_while_the_mouse_holds_it(room, qtbot):
    qtbot.mousePress(room.pedal_button, Qt.MouseButton.LeftButton)
    assert room.steps.seen == ["down"]
    qtbot.mouseRelease(room.pedal_button, Qt.MouseButton.LeftButton)
    assert room.steps.seen == ["down", "up"]


def test_two_feet_make_one_step(room, qtbot):
    qtbot.mousePress(room.pedal_button, Qt.MouseButton.LeftButton)
    qtbot.keyPress(room, SPACE)
    qtbot.mouseRelease(room.pedal_button, Qt.MouseButton.LeftButton)
    assert room.steps.seen == ["down"]
    qtbot.keyRelease(room, SPACE)
    qtbot.waitUntil(lambda: room.steps.seen == ["down", "up"])


LEAVES = {
    "another window": lambda room: QApplication.sendEvent(
        room, QEvent(QEvent.Type.WindowDeactivate)
    ),
    "another program": lambda room: QApplication.instance().applicationStateChanged.emit(
        Qt.ApplicationState.ApplicationInactive
    ),
}


@pytest.mark.parametrize("leave", LEAVES.values(), ids=LEAVES)
@pytest.mark.parametrize("marked", [True, False], ids=["marked", "unmarked"])
def test_a_key_still_held_when_the_focus_returns_starts_nothing(room, qtbot, leave, marked):
    key(room, QEvent.Type.KeyPress)
    leave(room)
    for _ in range(20):  # the server goes on repeating the held key
        key(room, QEvent.Type.KeyRelease, repeat=marked)
        key(room, QEvent.Type.KeyPress, repeat=marked)
    qtbot.wait(3 * REPEAT_GAP_MS)
    assert room.steps.seen == ["down", "up"]
    key(room, QEvent.Type.KeyRelease)
    qtbot.wait(3 * REPEAT_GAP_MS)
    key(room, QEvent.Type.KeyPress)
    assert room.steps.seen == ["down", "up", "down"], "another press starts another run"


def test_a_press_after_an_unseen_release_starts_nothing_and_is_explained(room, qtbot):
    key(room, QEvent.Type.KeyPress)
    LEAVES["another program"](room)  # the key is released there, or is not: nobody knows
    key(room, QEvent.Type.KeyPress)
    assert room.steps.seen == ["down", "up"]
    assert room.steps.still_held == [True]
    key(room, QEvent.Type.KeyRelease)
    qtbot.wait(3 * REPEAT_GAP_MS)
    key(room, QEvent.Type.KeyPress)
    assert room.steps.seen == ["down", "up", "down"]


def test_a_key_held_since_it_typed_in_a_text_field_starts_nothing(room, qtbot):
    field = room.kinds[QLineEdit]
    field.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is field)
    key(field, QEvent.Type.KeyPress)
    room.kinds[QPushButton].setFocus()
    for repeat in (True, False):
        key(room.kinds[QPushButton], QEvent.Type.KeyPress, repeat=repeat)
    assert room.steps.seen == []


def test_a_held_mouse_button_that_left_and_came_back_starts_nothing(room, qtbot):
    button = room.pedal_button
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    for place in (QPointF(-50, -50), QPointF(5, 5)):
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            button.mapToGlobal(place),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(button, move)
    assert room.steps.seen == ["down", "up"]
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    assert room.steps.seen == ["down", "up", "down"]


def test_a_button_that_is_disabled_while_held_releases(room, qtbot):
    qtbot.mousePress(room.pedal_button, Qt.MouseButton.LeftButton)
    room.pedal_button.setEnabled(False)
    assert room.steps.seen == ["down", "up"]


def test_a_held_pedal_reports_until_it_is_released(room, qtbot):
    key(room, QEvent.Type.KeyPress)
    assert room.steps.alive == [True], "at once"
    qtbot.waitUntil(lambda: len(room.steps.alive) >= 4)
    room.pedal.release()
    reports = len(room.steps.alive)
    qtbot.wait(3 * ALIVE_MS)
    assert len(room.steps.alive) == reports
    assert all(room.steps.alive)
