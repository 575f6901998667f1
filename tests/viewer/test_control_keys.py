"""The keys of a procedure: when they act, what they never take, and that they let go."""

import json
import subprocess
import sys

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from fluoroview.viewer.input.control_keys import HIGH_LEVEL_KEY, Binding, ControlKeys, is_reserved

KEY = Qt.Key


class Window(QWidget):
    """An image with keys, next to a text field; a menu has the I key too."""

    def __init__(self):
        super().__init__()
        self.image, self.field = QWidget(), QLineEdit()
        self.image.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = QVBoxLayout(self)
        column.addWidget(self.image)
        column.addWidget(self.field)
        self.active, self.log = True, []
        self.keys = ControlKeys(self.image, lambda: self.active)
        shortcut = QShortcut(QKeySequence("I"), self)
        shortcut.activated.connect(lambda: self.log.append("menu"))

    def binding(self, name, repeats=False):
        return Binding(
            lambda: self.log.append(name), lambda: self.log.append(f"{name} off"), repeats
        )


@pytest.fixture
def window(qtbot):
    window = Window()
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    window.keys.bind_procedure(
        {"I": window.binding("inject"), "Shift+Up": window.binding("balloon", repeats=True)}
    )
    window.image.setFocus()
    return window


def settled(qtbot, window, log):
    qtbot.waitUntil(lambda: window.log == log)


def test_a_key_acts_while_the_image_has_the_focus_and_goes_before_the_menu(qtbot, window):
    qtbot.keyClick(window.image, KEY.Key_I)
    settled(qtbot, window, ["inject", "inject off"])


def test_elsewhere_the_menu_has_it(qtbot, window):
    window.keys.bind_procedure({})
    qtbot.keyClick(window.image, KEY.Key_I)
    settled(qtbot, window, ["menu"])


def test_in_a_text_it_is_a_letter(qtbot, window):
    window.field.setFocus()
    qtbot.keyClick(window.field, KEY.Key_I)
    assert window.log == []
    assert window.field.text() == "i"


def test_it_rests_while_a_loop_is_replayed(qtbot, window):
    window.active = False
    qtbot.keyClick(window.image, KEY.Key_I)
    settled(qtbot, window, ["menu"])


def test_a_key_with_shift_is_another_key(qtbot, window):
    qtbot.keyClick(window.image, KEY.Key_Up)
    assert window.log == []
    qtbot.keyClick(window.image, KEY.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    settled(qtbot, window, ["balloon", "balloon off"])


def send(window, kind, key, modifiers=Qt.KeyboardModifier.NoModifier, repeat=False):
    QApplication.sendEvent(window.image, QKeyEvent(kind, key, modifiers, "", repeat))


def test_held_it_repeats_only_where_it_should(qtbot, window):
    shift = Qt.KeyboardModifier.ShiftModifier
    press = QEvent.Type.KeyPress
    for repeat in (False, True, True):
        send(window, press, KEY.Key_I, repeat=repeat)
        send(window, press, KEY.Key_Up, shift, repeat=repeat)
    assert window.log.count("inject") == 1
    assert window.log.count("balloon") == 3


def test_unmarked_repeats_of_an_x_server_are_no_new_press(qtbot, window):
    send(window, QEvent.Type.KeyPress, KEY.Key_I)
    for _ in range(3):
        send(window, QEvent.Type.KeyRelease, KEY.Key_I)
        send(window, QEvent.Type.KeyPress, KEY.Key_I)
    send(window, QEvent.Type.KeyRelease, KEY.Key_I)
    settled(qtbot, window, ["inject", "inject off"])


@pytest.mark.parametrize("leave", ["focus", "hidden", "other keys"])
def test_whatever_takes_the_keys_away_lets_go_of_those_held(qtbot, window, leave):
    send(window, QEvent.Type.KeyPress, KEY.Key_I)
    if leave == "focus":
        window.field.setFocus()
    elif leave == "hidden":
        window.image.hide()
    else:
        window.keys.bind_procedure({})
    settled(qtbot, window, ["inject", "inject off"])


@pytest.mark.parametrize(
    ("key", "reserved"),
    [
        ("Space", True),
        ("Esc", True),
        ("F1", True),
        ("+", True),
        ("Shift+Home", True),
        ("Ctrl+I", True),
        ("Alt+Up", True),
        (HIGH_LEVEL_KEY, True),
        ("I", False),
        ("Up", False),
        ("Shift+Up", False),
        ("Shift+T", False),
    ],
)
def test_some_keys_stay_the_windows_own(window, key, reserved):
    assert is_reserved(key) is reserved
    window.keys.bind_procedure({key: window.binding("taken")})
    assert bool(window.keys.bound) is not reserved


def test_a_menus_single_letter_has_a_second_key_that_no_procedure_can_have(make_window):
    main = make_window(connect=False)
    alone = {}
    for text, action in main.actions_by_text.items():
        keys = [sequence.toString() for sequence in action.shortcuts()]
        if keys and all(not is_reserved(key) for key in keys):
            alone[text] = keys
    # The arrows only step a loop, and a procedure takes no keys meanwhile.
    assert alone == {"Previous frame": ["Left"], "Next frame": ["Right"]}


def test_no_installed_procedure_uses_a_key_that_it_cannot_have():
    printed = subprocess.run(
        [sys.executable, "-m", "fluoroview.session.devices.catalogue"],
        capture_output=True,
        check=True,
    ).stdout
    wrong, twice = [], []
    for procedure in json.loads(printed)["procedures"]:
        keys = [
            (key, control["name"])
            for control in procedure["controls"]
            for key in control["shortcut"]
        ]
        wrong += [(procedure["name"], *each) for each in keys if is_reserved(each[0])]
        names = [key for key, _ in keys]
        twice += [(procedure["name"], key) for key in set(names) if names.count(key) > 1]
    assert not wrong, "keys of the window, see docs/simulation.md"
    assert not twice, "one key, two controls"
