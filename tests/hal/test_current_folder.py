"""Code that lies in the current folder does not run: not in a child, not as a driver."""

import os
import subprocess
import sys

import pytest

from fluoroview.hal.runtime.installed import installed_entry_points
from fluoroview.hal.runtime.python_child import child_environment, python_command
from fluoroview.hal.runtime.registry import GROUP, discover, installed_drivers
from fluoroview.hal.testing import Bench


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Be in a folder with a numpy and a distribution of somebody else; yield its traces."""
    ran = tmp_path / "ran"
    trap = f"open({str(ran)!r}, 'a').write(__name__ + ' ')\n"
    for module in ("numpy.py", "planted.py", "fluoroview.py", "json.py", "cv2.py"):
        (tmp_path / module).write_text(trap)
    made_up = tmp_path / "planted-1.0.dist-info"
    made_up.mkdir()
    (made_up / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (made_up / "entry_points.txt").write_text("[fluoroview.drivers]\nplanted = planted:Driver\n")
    monkeypatch.chdir(tmp_path)
    return ran


def by_name():
    return {driver.name: driver for driver in installed_drivers()}


@pytest.mark.usefixtures("test_drivers")
def test_a_driver_runs_in_a_child_without_the_current_folder(planted):
    with Bench() as bench:
        host = bench.open("ramp", "r0", "process")
        consumer = bench.consume(host.arm())
        consumer.run(host, frames=3)
    assert not planted.exists()


@pytest.mark.usefixtures("test_drivers")
def test_discovery_runs_without_the_current_folder(planted):
    assert discover(by_name()["ramp"]).devices
    assert not planted.exists()


def test_an_empty_entry_of_the_path_is_dropped(planted, monkeypatch):
    """Python reads an empty entry of PYTHONPATH as the current folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep + os.environ.get("PYTHONPATH", "") + os.pathsep)
    command = python_command("numpy.version")
    done = subprocess.run(command, env=child_environment(), check=False, capture_output=True)
    assert not planted.exists(), done.stderr


@pytest.mark.parametrize("entry", ["", ".", None])
def test_a_distribution_in_the_current_folder_is_not_installed(
    planted, tmp_path, monkeypatch, entry
):
    monkeypatch.setattr(sys, "path", [str(tmp_path) if entry is None else entry, *sys.path])
    assert "planted" not in by_name()
    assert not planted.exists()


def test_a_folder_that_the_user_names_is_searched_also_when_it_is_the_current_one(
    planted, tmp_path, monkeypatch
):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "planted" in [point.name for point in installed_entry_points(GROUP)]


def test_the_command_line_as_a_module_runs_without_the_current_folder(planted, tmp_path):
    (tmp_path / "fluoroview.py").unlink()  # `-m fluoroview` would name this one
    (tmp_path / "json.py").unlink()  # Python itself imports some modules before any of ours
    command = [sys.executable, "-m", "fluoroview", "drivers"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "planted" not in done.stdout
    assert not planted.exists()
