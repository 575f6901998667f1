"""The kit inside pytest: options, one test per rule, a class to inherit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

INSTALLED = Path(__file__).parent / "installed"
PLUGIN = "fluoroview.conformance.pytest_plugin"
INHERITED = """
from fluoroview.conformance import Effort
from fluoroview.conformance.testing import DriverConformance

class TestConformance(DriverConformance):
    driver = "wrong-same-id-twice"
    effort = Effort(opens=2, runs=9, stream_s=0.1, settle_s=0.02)
    excused = {"discover-ids": "the maker gives no serial numbers"}
"""


@pytest.fixture
def run_pytest(tmp_path):
    """Run pytest in an empty folder with the planted drivers; return its output and exit code."""

    def run(*arguments):
        environment = os.environ | {
            "PYTHONPATH": str(INSTALLED),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_each_rule_is_a_test_and_a_broken_one_shows_what_was_expected(run_pytest):
    code, output = run_pytest(
        "--fluoroview-driver=wrong-same-id-twice", "-k", "discover or two-devices", "-v", "-rs"
    )
    assert code == 1
    assert "conformance[wrong-same-id-twice]::discover PASSED" in output
    assert "conformance[wrong-same-id-twice]::discover-ids FAILED" in output
    assert "The id 'r0' is used 2 times." in output
    assert "expected: Each device found has" in output
    assert "Discover found no second device." in output
    assert "1 failed, 2 passed, 1 skipped" in output
    assert "Traceback" not in output


def test_warnings_pass_and_are_listed(run_pytest):
    code, output = run_pytest(
        "--fluoroview-driver=wrong-constant-image",
        "--fluoroview-device=r1",
        "--fluoroview-effort=quick",
        "-k",
        "image-content",
    )
    assert code == 0
    assert "WARN image-content:" in output
    assert "wrong-constant-image:r1: 1 WARN" in output


def test_an_unknown_driver_is_a_sentence(run_pytest):
    code, output = run_pytest("--fluoroview-driver=rihgt")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "There is no driver 'rihgt'. Did you mean right" in output


def test_without_the_option_nothing_is_added(run_pytest):
    code, output = run_pytest()
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "FluoroView" not in output


def test_a_driver_inherits_its_conformance_test(run_pytest, tmp_path):
    (tmp_path / "test_mine.py").write_text(INHERITED, encoding="utf-8")
    code, output = run_pytest("-v", "-rs", "-k", "discover or loads")
    assert code == 0, output
    assert "test_rule[loads] PASSED" in output
    assert "the maker gives no serial numbers" in output
