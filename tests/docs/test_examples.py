"""Every example of the documentation runs: scripts, and the code of notebooks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def run(code, folder):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


def test_there_are_six_scripts_and_two_notebooks():
    assert (len(SCRIPTS), len(NOTEBOOKS)) == (6, 2)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs(path, tmp_path):
    done = run(path.read_text(encoding="utf-8"), tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    done = run(code, tmp_path)

    assert done.returncode == 0, done.stderr
    assert all(not cell["outputs"] for cell in cells if cell["cell_type"] == "code"), (
        "clear outputs"
    )
