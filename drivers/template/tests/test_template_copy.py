"""The first steps of the README, as it prints them: the copy installs, and its tests pass."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    """The renamed copy, as the README's first block of commands makes it."""
    project = tmp_path_factory.mktemp("project")
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(TEMPLATE, project / "drivers" / "template", ignore=ignored)
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    commands = re.search(r"```sh\n(.*?)```", readme, re.S)[1]
    subprocess.run(["sh", "-e", "-c", commands], cwd=project, check=True)
    return project / "drivers" / "acme"


def install(folder):
    """Announce a driver's folder as pip would, without building: its metadata next to its code."""
    data = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project = data["project"]
    version = data["tool"]["setuptools_scm"]["fallback_version"]  # the copy is outside git
    info = folder / f"{project['name'].replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {version}\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return project["name"]


def test_nothing_of_the_old_name_is_left(acme):
    files = [path for path in acme.rglob("*") if path.is_file()]
    assert sorted(str(path.relative_to(acme)) for path in files) == [
        "README.md",
        "fluoroview_acme/__init__.py",
        "fluoroview_acme/detector.py",
        "fluoroview_acme/vendor_sdk.py",
        "pyproject.toml",
        "tests/test_acme_detector.py",
    ]
    for path in files:
        assert "template" not in path.read_text(encoding="utf-8").lower(), path


def test_the_copy_installs_and_its_tests_pass(acme):
    assert install(acme) == "fluoroview-acme"
    environment = os.environ | {
        "PYTHONPATH": str(acme),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # the copy needs none
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "tests"],
        cwd=acme,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ passed in", done.stdout, re.M)
