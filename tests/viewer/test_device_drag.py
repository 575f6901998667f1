"""Devices moved with the mouse in the image: real events, through the procedure's rows."""

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication

from fluoroview.hal import ParameterInfo
from fluoroview.viewer.image.canvas import ImageCanvas
from fluoroview.viewer.input.device_drag import STEP_PX, DeviceDrag, DragTarget, DragTargets
from fluoroview.viewer.widgets.control_rows import StepRow

RIGHT, LEFT = Qt.MouseButton.RightButton, Qt.MouseButton.LeftButton
AT = QPoint(150, 150)


def parameter(name, value=0.0, unit="mm", step=5.0):
    return ParameterInfo(
        name,
        value,
        "float",
        unit=unit,
        minimum=-20.0,
        maximum=20.0,
        shortcut=("Up", "Down"),
        step=step,
    )


class Image(ImageCanvas):
    """An image whose mouse moves a wire up and down, and turns it left and right."""

    def __init__(self):
        super().__init__()
        self.resize(320, 320)
        self.requests, self.texts, self.refusals = {}, [], []
        self.wire, self.turn = self._row("Wire"), self._row("Turn", unit="deg")
        self.drag_targets = DragTargets(DragTarget(self.wire, +1), DragTarget(self.turn, -1))
        self.why = ""
        self.drag = DeviceDrag(self, lambda: self.drag_targets, lambda: self.why)
        self.drag.moved.connect(self.texts.append)
        self.drag.refused.connect(self.refusals.append)

    def _row(self, name, **more):
        row = StepRow(parameter(name, **more), self.requests.get)
        row.setParent(self)
        row.hide()
        row.write_requested.connect(self.requests.__setitem__)
        return row


@pytest.fixture
def image(qtbot):
    made = Image()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def drag(qtbot, image, *steps, button=RIGHT):
    """Press, go so many steps' way (right, down) from there for each pair, and let go."""
    qtbot.mousePress(image, button, pos=AT)
    for right, down in steps:
        qtbot.mouseMove(image, AT + QPoint(round(right * STEP_PX), round(down * STEP_PX)))
    qtbot.mouseRelease(image, button)


def turn_wheel(image, delta, keys=Qt.KeyboardModifier.ControlModifier):
    at = QPointF(AT)
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        at, image.mapToGlobal(at), QPoint(), QPoint(0, delta), none, keys, phase, False
    )
    QApplication.sendEvent(image, event)


@pytest.mark.parametrize(
    ("path", "requests"),
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
    qtbot, image, path, requests
):
    drag(qtbot, image, *path)
    assert image.requests == requests


def test_a_drag_goes_the_way_in_which_it_began(qtbot, image):
    drag(qtbot, image, (0.1, -1), (3, -2))
    assert image.requests == {"Wire": 10.0}
    image.requests.clear()
    drag(qtbot, image, (-1, 0.1), (-1, -3))
    assert image.requests == {"Turn": 5.0}


def test_slow_and_fast_drags_go_equally_far(qtbot, image):
    drag(qtbot, image, *((0, -way / 20) for way in range(1, 61)))
    assert image.requests == {"Wire": 15.0}


def test_where_nothing_goes_across_a_slanting_drag_goes_up(qtbot, image):
    image.drag_targets = DragTargets(image.drag_targets.up_down)
    drag(qtbot, image, (2, -1))
    assert image.requests == {"Wire": 5.0}


def test_the_other_buttons_and_the_plain_wheel_move_no_device(qtbot, image):
    before = image.window_shown
    for button in (LEFT, Qt.MouseButton.MiddleButton):
        drag(qtbot, image, (0, -3), button=button)
    turn_wheel(image, 240, Qt.KeyboardModifier.NoModifier)
    assert image.requests == {}
    drag(qtbot, image, (0, -3))
    assert image.window_shown == before


def test_the_wheel_with_ctrl_steps_and_does_not_zoom(qtbot, image):
    zoom = image.zoom
    for delta, wish in ((120, 5.0), (60, 5.0), (60, 10.0), (-240, 0.0)):
        turn_wheel(image, delta)
        assert image.requests["Wire"] == wish
    assert image.zoom == zoom


def test_what_is_moved_is_reported_and_goes_a_moment_after(qtbot, image):
    drag(qtbot, image, (-2, 0))
    assert image.texts[-1] == "Turn  10°"
    image.requests.clear()
    image.drag.report_position()
    assert image.texts[-1] == "Turn  0°", "a refused step: as it is read back"
    qtbot.waitUntil(lambda: image.texts[-1] == "")


def test_a_refusal_is_a_sentence_and_nothing_moves(qtbot, image):
    image.why = "Nothing is moved now"
    drag(qtbot, image, (0, -3))
    turn_wheel(image, 120)
    assert image.requests == {}
    assert image.refusals == ["Nothing is moved now"] * 2


def test_at_the_end_it_states_it_and_stays(qtbot, image):
    texts = []
    image.wire.stopped.connect(texts.append)
    drag(qtbot, image, (0, -5))
    assert image.requests == {"Wire": 20.0}
    assert texts == ["Wire  20 mm: limit reached"]


@pytest.mark.parametrize("leave", ["hidden", "unseen release"])
def test_a_drag_ends_when_the_mouse_is_elsewhere(qtbot, image, leave):
    qtbot.mousePress(image, RIGHT, pos=AT)
    if leave == "hidden":
        image.hide()
        image.show()
    else:
        qtbot.mouseRelease(image.wire, RIGHT)
    qtbot.mouseMove(image, AT - QPoint(0, 60))
    assert image.requests == {}
