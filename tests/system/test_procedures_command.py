"""`fluoroview procedures`, `live --procedure --case` and `gallery`, as their user types them."""

import json

import pytest
from typer.testing import CliRunner

from fluoroview.cli.main import app
from fluoroview.cli.rooms import chosen_room as read_with
from fluoroview.hal import FluoroError


@pytest.fixture
def fluoroview(test_drivers, monkeypatch):
    """Return a function that runs the program in this process; what it prints, or its sentence."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        if isinstance(result.exception, FluoroError):
            return str(result.exception)
        assert result.exit_code == 0, result.exception
        return result.stdout

    return run


def test_every_procedure_is_listed_with_cases_controls_and_teaching_points(fluoroview):
    words = fluoroview("procedures", "--driver", "theatre")
    for part in (
        "swallow  Barium swallow",
        "barium · 72 kV 7 mA · 30 pulses/s · LAO 90° · medium, child",
        "  aspiration  Aspiration  abnormal\n      Barium runs past the cords.",
        "↑ ↓     Catheter advance    Catheter forward and back (mm)",
    ):
        assert part in words


def test_the_list_is_data_too(fluoroview):
    rows = json.loads(fluoroview("procedures", "--driver", "theatre", "--json"))
    by_name = {row["name"]: row for row in rows}
    assert by_name["angiogram"]["subtraction"]
    assert by_name["angiogram"]["controls"][0]["shortcut"] == ["Up", "Down"]
    assert [case["abnormal"] for case in by_name["swallow"]["cases"]] == [False, True]


def test_one_procedure_can_be_listed_alone(fluoroview):
    words = fluoroview("procedures", "angiogram")
    assert "Angiography of the leg" in words
    assert "Barium swallow" not in words


def test_a_case_runs_without_a_window(fluoroview, tmp_path):
    chosen = ["--driver", "theatre", "--procedure", "swallow", "--case", "aspiration"]
    fluoroview("live", "--headless", "--seconds", "0.3", *chosen, "--out", tmp_path)
    assert (tmp_path / "hold.png").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["procedures", "--driver", "theatre", "swalow"],
            "There is no procedure 'swalow'. Did you mean swallow?",
        ),
        (["procedures", "--driver", "ramp", "x"], "The driver ramp offers no procedures."),
        (
            ["live", "--driver", "theatre", "--procedure", "angiogran"],
            "Did you mean angiogram? `fluoroview procedures` lists them all.",
        ),
        (
            ["live", "--driver", "theatre", "--procedure", "swallow", "--case", "aspirations"],
            "has no case 'aspirations'. Did you mean aspiration? It has: normal, aspiration.",
        ),
        (
            ["live", "--driver", "theatre", "--procedure", "swallow", "--body", "giant"],
            "has no patient size 'giant'. Allowed are: medium, child.",
        ),
        (["live", "--driver", "theatre", "--case", "stenosis"], "stenosis is a case of angiogram."),
        (["live", "--driver", "ramp", "--procedure", "x"], "The driver ramp offers no procedures"),
        (
            ["gallery", "--out", "x", "--procedure", "swalow"],
            "There is no procedure 'swalow'. Did you mean ",
        ),
        (["gallery", "--out", "x", "--case", "stenosed"], "has no case 'stenosed'"),
    ],
)
def test_a_wrong_name_gets_a_sentence_with_the_nearest(fluoroview, arguments, sentence):
    assert sentence in fluoroview(*arguments)


def test_a_gallery_of_one_case(fluoroview, tmp_path):
    words = fluoroview("gallery", "--out", tmp_path, "--procedure", "angiogram", "--size", "128")
    assert "2 files written, 0 kept, 0 of 1 cases failed" in words
    assert "It narrows." in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_procedure_is_set_before_the_parameters_of_the_room(test_drivers, tmp_path):
    room = tmp_path / "room.toml"
    room.write_text(
        '[detector]\ndriver = "theatre"\n[detector.parameters]\n'
        'TubeVoltage = 80.0\nProcedure = "swallow"\nDoseLevel = "low"\n'
    )
    chosen = read_with(room, "", "", ("angiogram", "stenosis", ""))
    assert list(chosen.detector.parameters.items()) == [
        ("Procedure", "angiogram"),
        ("Case", "stenosis"),
        ("TubeVoltage", 80.0),
        ("DoseLevel", "low"),
    ]
