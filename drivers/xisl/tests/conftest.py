"""What the tests of the XISL driver share: the emulator, compiled once, and a reader of frames."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

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
    assert sensors._claim.users == 0, "a sensor was not given back"


class Consumer:
    """Reads the ring in a thread; keeps headers and, of each frame, counter, slot and level."""

    def __init__(self, ring):
        self.headers = []
        self.frames = []
        self._came = threading.Condition()
        self._ring_reader = ring.reader()
        self._stop = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        while not self._stop:
            frame = self._ring_reader.next(0.05)
            if frame is None:
                continue
            with self._came:
                self.headers.append(frame.header)
                self.frames.append([int(value) for value in frame.pixels.flat[:3]])
                self._came.notify_all()
            self._ring_reader.release()

    def wait_for(self, frames, timeout_s=10.0):
        with self._came:
            enough = self._came.wait_for(lambda: len(self.headers) >= frames, timeout_s)
        assert enough, f"only {len(self.headers)} frames came"

    def drain(self):
        self.wait_for(len(self.headers) + self._ring_reader.pending)

    def close(self):
        if not self._stop:
            self._stop = True
            self._thread.join()
            self._ring_reader.close()


@pytest.fixture
def consume():
    """Make a Consumer of a ring; it is closed before the hosts are."""
    made = []

    def begin(ring):
        made.append(Consumer(ring))
        return made[-1]

    yield begin
    for consumer in made:
        consumer.close()
