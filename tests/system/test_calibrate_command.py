"""`fluoroview calibrate` as its user types it, alone and step by step."""

import builtins
import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

from fluoroview.cli import calibration_steps
from fluoroview.cli.calibration_steps import Terminal, calibrate_detector
from fluoroview.pipeline import CalibrationError
from fluoroview.pipeline.calibration.file import load_calibration
from fluoroview.session.calibration.workflow import CalibrationPlan
from fluoroview.session.room import DetectorSection, Room
from fluoroview.session.session import Session

ROOM = """
calibration = "{calibration}"
[detector]
driver = "simulated"
[detector.parameters]
Matrix = "{matrix}"
PanelCorrection = "off"
"""
SHORT = ("--darks", 4, "--flats", 4, "--levels", 2)


def fluoroview(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "fluoroview", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": "200"},
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


def room_file(folder, matrix="512", calibration=""):
    path = folder / f"room{matrix}.toml"
    path.write_text(ROOM.format(matrix=matrix, calibration=calibration))
    return path


def test_an_unattended_calibration_fits_its_own_mode_only(tmp_path):
    out = tmp_path / "panel.h5"
    done = fluoroview("calibrate", "--room", room_file(tmp_path), "--out", out, *SHORT, "--yes")
    assert done.returncode == 0, done.stderr
    assert "✓ Dark frames: 4 frames" in done.stdout
    assert "1 lines along rows, 1 along columns" in done.stdout
    assert 'calibration = "panel.h5"' in done.stdout
    made = load_calibration(out)
    assert len(made.levels) == 2
    assert made.lag.first_frame_residual == pytest.approx(0.034, abs=0.004)
    room = room_file(tmp_path, "1024", "panel.h5")
    live = fluoroview(
        "live", "--room", room, "--headless", "--seconds", 0.5, "--out", tmp_path / "o"
    )
    assert live.returncode == 0
    assert "made at Matrix 512 px, but the detector is at 1024 px" in live.stderr
    assert "The images are not corrected." in live.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--out", "nowhere/c.h5"], "There is no folder nowhere."),
        (["--out", "c.h5", "--flats", "1"], "flats = 1 is not possible. Allowed are 2 to 1000."),
        (["--out", "c.h5", "--driver", "nosuch"], "There is no driver 'nosuch'."),
        (["--out", "c.h5"], "there is no terminal to answer on"),
    ],
)
def test_an_impossible_request_gives_a_sentence(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    done = fluoroview("calibrate", *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert not (tmp_path / "c.h5").exists()


class Operator:
    """Answers on the terminal, and does with the device what a step asks for."""

    def __init__(self, monkeypatch, scenes):
        self.scenes, self.asked, self.session = list(scenes), [], None
        self.printed = io.StringIO()
        console = Console(file=self.printed, width=200)
        self.terminal = Terminal(console, console)
        monkeypatch.setattr(builtins, "input", self.answer)
        monkeypatch.setattr(calibration_steps, "Session", self.open_session)

    def open_session(self, room):
        self.session = Session(room)
        return self.session

    def answer(self, prompt=""):
        self.asked.append(prompt)
        assert self.scenes, self.printed.getvalue()
        act = self.scenes.pop(0)
        if act in ("y", "n", "s"):
            return act
        self.session.set_parameter("FieldContent", act).result(30)
        return ""


def simulated():
    parameters = {"Matrix": "512", "PanelCorrection": "off", "TubeCurrent": 20.0}
    detector = DetectorSection(
        driver="simulated", device="suite", isolation="thread", parameters=parameters
    )
    return Room(detector=detector)


def test_a_failed_step_is_acquired_again(tmp_path, monkeypatch):
    out = tmp_path / "panel.h5"
    out.write_bytes(b"an old one")
    operator = Operator(monkeypatch, ["y", "open field", "dark", "patient", "open field", "s"])
    plan = CalibrationPlan(darks=4, flats=4, levels=1)
    calibrate_detector(simulated(), out, plan, operator.terminal, yes=False)
    printed = operator.printed.getvalue()
    assert "4 of the 4 dark frames were exposed to x-rays." in printed
    assert "The field is uneven" in printed
    assert printed.count("1/3  Dark frames") == 2
    assert printed.count("2/3  Empty field") == 2
    assert "Saved" in printed
    assert load_calibration(out).lag is None


def test_an_existing_file_is_replaced_only_on_confirmation(tmp_path, monkeypatch):
    out = tmp_path / "panel.h5"
    out.write_bytes(b"an old one")
    operator = Operator(monkeypatch, ["n"])
    with pytest.raises(CalibrationError, match="was not replaced"):
        calibrate_detector(simulated(), out, CalibrationPlan(), operator.terminal, yes=False)
    assert out.read_bytes() == b"an old one"
