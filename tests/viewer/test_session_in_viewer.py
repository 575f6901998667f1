"""A simulated procedure in the real window: pickers, controls, C-arm, keys, high level."""

from dataclasses import replace

import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtWidgets import QApplication

from fluoroview.hal import ParameterInfo, ParameterSet
from fluoroview.pipeline.subtraction import first_window
from fluoroview.session.devices.catalogue import Catalogue, read_catalogue
from fluoroview.viewer.input.device_drag import STEP_PX
from fluoroview.viewer.widgets.control_rows import row_for

KEY = Qt.Key


@pytest.fixture
def catalogue(test_drivers):
    return Catalogue(procedures=read_catalogue().of("theatre"))


@pytest.fixture
def window(make_window, catalogue, monkeypatch, qtbot):
    monkeypatch.setattr(
        "fluoroview.viewer.controllers.procedure_control.read_catalogue_apart", lambda: catalogue
    )
    window = make_window(driver="theatre", device="one")
    qtbot.waitUntil(lambda: bool(window.procedure.catalogue.procedures))
    window.refresh()
    window.canvas.setFocus()
    return window


def value(window, name):
    return window.session.parameters.value(name)


def pick(box, name):
    index = box.findData(name)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def choose(qtbot, window, procedure):
    pick(window.ui.procedure_panel.procedure, procedure)
    qtbot.waitUntil(lambda: value(window, "Procedure") == procedure)
    window.refresh()


def test_its_tabs_come_to_the_front_and_other_devices_do_not_have_them(window, make_window):
    tabs, ui = window.ui.tabs, window.ui
    assert tabs.currentWidget() is ui.procedure_panel
    assert tabs.isTabVisible(tabs.indexOf(ui.positioner_panel))
    other = make_window().ui
    assert not other.tabs.isTabVisible(other.tabs.indexOf(other.procedure_panel))
    assert not other.high_level_button.isVisibleTo(other.tabs.window())


def test_procedures_and_cases_are_picked_by_their_titles(qtbot, window):
    panel = window.ui.procedure_panel
    assert panel.procedure.currentText() == "Barium swallow"
    pick(panel.case, "aspiration")
    qtbot.waitUntil(lambda: value(window, "Case") == "aspiration")
    window.refresh()
    assert panel.teaching.text.text() == "Barium runs past the cords."
    assert window.procedure.title("theatre") == "Barium swallow  ·  Aspiration"


def test_after_a_choice_the_keys_belong_to_the_image(qtbot, window):
    window.ui.procedure_panel.procedure.setFocus()
    choose(qtbot, window, "angiogram")
    assert window.canvas.hasFocus()


def test_an_image_of_the_patient_before_is_not_shown_with_the_next_ones_name(
    qtbot, window, hold_pedal
):
    hold_pedal(window)
    qtbot.waitUntil(lambda: window.canvas.overlay.mode == "HOLD")
    choose(qtbot, window, "angiogram")
    qtbot.waitUntil(lambda: window.canvas.image is None)
    assert window.canvas.overlay.mode == "IDLE"


def test_controls_follow_the_procedure_with_their_keys(qtbot, window):
    panel = window.ui.procedure_panel
    assert list(panel.rows) == ["Swallow", "BreathHold", "Consistency"]
    assert {"S", "H"} <= window.procedure.keys.bound
    choose(qtbot, window, "angiogram")
    assert list(panel.rows) == ["CatheterAdvance", "Inject"]
    assert {"Up", "Down", "I"} <= window.procedure.keys.bound
    assert "S" not in window.procedure.keys.bound


def test_a_catheter_goes_by_key_and_by_button(qtbot, window):
    choose(qtbot, window, "angiogram")
    qtbot.keyClick(window.canvas, KEY.Key_Up)
    qtbot.waitUntil(lambda: value(window, "CatheterAdvance") == 5.0)
    window.refresh()
    window.ui.procedure_panel.rows["CatheterAdvance"].less.click()
    qtbot.waitUntil(lambda: value(window, "CatheterAdvance") == 0.0)


def right_drag(qtbot, canvas, up_px):
    at = canvas.rect().center()
    qtbot.mousePress(canvas, Qt.MouseButton.RightButton, pos=at)
    qtbot.mouseMove(canvas, at - QPoint(0, up_px))
    qtbot.mouseRelease(canvas, Qt.MouseButton.RightButton)


def test_a_catheter_is_drawn_with_the_mouse_through_the_same_control(qtbot, window):
    choose(qtbot, window, "angiogram")
    panel = window.ui.procedure_panel
    assert panel.rows["CatheterAdvance"].label.text().startswith("↕")
    assert "right button" in panel.mouse.text()
    assert panel.mouse.isVisible()
    right_drag(qtbot, window.canvas, 3 * round(STEP_PX))
    qtbot.waitUntil(lambda: value(window, "CatheterAdvance") == 15.0)
    assert window.canvas.overlay.words("moved") == ("Catheter advance  15 mm",)
    assert window.canvas.hasFocus()


def test_a_device_at_its_end_states_it_for_key_and_mouse(qtbot, window):
    choose(qtbot, window, "angiogram")
    for move in (
        lambda: qtbot.keyClick(window.canvas, KEY.Key_Down),
        lambda: right_drag(qtbot, window.canvas, -2 * round(STEP_PX)),
    ):
        window.statusBar().clearMessage()
        move()
        assert "limit reached" in window.statusBar().currentMessage()
    assert value(window, "CatheterAdvance") == 0.0


def test_the_mouse_moves_nothing_where_there_is_no_device_or_a_replay(qtbot, window, hold_pedal):
    right_drag(qtbot, window.canvas, 60)
    assert "no device to move" in window.statusBar().currentMessage()
    choose(qtbot, window, "angiogram")
    hold_pedal(window)
    window.session.replay_loop().result(30)
    right_drag(qtbot, window.canvas, 60)
    assert "during replay" in window.statusBar().currentMessage()
    assert value(window, "CatheterAdvance") == 0.0


def test_the_mouse_lets_go_when_another_patient_comes(qtbot, window):
    choose(qtbot, window, "angiogram")
    right_drag(qtbot, window.canvas, 2 * round(STEP_PX))
    qtbot.waitUntil(lambda: value(window, "CatheterAdvance") == 10.0)
    choose(qtbot, window, "swallow")
    qtbot.waitUntil(lambda: not window.canvas.overlay.words("moved"))


def test_a_refused_control_is_reported_once_and_no_longer_when_it_works(qtbot, window):
    choose(qtbot, window, "angiogram")
    writer, messages = window.procedure.writer, window.ui.messages
    for wish in (400.0, 500.0):
        writer.put("CatheterAdvance", wish)
        qtbot.waitUntil(lambda wish=wish: f"{wish}" in "".join(m.what for m in messages.messages))
    assert [message.about for message in messages.messages] == ["CatheterAdvance"]
    writer.put("CatheterAdvance", 50.0)
    qtbot.waitUntil(lambda: messages.messages == [])
    writer.put("CatheterAdvance", 400.0)
    qtbot.waitUntil(lambda: bool(messages.messages))
    choose(qtbot, window, "swallow")
    qtbot.waitUntil(lambda: messages.messages == [])


def test_keys_pressed_faster_than_they_are_written_all_count(qtbot, window):
    choose(qtbot, window, "angiogram")
    for _ in range(6):
        qtbot.keyClick(window.canvas, KEY.Key_Up)
    qtbot.waitUntil(lambda: value(window, "CatheterAdvance") == 30.0)


def test_a_command_and_a_switch_by_key(qtbot, window):
    written = window.session._core.devices.armed.host._transport._server._device.written
    qtbot.keyClick(window.canvas, KEY.Key_S)
    qtbot.keyClick(window.canvas, KEY.Key_H)
    qtbot.waitUntil(lambda: ("Swallow", None) in written and ("BreathHold", True) in written)
    qtbot.waitUntil(lambda: value(window, "BreathHold") and not window.procedure.keys._held)
    window.refresh()
    assert window.ui.procedure_panel.rows["BreathHold"].button.isChecked()
    qtbot.keyClick(window.canvas, KEY.Key_H)
    qtbot.waitUntil(lambda: ("BreathHold", False) in written)


def test_the_arrows_step_a_loop_while_one_is_replayed(qtbot, window, hold_pedal):
    choose(qtbot, window, "angiogram")
    hold_pedal(window)
    window.session.replay_loop().result(30)
    qtbot.keyClick(window.canvas, KEY.Key_Right)
    qtbot.waitUntil(lambda: window.session.player.index == 1)
    assert value(window, "CatheterAdvance") == 0.0


def test_the_c_arm_turns_by_key_and_by_its_dial(qtbot, window):
    stand = window.ui.positioner_panel
    window.ui.tabs.setCurrentWidget(stand)
    qtbot.keyClick(window.canvas, KEY.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(window.canvas, KEY.Key_Up, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: value(window, "PositionerSecondaryAngle") == 2.0)
    assert value(window, "PositionerPrimaryAngle") == 2.0
    at = stand.dial.point_of(-30.0, 20.0)
    qtbot.mouseClick(stand.dial, Qt.MouseButton.LeftButton, pos=at.toPoint())
    qtbot.waitUntil(lambda: abs(value(window, "PositionerPrimaryAngle") + 30.0) <= 1)
    window.refresh()
    assert stand.view.text().startswith("RAO")
    assert window.procedure.view_lines()[0].startswith("RAO")


def test_a_dragged_dial_does_not_queue_what_it_passed(qtbot, window):
    stand, asked = window.ui.positioner_panel, []
    write = window.session.set_parameter

    def counted(name, wish):
        asked.append(name)
        return write(name, wish)

    window.session.set_parameter = counted
    window.ui.tabs.setCurrentWidget(stand)
    for step in range(60):
        stand.dial.angles_requested.emit(float(step), 0.0)
    qtbot.waitUntil(lambda: value(window, "PositionerPrimaryAngle") == 59.0)
    assert len(asked) < 10


def test_table_and_field_of_view_by_key(qtbot, window):
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window.canvas, KEY.Key_Up, both)
    qtbot.waitUntil(lambda: value(window, "TableLongitudinalPosition") == 10.0)
    qtbot.keyClick(window.canvas, KEY.Key_Equal, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: value(window, "FieldOfView") == "220")


def test_run_dose_level_and_brightness_are_taken_with_one_click(qtbot, window):
    panel = window.ui.technique_panel
    window.ui.tabs.setCurrentWidget(panel)
    panel.brightness.level.button("high").click()
    panel.brightness.run.button("DSA run").click()
    qtbot.waitUntil(lambda: value(window, "AcquisitionType") == "DSA run")
    assert value(window, "DoseLevel") == "high"
    qtbot.waitUntil(panel.subtract.isChecked)
    panel.subtract.click()
    qtbot.waitUntil(lambda: window.session.subtracts is False)


def test_what_the_procedure_has_tabs_for_is_not_among_the_technique(window):
    window.ui.tabs.setCurrentWidget(window.ui.technique_panel)
    window.refresh()
    assert "Procedure" not in window.ui.technique_panel._editors


class TestHighLevel:
    @pytest.fixture
    def tone(self, window, monkeypatch):
        heard = []
        monkeypatch.setattr(window.procedure.high_level, "_tone", heard.append)
        return heard

    def on(self, window):
        return value(window, "HighLevelControl")

    def test_it_is_on_while_its_key_is_held_and_is_heard(self, qtbot, window, tone):
        qtbot.keyPress(window.canvas, KEY.Key_K)
        qtbot.waitUntil(lambda: self.on(window))
        assert tone == [True]
        qtbot.keyRelease(window.canvas, KEY.Key_K)
        qtbot.waitUntil(lambda: not self.on(window))
        assert tone == [True, False]

    def test_it_is_on_while_its_button_is_held(self, qtbot, window, tone):
        button = window.ui.high_level_button
        qtbot.mousePress(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: self.on(window))
        qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not self.on(window))
        assert tone == [True, False]

    @pytest.mark.parametrize("leave", ["focus", "window"])
    def test_leaving_lets_go(self, qtbot, window, tone, leave):
        qtbot.keyPress(window.canvas, KEY.Key_K)
        qtbot.waitUntil(lambda: self.on(window))
        if leave == "focus":
            window.ui.device_panel.driver.setFocus()
            window.canvas.clearFocus()
        else:
            QApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
        qtbot.waitUntil(lambda: not self.on(window))
        assert tone[-1] is False

    def test_closing_the_window_lets_go(self, qtbot, window, tone):
        qtbot.keyPress(window.canvas, KEY.Key_K)
        qtbot.waitUntil(lambda: self.on(window))
        window.close()
        assert tone == [True, False]


def test_what_happens_in_the_patient_is_reported_on_the_live_image_alone(qtbot, window, hold_pedal):
    words = window.canvas.overlay.words
    qtbot.keyPress(window, KEY.Key_Space)
    qtbot.waitUntil(lambda: bool(words("procedure status")))
    assert words("procedure status")[0].startswith("Image ")
    assert words("top left") == ("AP", "30 cm")
    qtbot.keyRelease(window, KEY.Key_Space)
    qtbot.waitUntil(lambda: not words("procedure status"))


def test_heat_and_skin_dose_stand_with_the_dose(window):
    dose = window.ui.dose
    assert (dose.heat.value.text(), dose.skin.value.text()) == ("20", "0.120")


def test_what_limits_the_brightness_is_reported(qtbot, window):
    window.session._core.devices.armed.host._transport._server._device.limit = "88 mGy/min reached"
    window.ui.tabs.setCurrentWidget(window.ui.technique_panel)
    qtbot.keyPress(window, KEY.Key_Space)
    qtbot.waitUntil(lambda: "88 mGy/min reached" in window.canvas.overlay.words("top right"))
    qtbot.keyRelease(window, KEY.Key_Space)
    qtbot.waitUntil(lambda: window.ui.technique_panel.brightness.limit.text() != "")


def test_a_long_list_is_searched_by_typing(qtbot, window):
    picker = window.ui.procedure_panel.procedure
    names = [f"procedure-{number}" for number in range(12)]
    titles = dict(zip(names, "abcdefghijkl", strict=True))
    picker.show_choices(names, titles, "procedure-3")
    assert picker.isEditable()
    assert picker.currentText() == "d"
    assert picker.completer().filterMode() == Qt.MatchFlag.MatchContains
    picker.show_choices(names[:3], titles, "procedure-0")
    assert not picker.isEditable()


def searched(qtbot, window, names=("swallow", "angiogram", *"cdefghij")):
    """Make the list of procedures long enough to be searched, and type into it."""
    picker = window.ui.procedure_panel.procedure
    window.ui.procedure_panel.show_parameters = lambda *shown: None  # the list stays long
    titles = {"swallow": "Barium swallow", "angiogram": "Angiography of the leg"}
    picker.show_choices(names, titles, "swallow")
    picker.lineEdit().setFocus()
    picker.lineEdit().selectAll()
    return picker.lineEdit()


def test_a_procedure_that_does_not_exist_is_answered_with_the_nearest(qtbot, window):
    line = searched(qtbot, window)
    qtbot.keyClicks(line, "angiogrem")
    qtbot.keyClick(line, KEY.Key_Return)
    (message,) = window.ui.messages.messages
    assert message.what == "There is no procedure 'angiogrem'."
    assert "Did you mean angiogram?" in message.remedy
    assert line.text() == "Barium swallow", "what was typed is no title and is forgotten"
    assert value(window, "Procedure") == "swallow"


@pytest.mark.parametrize("words", ["of the leg", "angiogram"])
def test_a_part_of_one_title_or_a_name_is_enough(qtbot, window, words):
    line = searched(qtbot, window)
    qtbot.keyClicks(line, words)
    qtbot.keyClick(line, KEY.Key_Return)
    qtbot.waitUntil(lambda: value(window, "Procedure") == "angiogram")
    assert window.canvas.hasFocus()
    assert window.ui.messages.messages == []


def test_during_an_acquisition_the_factors_are_marked_as_fluoroscopys(qtbot, window):
    controls = window.ui.technique_panel.brightness
    window.ui.tabs.setCurrentWidget(window.ui.technique_panel)
    assert controls.factors.isHidden()
    controls.run.button("single image").click()
    qtbot.waitUntil(controls.factors.isVisible)


def test_the_rooms_own_loop_keeps_heat_skin_dose_and_its_procedures_name(window, hold_pedal):
    hold_pedal(window)
    window.session.replay_loop().result(30)
    window.refresh()
    assert window.session.player is not None
    assert window.ui.dose.heat.isVisible()
    assert window.ui.dose.skin.isVisible()
    title, kind, place = window.canvas.overlay.words("bottom left")
    assert (title, kind) == ("Barium swallow  ·  Normal", "Loop")
    assert " / " in place


def test_the_dial_goes_both_ways(qtbot, window):
    dial = window.ui.positioner_panel.dial
    dial.set_limits((-120.0, 120.0), (-50.0, 50.0))
    for angles in ((-120.0, -50.0), (30.0, 20.0), (0.0, 0.0), (120.0, 50.0)):
        assert dial.angles_at(dial.point_of(*angles)) == angles
    assert dial.angles_at(QPointF(-99.0, 999.0)) == (-120.0, -50.0)


def test_a_number_without_keys_is_typed_and_steps_as_it_states(qtbot):
    parameter = ParameterInfo(
        "InjectionRate", 6.0, "float", unit="ml/s", minimum=0.0, maximum=20.0, step=0.5
    )
    row = row_for(parameter, lambda _name, value: value)
    qtbot.addWidget(row)
    wishes = []
    row.write_requested.connect(lambda name, value: wishes.append((name, value)))
    row.editor.steps[1].click()
    assert wishes == [("InjectionRate", 6.5)]
    assert not row.bindings()


def test_while_the_patient_is_made_the_image_states_it(window):
    words = []
    window.canvas.set_empty_text = lambda *texts: words.append(texts)
    parameters = ParameterSet(
        replace(each, value="preparing") if each.name == "ProcedureStatus" else each
        for each in window.session.parameters
    )
    dispatcher = window.session._dispatcher
    dispatcher.ask(lambda: dispatcher.change(parameters=parameters))
    window.refresh()
    assert words[-1][0] == "Preparing the patient"


def test_a_subtracted_image_states_it_and_has_its_own_window(qtbot, window, hold_pedal):
    words = window.canvas.overlay.words
    hold_pedal(window)
    qtbot.waitUntil(lambda: bool(words("bottom right")))
    assert "subtracted" not in words("bottom right")
    plain = window.canvas.window_shown
    window.devices.toggle_subtraction()
    hold_pedal(window)
    qtbot.waitUntil(lambda: "subtracted" in words("bottom right"))
    assert window.canvas.window_shown == first_window() != plain
    window.devices.toggle_subtraction()
    hold_pedal(window)
    qtbot.waitUntil(lambda: "subtracted" not in words("bottom right"))
    qtbot.waitUntil(lambda: window.canvas.window_shown == plain)
