"""The wheels of the core and of every driver hold all files, install and work without the source.

They are built and installed without a network, in a fresh environment that shares only the
dependencies of this one.
"""

import json
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {"fluoroview": ROOT} | {
    f"fluoroview_{path.parent.name}": path.parent
    for path in sorted(ROOT.glob("drivers/*/pyproject.toml"))
}
BUILD = """
import json, os, sys
from setuptools import build_meta
for source in sys.argv[2:]:  # a process each, forked: setuptools is imported once
    child = os.fork()
    if child == 0:
        os.chdir(source)
        build_meta.build_wheel(sys.argv[1])
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{source} was not built")
"""
IMPORT_ALL = """
import importlib, json, pkgutil, sys
failed = {}
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    names = [module.name for module in pkgutil.walk_packages(package.__path__, name + ".")]
    for each in names:
        if each.rpartition(".")[2] == "__main__":
            continue
        try:
            importlib.import_module(each)
        except ImportError as error:
            failed[each] = repr(error)
    if not package.__file__.startswith(sys.prefix):
        failed[name] = f"imported from {package.__file__}"
print(json.dumps(failed))
"""
ENTRY_POINTS = """
import json
from importlib.metadata import distributions
print(json.dumps([
    (point.group, point.name, point.value)
    for found in distributions() if found.metadata["Name"].startswith("fluoroview")
    for point in found.entry_points
]))
"""


def run(*command, **options):
    """Run a command and return what it prints; its errors are the test's."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tracked(package):
    """Return the files of a package that git knows, relative to what is built."""
    source = SOURCES[package]
    return set(run("git", "ls-files", package, cwd=source).splitlines())


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """Build every wheel from a copy of its source: a build leaves nothing in the tree."""
    target = tmp_path_factory.mktemp("wheels")
    copies = [copied(package, tmp_path_factory.mktemp(package)) for package in SOURCES]
    run(sys.executable, "-c", BUILD, target, *copies)
    return {package: next(target.glob(f"{package}-*.whl")) for package in SOURCES}


def copied(package, folder):
    """Copy what a build reads into `folder`, and return it."""
    source = SOURCES[package]
    files = {*tracked(package), "pyproject.toml", "README.md"}
    files |= {"LICENSE"} if (source / "LICENSE").exists() else set()
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes((source / file).read_bytes())
    return folder


@pytest.fixture(scope="session")
def fresh(wheels, tmp_path_factory):
    """Install the wheels where neither the source nor an editable install can be seen."""
    folder = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    offline = ["--no-deps", "--no-index", "--quiet", "--no-compile"]
    run(sys.executable, "-m", "pip", "--python", python, "install", *offline, *wheels.values())
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def environment(folder):
    """Return an environment without the paths of the source, at home in `folder`."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "QT_QPA_PLATFORM": "offscreen"}


@pytest.mark.parametrize("package", SOURCES)
def test_a_wheel_holds_every_file_of_its_package(package, wheels):
    with zipfile.ZipFile(wheels[package]) as wheel:
        held = {name for name in wheel.namelist() if name.startswith(f"{package}/")}
    assert held == tracked(package)


def test_every_module_can_be_imported(fresh, tmp_path):
    out = run(fresh, "-c", IMPORT_ALL, *SOURCES, cwd=tmp_path, env=environment(tmp_path))
    assert json.loads(out) == {}


def test_every_entry_point_names_something_that_exists(fresh, tmp_path):
    points = json.loads(run(fresh, "-c", ENTRY_POINTS, cwd=tmp_path, env=environment(tmp_path)))
    assert {group for group, _, _ in points} >= {"console_scripts", "fluoroview.drivers"}
    for group, name, value in {tuple(point) for point in points}:
        assert EntryPoint(name, value, group).load() is not None


def test_the_installed_program_finds_every_driver(fresh, tmp_path):
    program = fresh.parent / "fluoroview"
    rows = json.loads(run(program, "drivers", "--json", cwd=tmp_path, env=environment(tmp_path)))
    names = {package.removeprefix("fluoroview_") for package in SOURCES} - {"fluoroview"}
    assert len({row["distribution"] for row in rows}) == len(names)
    needs_a_library = {"xisl"}  # the maker's, which nobody may ship
    assert {row["name"] for row in rows if row["error"]} <= needs_a_library


def test_an_installed_driver_starts_and_stops(fresh, tmp_path):
    program = fresh.parent / "fluoroview"
    rule = ["check", "pattern", "--effort", "quick", "--rule", "start-stop"]
    assert "PASS" in run(program, *rule, cwd=tmp_path, env=environment(tmp_path))
