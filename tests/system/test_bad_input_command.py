"""`fluoroview live` with the simulated source and a room that asks for what cannot be."""

import os
import subprocess
import sys

import pytest

ROOM = """
[detector]
driver = "simulated"

[detector.parameters]
Procedure = "phantom"
Matrix = "512"
{more}
"""


@pytest.fixture
def live(tmp_path):
    """Return a function that runs half a second in a room; what is printed, and the exit code."""
    env = {**os.environ, "FLUOROVIEW_SIMULATED_CACHE": str(tmp_path / "patients")}
    env |= {"QT_QPA_PLATFORM": "offscreen", "COLUMNS": "200"}

    def run(more=""):
        room = tmp_path / "room.toml"
        room.write_text(ROOM.format(more=more))
        arguments = ["live", "--headless", "--seconds", "0.5", "--room", room, "--out", tmp_path]
        done = subprocess.run(
            [sys.executable, "-m", "fluoroview", *map(str, arguments)],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stderr, done.returncode

    return run


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("TubeVoltage = 200.0", "TubeVoltage cannot be 200.0 kV: allowed is 40.0 to 125.0 kV."),
        ("TubeCurrent = 0.1", "TubeCurrent cannot be 0.1 mA: allowed is 1.0 to 1000.0 mA."),
        ("IrisDiameter = 0.0", "The collimation is closed: IrisDiameter is 0 mm"),
    ],
)
def test_an_impossible_value_gives_a_sentence_and_exit_code_1(live, more, sentence):
    printed, code = live(more)
    assert sentence in printed
    assert "Traceback" not in printed
    assert code == 1


def test_a_damaged_patient_on_disk_is_projected_again_with_a_warning(live, tmp_path):
    printed, code = live()
    assert "projected again" not in printed
    assert code == 0
    for file in (tmp_path / "patients").glob("view-*.npz"):
        file.write_bytes(b"damaged")
    printed, code = live()
    assert "the patient is projected again." in printed
    assert code == 0
