"""Devices moved with the mouse in the picture: real events, through the examination's rows."""

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication

from fluoroview.viewer.canvas import ImageCanvas
from fluoroview.viewer.control_rows import StepRow
from fluoroview.viewer.device_drag import STEP_PX, DeviceDrag, Grip, Grips

RIGHT, LEFT = Qt.MouseButton.RightButton, Qt.MouseButton.LeftButton
AT = QPoint(150, 150)


def described(name, value=0.0, unit="mm", step=5.0):
    return {
        "name": name, "type": "float", "value": value, "unit": unit, "minimum": -20.0,
        "maximum": 20.0, "increment": None, "choices": None, "access": "rw", "doc": "",
        "keys": ["Up", "Down"], "step": step,
    }  # fmt: skip


class Picture(ImageCanvas):
    """A picture whose mouse moves a wire up and down, and turns it left and right."""

    def __init__(self):
        super().__init__()
        self.resize(320, 320)
        self.wishes, self.told, self.refusals = {}, [], []
        self.wire, self.turn = self._row("Wire"), self._row("Turn", unit="deg")
        self.grips = Grips(Grip(self.wire, +1), Grip(self.turn, -1))
        self.why = ""
        self.drag = DeviceDrag(self, lambda: self.grips, lambda: self.why)
        self.drag.moved.connect(self.told.append)
        self.drag.refused.connect(self.refusals.append)

    def _row(self, name, **more):
        row = StepRow(described(name, **more), self.wishes.get)
        row.setParent(self)
        row.hide()
        row.wished.connect(self.wishes.__setitem__)
        return row


@pytest.fixture
def picture(qtbot):
    made = Picture()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def drag(qtbot, picture, *steps, button=RIGHT):
    """Press, go so many steps' way (right, down) from there for each pair, and let go."""
    qtbot.mousePress(picture, button, pos=AT)
    for right, down in steps:
        qtbot.mouseMove(picture, AT + QPoint(round(right * STEP_PX), round(down * STEP_PX)))
    qtbot.mouseRelease(picture, button)


def turn_wheel(picture, delta, keys=Qt.KeyboardModifier.ControlModifier):
    at = QPointF(AT)
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        at, picture.mapToGlobal(at), QPoint(), QPoint(0, delta), none, keys, phase, False
    )
    QApplication.sendEvent(picture, event)


@pytest.mark.parametrize(
    ("path", "wishes"),
    [
        ([(0, -1)], {"Wire": 5.0}),
        ([(0, -1), (0, -2), (0, -3)], {"Wire": 15.0}),
        ([(0, 2)], {"Wire": -10.0}),
        ([(0, -3), (0, -1)], {"Wire": 5.0}),
        ([(-1, 0)], {"Turn": 5.0}),
        ([(2, 0)], {"Turn": -10.0}),
        ([(0, -0.7)], {}),
        ([(0.2, 0.2)], {}),
    ],
)
def test_a_drag_steps_the_control_of_its_way_and_more_is_where_its_key_points(
    qtbot, picture, path, wishes
):
    drag(qtbot, picture, *path)
    assert picture.wishes == wishes


def test_a_drag_goes_the_way_in_which_it_began(qtbot, picture):
    drag(qtbot, picture, (0.1, -1), (3, -2))
    assert picture.wishes == {"Wire": 10.0}
    picture.wishes.clear()
    drag(qtbot, picture, (-1, 0.1), (-1, -3))
    assert picture.wishes == {"Turn": 5.0}


def test_slow_and_fast_drags_go_equally_far(qtbot, picture):
    drag(qtbot, picture, *((0, -way / 20) for way in range(1, 61)))
    assert picture.wishes == {"Wire": 15.0}


def test_where_nothing_goes_across_a_slanting_drag_goes_up(qtbot, picture):
    picture.grips = Grips(picture.grips.up_down)
    drag(qtbot, picture, (2, -1))
    assert picture.wishes == {"Wire": 5.0}


def test_the_other_buttons_and_the_plain_wheel_move_no_device(qtbot, picture):
    before = picture.window_shown
    for button in (LEFT, Qt.MouseButton.MiddleButton):
        drag(qtbot, picture, (0, -3), button=button)
    turn_wheel(picture, 240, Qt.KeyboardModifier.NoModifier)
    assert picture.wishes == {}
    drag(qtbot, picture, (0, -3))
    assert picture.window_shown == before


def test_the_wheel_with_ctrl_steps_and_does_not_zoom(qtbot, picture):
    zoom = picture.zoom
    for delta, wish in ((120, 5.0), (60, 5.0), (60, 10.0), (-240, 0.0)):
        turn_wheel(picture, delta)
        assert picture.wishes["Wire"] == wish
    assert picture.zoom == zoom


def test_what_is_moved_is_said_and_goes_a_moment_after(qtbot, picture):
    drag(qtbot, picture, (-2, 0))
    assert picture.told[-1] == "Turn  10°"
    picture.wishes.clear()
    picture.drag.tell()
    assert picture.told[-1] == "Turn  0°", "a refused step: as it is read back"
    qtbot.waitUntil(lambda: picture.told[-1] == "")


def test_a_refusal_is_a_sentence_and_nothing_moves(qtbot, picture):
    picture.why = "Nothing is moved now"
    drag(qtbot, picture, (0, -3))
    turn_wheel(picture, 120)
    assert picture.wishes == {}
    assert picture.refusals == ["Nothing is moved now"] * 2


def test_at_the_end_it_says_so_and_stays(qtbot, picture):
    said = []
    picture.wire.stopped.connect(said.append)
    drag(qtbot, picture, (0, -5))
    assert picture.wishes == {"Wire": 20.0}
    assert said == ["Wire  20 mm: it goes no farther"]


@pytest.mark.parametrize("leave", ["hidden", "unseen release"])
def test_a_drag_ends_when_the_mouse_is_elsewhere(qtbot, picture, leave):
    qtbot.mousePress(picture, RIGHT, pos=AT)
    if leave == "hidden":
        picture.hide()
        picture.show()
    else:
        qtbot.mouseRelease(picture.wire, RIGHT)
    qtbot.mouseMove(picture, AT - QPoint(0, 60))
    assert picture.wishes == {}
