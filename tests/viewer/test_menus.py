"""What the menus open: samples, the log, a new patient, the language; internal errors are shown."""

import sys

import pytest
from PyQt6.QtCore import QSettings

from fluoroview.samples import SampleKind, samples
from fluoroview.session.events import Mode
from fluoroview.viewer import language
from fluoroview.viewer.shutdown import ErrorReporter


@pytest.fixture(autouse=True)
def own_settings(tmp_path):
    """Let no test change the settings of the user."""
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))


def test_every_sample_is_in_the_menu_and_opens(window, qtbot):
    loop = next(each for each in samples() if each.kind is SampleKind.LOOP)
    assert {each.title for each in samples()} <= set(window.actions_by_text)
    window.actions_by_text[loop.title].trigger()
    qtbot.waitUntil(lambda: window.session.state.mode is Mode.REPLAY)


def test_a_new_patient_is_asked_for_and_may_be_cancelled(window, qtbot, hold_pedal):
    hold_pedal(window)
    pulses = window.session.state.dose.pulses
    window.actions_by_text["New patient…"].trigger()
    assert window.new_patient.isVisible()
    assert not window.new_patient.isModal(), "the beam must not wait for an answer"
    assert window.new_patient.figures["runs"].text() == "1"
    window.new_patient.cancel.click()
    assert not window.new_patient.isVisible()
    assert window.session.state.dose.pulses == pulses
    window.actions_by_text["New patient…"].trigger()
    window.new_patient.clear.click()
    qtbot.waitUntil(lambda: window.session.state.dose.pulses == 0)
    assert window.session.state.runs == 0


def test_the_log_is_shown_with_its_place(window, qtbot, tmp_path, monkeypatch):
    file = tmp_path / "fluoroview.log"
    file.write_text("first line\nlast line\n")
    monkeypatch.setattr("fluoroview.logs.log_file", lambda: file)
    window.actions_by_text["Show log"].trigger()
    qtbot.waitUntil(lambda: "last line" in window.log.text.toPlainText())
    assert str(file) in window.log.path.text()
    window.log.close()


def test_a_language_is_used_from_the_next_start_on(window, monkeypatch):
    monkeypatch.delenv("FLUOROVIEW_LANGUAGE")
    used = []
    monkeypatch.setattr(language, "set_language", used.append)
    window.actions_by_text["Deutsch"].trigger()
    assert "next start" in window.statusBar().currentMessage()
    language.use_chosen_language()
    assert used == ["de"]


def test_the_environments_language_goes_before_the_chosen_one(monkeypatch):
    monkeypatch.setenv("FLUOROVIEW_LANGUAGE", "en")
    used = []
    monkeypatch.setattr(language, "set_language", used.append)
    language.choose_language("de")
    language.use_chosen_language()
    assert used == [""]


def test_an_error_that_nobody_handles_is_logged_and_shown(window, monkeypatch):
    logged = []
    monkeypatch.setattr("sys.excepthook", lambda *error: logged.append(error[1]))
    reporter = ErrorReporter(window.show_internal_error)
    try:
        error = ValueError("a defect")
        sys.excepthook(ValueError, error, None)
    finally:
        reporter.stop()
    assert logged == [error]
    (message,) = window.ui.messages.messages
    assert message.what == "Internal error (FV-GUI-001): see the log"
    window.ui.messages.action_requested.emit(message)
    assert window.log.isVisible()
    window.log.close()
