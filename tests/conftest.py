"""What all tests share: the drivers that they install, and nothing else left behind."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest

from fluoroview.hal.testing import BROKEN_S

HERE = Path(__file__).parent
INSTALLED = HERE / "installed"
SHARED_DICOM = HERE.parent.parent / "shared" / "data" / "dicom"


@pytest.fixture(autouse=True, scope="session")
def english():
    """Show texts in English, in this process and its children, whatever the computer's locale."""
    os.environ["FLUOROVIEW_LANGUAGE"] = "en"


@pytest.fixture(autouse=True, scope="session")
def own_log(tmp_path_factory):
    """Let no test write to the log of the user."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture
def qtbot(qtbot):
    """Wait as long as a busy machine may need; only a broken run takes all of it."""
    for name in ("waitUntil", "waitSignal", "waitSignals"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=int(BROKEN_S * 1000)))
    return qtbot


@pytest.fixture
def test_drivers(monkeypatch):
    """Install the drivers of tests/installed for this process and its children."""
    path = os.pathsep.join([str(INSTALLED), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.syspath_prepend(str(INSTALLED))
    yield
    for name in [name for name in sys.modules if name.startswith("fluoroview_testdrivers")]:
        del sys.modules[name]
