"""The log: a private file with every traceback and without patient data."""

import logging
import stat
import sys
import threading

import numpy as np
import pytest

import fluoroview as fv
from fluoroview import logs


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Log to a folder of the test; afterwards everything is as before."""
    monkeypatch.setattr(logs, "log_file", lambda: tmp_path / "state" / "fluoroview.log")
    monkeypatch.setattr(logs, "_secrets", logs._Secrets())
    root, own = logging.getLogger(), logging.getLogger("fluoroview")
    before = (root.level, own.level, logging.getLogger("pydicom").level)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    assert logs.configure(logs.Level.INFO) == ""
    logs.log_unhandled_errors()
    yield tmp_path / "state" / "fluoroview.log"
    for handler in [each for each in root.handlers if isinstance(each, logs._PrivateFile)]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before[0])
    own.setLevel(before[1])
    logging.getLogger("pydicom").setLevel(before[2])
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def test_only_the_owner_can_read_the_log(log):
    logging.getLogger("fluoroview.session").warning("The device is gone.")

    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_an_error_of_a_thread_is_logged_with_its_traceback(log):
    def fails():
        raise ZeroDivisionError("in the thread")

    thread = threading.Thread(target=fails, name="reader")
    thread.start()
    thread.join()

    text = log.read_text()
    assert "Unhandled error in reader" in text
    assert "in fails" in text
    assert "ZeroDivisionError: in the thread" in text


def test_an_error_of_the_main_thread_is_logged_with_its_traceback(log):
    try:
        raise LookupError("at the top")
    except LookupError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    assert "LookupError: at the top" in log.read_text()


@pytest.mark.parametrize(
    "line",
    [
        "Reading /home/x/DOE_JANE.dcm failed",
        "invalid value 'Doe^Jane^^Dr' in PatientName",
        "the patient Jane Doe, 1950",
    ],
)
def test_no_patient_data_reaches_the_log(log, line):
    logs.keep_out("Jane Doe")

    logging.getLogger("fluoroview.dicom").error(line)
    try:
        raise ValueError(line)
    except ValueError:
        logging.getLogger("fluoroview.dicom").exception("Internal error")

    text = log.read_text().lower()
    assert "jane" not in text
    assert "doe" not in text
    assert logs.REMOVED in text


def test_the_patient_of_an_opened_file_does_not_reach_the_log(log, tmp_path):
    path = tmp_path / "doe_jane"
    fv.write_loop(
        path, np.zeros((1, 8, 8), np.uint16), patient_name="Doe^Jane", patient_id="PAT-4711"
    )
    with fv.read_cine(path) as cine:
        logging.getLogger("fluoroview.session").error(
            "%s of %s, %s", cine.path, cine.header.PatientName.family_name, cine.header.PatientID
        )

    text = log.read_text()
    assert "doe_jane" not in text
    assert "Doe" not in text
    assert "4711" not in text


def test_control_characters_of_foreign_text_are_escaped(log):
    logging.getLogger("fluoroview.session").warning("device \x1b[31mred\x1b[0m")

    assert "\x1b" not in log.read_text()


def test_the_log_rotates_and_stays_bounded(log, monkeypatch):
    monkeypatch.setattr(logs, "_MAX_BYTES", 2000)
    logs.configure()
    for number in range(200):
        logging.getLogger("fluoroview").warning("line %d of many, long enough to fill", number)

    files = list(log.parent.iterdir())
    assert len(files) == logs._FILES + 1
    assert all(file.stat().st_size <= 2000 for file in files)


def test_a_folder_that_cannot_be_written_gives_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(logs, "log_file", lambda: tmp_path / "file" / "fluoroview.log")

    assert "cannot be written" in logs.configure()
