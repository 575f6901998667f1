"""The documentation site builds without a warning, and the drawing of the imports can be made."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_site_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict"]
    done = subprocess.run(
        [*command, "--config-file", ROOT / ".mkdocs.yml", "--site-dir", tmp_path],
        capture_output=True,
        text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": ""},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "open_detector" in (tmp_path / "api" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "changelog" / "index.html").exists()
    assert "0001" in (tmp_path / "decisions" / "index.html").read_text(encoding="utf-8")


def test_folders_stand_above_those_that_they_import():
    place = ROOT / "docs" / "tools" / "draw_imports.py"
    spec = importlib.util.spec_from_file_location("draw_imports", place)
    draw_imports = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw_imports)

    floors = draw_imports.floors({"viewer": {"session"}, "session": {"hal"}, "hal": set()})

    assert floors == [["hal"], ["session"], ["viewer"]]
    assert "session" in draw_imports.svg({"viewer": {"session"}, "session": set()})


def test_every_decision_has_a_number_of_its_own_and_the_three_parts():
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in records]

    assert len(numbers) == len(set(numbers))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}: "), path.name
        assert all(part in text for part in ("## Context", "## Decision")), path.name
