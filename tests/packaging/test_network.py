"""The first start without a network: one sentence at once."""

import os
import subprocess
import sys
from pathlib import Path

INDEX = "http://localhost:9/index"
"""Nobody answers on this port."""
CHECK = Path(__file__).parents[2] / ".ci" / "network"


def check(**settings):
    inherited = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return subprocess.run(
        [sys.executable, CHECK],
        capture_output=True,
        text=True,
        env=inherited | settings,
        timeout=60,
        check=False,
    )


def test_an_index_that_does_not_answer_is_named():
    done = check(PIP_INDEX_URL=INDEX, PIP_NO_INDEX="")

    assert done.returncode == 1
    assert f"The package index {INDEX} does not answer" in done.stderr
    assert "connect to the network" in done.stderr


def test_pip_without_an_index_needs_no_network():
    assert check(PIP_INDEX_URL=INDEX, PIP_NO_INDEX="1").returncode == 0
