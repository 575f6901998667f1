"""The command line in odd surroundings: locales, time zones, folders, pipes, foreign text."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from fluoroview.cli.environment import prepare_environment


def fluoroview(*arguments, encoding="utf-8", cwd=None, **environment):
    """Run the program; return exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", "fluoroview", *map(str, arguments)],
        capture_output=True,
        env=os.environ | {"COLUMNS": "200"} | environment,
        cwd=cwd,
        timeout=120,
        check=False,
    )
    done.stdout = done.stdout.decode(encoding)
    done.stderr = done.stderr.decode(encoding)
    assert "Traceback" not in done.stderr + done.stdout
    assert "Internal error" not in done.stderr
    return done


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_unicode_shows_every_command(encoding):
    environment = {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0"}

    done = fluoroview("procedures", "phantom", encoding=encoding, **environment)
    assert done.returncode == 0, done.stderr
    assert "Test phantom" in done.stdout
    rows = json.loads(fluoroview("procedures", "--json", encoding=encoding, **environment).stdout)
    assert rows[0]["title"]


def test_an_impossible_time_zone_is_reported_and_replaced():
    done = fluoroview("drivers", TZ="UTC+25")

    assert done.returncode == 0
    assert "TZ=UTC+25 is not a time zone" in done.stderr


def test_a_relative_home_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = {"HOME": "me", "XDG_CACHE_HOME": "/c"}

    assert prepare_environment(environment) == []
    assert environment == {"HOME": str(tmp_path / "me"), "XDG_CACHE_HOME": "/c"}


def test_a_reader_that_has_enough_ends_the_program_quietly():
    command = [sys.executable, "-m", "fluoroview", "procedures", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(1)
        process.stdout.close()
        errors = process.stderr.read().decode()

    assert errors == ""


@pytest.mark.parametrize(
    ("name", "shown"), [("[/x]", "[/x]"), ("[bold]x", "[bold]x"), ("\x1b[31mred", "x1b[31mred")]
)
@pytest.mark.parametrize("command", [("check",), ("play",), ("devices", "--driver")])
def test_foreign_text_is_neither_markup_nor_a_control_sequence(command, name, shown):
    done = fluoroview(*command, name)

    assert done.returncode == 1
    assert "\x1b" not in done.stderr + done.stdout
    assert shown in done.stderr


def test_messages_are_in_the_language_of_the_user():
    done = fluoroview("check", "nosuch", FLUOROVIEW_LANGUAGE="de")

    assert "Es gibt keinen Treiber 'nosuch'." in done.stderr


def test_an_internal_error_is_a_sentence_and_its_traceback_is_in_the_log(tmp_path):
    code = (
        "import sys; from fluoroview.cli import devices, main\n"
        "devices.discovered.__code__ = (lambda driver='': 1 / 0).__code__\n"
        "sys.argv = ['fluoroview', 'devices']; main.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path)},
        check=False,
    )

    assert done.returncode == 1
    assert "FV-CLI-001" in done.stderr
    assert "Traceback" not in done.stderr
    log = next(tmp_path.rglob("fluoroview.log")).read_text()
    assert "ZeroDivisionError" in log
    assert "Traceback" in log


def test_a_report_holds_versions_drivers_and_log_and_nothing_of_the_person(tmp_path):
    state, home = tmp_path / "state", tmp_path / "home_of_somebody"
    home.mkdir()
    surroundings = {"XDG_STATE_HOME": str(state), "HOME": str(home)}
    fluoroview("play", home / "DOE_JANE.dcm", **surroundings)
    path = tmp_path / "report.zip"
    done = fluoroview("report", "--out", path, **surroundings)

    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {"versions.json", "environment.json", "drivers.json", "log/fluoroview.log"} <= set(texts)
    assert "numpy" in json.loads(texts["versions.json"])["packages"]
    assert "pattern" in {driver["name"] for driver in json.loads(texts["drivers.json"])}
    everything = "\n".join(texts.values())
    assert "JANE" not in everything
    assert "home_of_somebody" not in everything
