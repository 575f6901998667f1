"""The command line as its user types it: what it prints, what it writes, how it fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pydicom
import pytest

from fluoroview.cli import devices as device_commands
from fluoroview.hal import DeviceInfo
from fluoroview.hal.runtime.registry import Discovery, DriverInfo

INSTALLED = Path(__file__).parents[1] / "installed"


def fluoroview(*arguments, timeout_s=60, **environment):
    """Run the program without a display; return exit code, output, errors."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-m", "fluoroview", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=inherited | {"COLUMNS": "200"} | environment,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


def refused(*arguments, **environment):
    """Run what must fail; return the sentence."""
    done = fluoroview(*arguments, **environment)
    assert done.returncode == 1
    assert done.stdout == ""
    return " ".join(done.stderr.split())


def test_drivers_are_listed():
    rows = json.loads(fluoroview("drivers", "--json").stdout)
    works = {row["name"]: row["works"] for row in rows}
    assert works["simulated"]
    assert works["dicom_replay"]
    assert works["gentl"]


def test_a_driver_that_cannot_be_imported_is_reported_and_the_others_work():
    rows = json.loads(fluoroview("drivers", "--json", PYTHONPATH=str(INSTALLED)).stdout)
    by_name = {row["name"]: row for row in rows}
    assert "libvendor.so.7" in by_name["broken_import"]["error"]
    assert by_name["simulated"]["works"]
    assert by_name["ramp"]["works"]


def test_devices_are_listed():
    found = json.loads(fluoroview("devices", "--driver", "gentl", "--json").stdout)
    assert "viky.cti:VikyTL_DEV_red" in [device["id"] for device in found["devices"]]


def test_a_driver_that_finds_nothing_reports_what_to_do(tmp_path):
    done = fluoroview("devices", "--driver", "gentl", GENICAM_GENTL64_PATH=str(tmp_path))
    assert "Driver gentl found no device. Plug one in; GENICAM_GENTL64_PATH" in done.stderr
    (tmp_path / "broken.cti").write_bytes(b"no library")
    done = fluoroview("devices", "--driver", "gentl", GENICAM_GENTL64_PATH=str(tmp_path))
    assert "broken.cti cannot be loaded" in done.stderr
    assert "found no device" not in done.stderr


def test_names_of_devices_are_shown_unchanged(monkeypatch, capsys):
    name = "[/dev/video0] of a long_dose_meter_driver"
    info = DeviceInfo("ramp", name, model="[red]")
    driver = DriverInfo("a_driver_with_a_long_name", "ramp", "1", "")
    monkeypatch.setattr(
        device_commands, "discovered", lambda _driver: [Discovery(driver, [info], kind="det")]
    )
    device_commands.devices()
    shown = capsys.readouterr().out
    assert "[red]" in shown
    assert "…" not in shown


def test_an_id_fits_on_one_line_of_80_columns():
    shown = fluoroview("devices", "--driver", "gentl", COLUMNS="80").stdout
    assert "viky.cti:VikyTL_DEV_green │" in shown
    assert "transport Custom" in " ".join(shown.replace("│", " ").split())


@pytest.fixture(scope="module")
def headless(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headless")
    done = fluoroview("live", "--headless", "--seconds", "3", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_headless_lists_the_files_it_wrote(headless):
    folder, done = headless
    written = {path.name for path in folder.iterdir()}
    assert written == {"viewer.png", "hold.png", "hold.dcm", "loop.dcm", "dose.json"}
    assert all(str(folder / name) in done.stdout for name in written)
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir()), "its owner's alone"
    assert "simulated" in done.stdout


def test_headless_files_belong_together(headless):
    folder, _ = headless
    dose = json.loads((folder / "dose.json").read_text())
    loop = pydicom.dcmread(folder / "loop.dcm")
    hold = pydicom.dcmread(folder / "hold.dcm")
    run = dose["runs"][0]
    assert run["ledger"]["exact"]
    assert int(loop.NumberOfFrames) == run["ledger"]["delivered"] == run["pulses"]
    assert run["origin"] == "simulated"
    assert (loop.pixel_array[-1] == hold.pixel_array).all(), "the hold is the last image"
    assert loop.StudyInstanceUID == hold.StudyInstanceUID
    assert "SIMULATED" in loop.ImageComments


def test_the_image_of_the_viewer_shows_something(headless):
    image = cv2.imread(str(headless[0] / "viewer.png"))
    assert image.shape[:2] == (1200, 1600)
    assert image.std() > 30


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["live"], "There is no display: DISPLAY is not set. Log in to a desktop"),
        (["live", "--driver", "simulatd"], "There is no driver 'simulatd'. Did you mean simulated"),
        (
            ["live", "--headless", "--driver", "gentl", "--device", "nosuch"],
            "nosuch",
        ),
        (
            ["live", "--headless", "--driver", "dicom_replay"],
            "Driver dicom_replay found no device. Name a file of yours: `--device FILE`",
        ),
        (
            ["live", "--headless", "--procedure", "barium-enemma"],
            "There is no procedure 'barium-enemma'. Did you mean barium-enema?",
        ),
        (["live", "--room", "/none.toml"], "The room file /none.toml cannot be read"),
        (["live", "--headless", "--out", "/proc/none"], "The folder /proc/none cannot be made"),
        (["devices", "--driver", "x"], "There is no driver 'x'. Installed are:"),
        (["check", "template", "--report", "/none/x.html"], "There is no folder /none. Make it"),
        (["play", "/none.dcm"], "/none.dcm"),
        (["play", __file__], "is not a DICOM file"),
        (["play", "sample:nosuch"], "There is no sample 'nosuch'; there are: swallow"),
    ],
)
def test_an_impossible_request_gives_a_sentence(arguments, sentence):
    assert sentence in refused(*arguments)


@pytest.mark.parametrize("name", ["sample", "sample:dsa", "sample:recording"])
def test_a_sample_plays_where_there_is_a_display(name):
    assert "There is no display" in refused("play", name)


def test_a_file_goes_before_a_sample_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sample").write_text("no loop")
    assert "is not a DICOM file" in refused("play", "sample")


def test_a_display_that_does_not_answer_gets_a_sentence():
    assert "nothing answers at DISPLAY=:4711" in refused("live", DISPLAY=":4711")


def test_a_headless_run_ends_with_a_fault_and_its_files_are_whole(tmp_path):
    faults, room = tmp_path / "faults.toml", tmp_path / "room.toml"
    faults.write_text('[[fault]]\nkind = "crash"\nat_frame = 20\n')
    room.write_text('[detector]\ndriver = "pattern"\nrestart = "automatic"\n')
    done = fluoroview(
        "live", "--room", room, "--faults", faults, "--headless", "--json", "--out", tmp_path
    )
    assert done.returncode == 1
    assert "killed by signal 11 (SIGSEGV). Restart" in done.stderr
    assert "restarted automatically" not in done.stderr, "nobody would press the pedal again"
    printed = json.loads(done.stdout)
    assert {Path(file).name for file in printed["files"]} == {
        "viewer.png", "hold.png", "hold.dcm", "loop.dcm", "dose.json",
    }  # fmt: skip
    ledger, health = printed["ledger"], printed["health"]
    assert ledger["exact"]
    assert 20 <= ledger["delivered"] <= 21, "the signal may come after its frame"
    assert sum(health["latency_histogram"].values()) + health["skipped_by_display"] >= 20
    assert cv2.imread(str(tmp_path / "viewer.png")).std() > 30


def test_a_room_with_a_wrong_key_gets_a_sentence(tmp_path):
    room = tmp_path / "room.toml"
    room.write_text("[hold]\nframs = 3\n")
    assert "unknown key hold.frams. Did you mean frames?" in refused("live", "--room", room)


def test_a_parameter_out_of_limits_gets_a_sentence(tmp_path):
    room = tmp_path / "room.toml"
    room.write_text('[detector]\ndriver = "simulated"\n[detector.parameters]\nTubeVoltage = 300\n')
    sentence = refused("live", "--headless", "--room", room)
    assert "parameter TubeVoltage cannot be 300 kV: allowed is 40" in sentence


def test_a_file_that_cannot_be_written_is_reported_and_the_others_are_written(tmp_path):
    (tmp_path / "loop.dcm").mkdir()  # cannot be replaced by a file
    done = fluoroview("live", "--headless", "--seconds", "1", "--out", tmp_path)
    assert done.returncode == 1
    assert "loop.dcm" in done.stderr
    assert (tmp_path / "dose.json").exists()
    assert (tmp_path / "hold.dcm").exists()


def test_the_bench_of_painting_brings_its_own_screen():
    done = fluoroview("bench", "paint", "--json")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["sizes"]) == {"1024", "2048"}
