"""What the tests of the XISL driver share: the emulator, compiled once, and panels on the HAL."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from fluoroview.hal.testing import Bench
from fluoroview_xisl import acquisition, sensors

EMULATOR = Path(__file__).parents[1] / "emulator" / "xisl_emulator.c"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    """Path of the compiled emulator."""
    compiler = shutil.which("cc")
    assert compiler, "these tests need a C compiler: apt-get install gcc libc6-dev"
    library = tmp_path_factory.mktemp("xisl") / "libxisl.so"
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread"]
    subprocess.run([compiler, *flags, str(EMULATOR), "-o", str(library)], check=True)
    return library


@pytest.fixture(autouse=True)
def settings(emulator, monkeypatch):
    """Set the emulator: `settings(DROP_LINK=5)`. Frames are small and come each 5 ms."""

    def change(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"XISL_EMULATOR_{name}", str(value))

    for name in [name for name in os.environ if name.startswith("XISL_EMULATOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLUOROVIEW_XISL_LIBRARY", str(emulator))
    change(SIZE="64x48", READOUT_US=5000)
    return change


@pytest.fixture(autouse=True)
def _nothing_stays():
    yield
    waiting, deadline_s = threading.Event(), time.monotonic() + 2.0
    while sensors._claim.users and time.monotonic() < deadline_s:
        waiting.wait(0.01)  # an abandoned thread gives its panel back in its own time
    assert acquisition._running == {}, "a run was not ended"
    assert sensors._claim.users == 0, "a sensor was not released"


@pytest.fixture
def bench():
    """Panels on the HAL and readers of their rings; all closed at the end of the test."""
    with Bench() as bench:
        yield bench


@pytest.fixture
def open_host(bench):
    """Open a host of the emulated panel: `open_host("thread")`."""
    return lambda isolation="thread", device="EMU0001", driver="xisl": bench.open(
        driver, device, isolation
    )


@pytest.fixture
def consume(bench):
    """Read a ring; `seen` are counter, slot and level of each frame."""
    return lambda ring: bench.consume(
        ring, lambda frame: [int(value) for value in frame.pixels.flat[:3]]
    )
