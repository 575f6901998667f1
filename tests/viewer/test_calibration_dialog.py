"""The calibration dialog: what it asks for, shows, refuses and writes, on the simulated panel."""

import pytest
from PyQt6.QtCore import QCoreApplication, QEvent

from fluoroview.pipeline.calibration.file import load_calibration
from fluoroview.session.room import DetectorSection, LoopSection, Room
from fluoroview.session.session import Session
from fluoroview.viewer.dialogs.calibration_dialog import CalibrationDialog


@pytest.fixture
def make_dialog(qtbot, tmp_path):
    """Return a function that opens the dialog on the simulated panel, its plan made short."""
    made = []

    def make(connect=True):
        detector = DetectorSection(
            driver="simulated",
            device="suite",
            isolation="thread",
            parameters={"Matrix": "512", "PanelCorrection": "off"},
        )
        loop = LoopSection(seconds=2.0, folder=str(tmp_path / "loops"))
        session = Session(Room(detector=detector, loop=loop))
        if connect:
            session.connect().result(30)
        dialog = CalibrationDialog(session)
        made.append((dialog, session))
        dialog.show()
        for box, value in ((dialog.darks, 4), (dialog.flats, 4), (dialog.levels, 2)):
            box.setValue(value)
        dialog.lag.setChecked(False)
        return dialog

    yield make
    for dialog, session in made:
        dialog.shut()
        session.close()
        dialog.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def take(dialog, qtbot, scene):
    dialog.session.set_parameter("FieldContent", scene).result(30)
    dialog.acquire_button.click()
    assert not dialog.acquire_button.isEnabled()
    qtbot.waitUntil(lambda: not dialog._busy, timeout=10_000)


def figures(dialog):
    return [row[2].text() for row in dialog._rows if row[2].text()]


def marks(dialog):
    return "".join(row[0].text() for row in dialog._rows if row[0].isVisible())


def test_it_begins_with_the_dark_frames_and_names_the_detector(make_dialog):
    dialog = make_dialog()
    assert dialog.title.text() == "Dark frames"
    assert "Close the shutter" in dialog.instruction.text()
    assert "SIM00001, 512×512 px" in dialog.detector.text()
    assert dialog.acquire_button.text() == "Acquire 4 frames"
    assert marks(dialog) == "●○○"
    assert not dialog.save_button.isEnabled()


def test_a_step_that_fails_states_why_and_stays(make_dialog, qtbot):
    dialog = make_dialog()
    take(dialog, qtbot, "open field")
    assert "4 of the 4 dark frames were exposed to x-rays." in dialog.news.text()
    assert marks(dialog) == "✗○○"
    take(dialog, qtbot, "dark")
    assert dialog.news.text() == ""
    assert marks(dialog) == "✓●○"
    assert dialog.title.text() == "Empty field, level 1 of 2"
    assert "4 frames, offset 18" in figures(dialog)[0]


def test_acquiring_all_automatically_gives_a_set_that_is_saved_and_used(
    make_dialog, qtbot, tmp_path
):
    dialog = make_dialog()
    dialog.all_button.click()
    qtbot.waitUntil(dialog.save_button.isEnabled, timeout=20_000)
    assert marks(dialog) == "✓✓✓"
    assert "defect pixels" in dialog.news.text()
    path = tmp_path / "c.h5"
    dialog.save_to(path)
    qtbot.waitUntil(lambda: "Saved" in dialog.news.text(), timeout=10_000)
    assert load_calibration(path).key.serial == "SIM00001"
    assert dialog.session.calibration_file == path
    dialog.begin()
    assert marks(dialog) == "●○○"
    assert not dialog.save_button.isEnabled()


def test_a_set_that_cannot_be_written_is_reported(make_dialog, qtbot, tmp_path):
    dialog = make_dialog()
    dialog.all_button.click()
    qtbot.waitUntil(dialog.save_button.isEnabled, timeout=20_000)
    dialog.save_to(tmp_path / "none" / "c.h5")
    qtbot.waitUntil(lambda: "was not written" in dialog.news.text(), timeout=10_000)
    assert dialog.save_button.isEnabled()


def test_frames_can_be_stopped(make_dialog, qtbot):
    dialog = make_dialog()
    dialog.darks.setValue(1000)
    dialog.session.set_parameter("FieldContent", "dark").result(30)
    dialog.acquire_button.click()
    qtbot.waitUntil(lambda: dialog.bar.value() > 2, timeout=10_000)
    assert dialog.cancel_button.isEnabled()
    dialog.cancel_button.click()
    qtbot.waitUntil(lambda: not dialog._busy, timeout=10_000)
    assert "cancelled" in dialog.news.text()
    assert dialog.acquire_button.isEnabled()


def test_without_a_device_it_states_it(make_dialog):
    dialog = make_dialog(connect=False)
    assert "There is no device" in dialog.detector.text()
    assert not dialog.acquire_button.isEnabled()


def test_closed_in_the_middle_it_ends_the_run(make_dialog, qtbot):
    dialog = make_dialog()
    dialog.darks.setValue(1000)
    dialog.session.set_parameter("FieldContent", "dark").result(30)
    dialog.acquire_button.click()
    qtbot.waitUntil(lambda: dialog.bar.value() > 2, timeout=10_000)
    dialog.close()
    qtbot.waitUntil(lambda: not dialog.workflow.taking, timeout=10_000)
    assert not dialog.session.snapshot().pedal_down
