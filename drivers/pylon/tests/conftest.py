"""What the tests of the pylon driver share: the camera emulation that comes with the SDK."""

import threading
from typing import ClassVar

import pytest

from fluoroview.hal import DeviceHost
from fluoroview_pylon import PylonDetector, sdk

EMULATED = "0815-0000"


@pytest.fixture(autouse=True)
def _emulation(monkeypatch):
    """Let pylon, here and in child processes, emulate two cameras."""
    monkeypatch.setenv("PYLON_CAMEMU", "2")


@pytest.fixture
def pylon():
    """The SDK, imported as the driver imports it."""
    return sdk.load()[0]


@pytest.fixture
def detector():
    """An opened emulated camera."""
    opened = PylonDetector(EMULATED)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def tree(detector):
    return detector.parameters()


class Consumer:
    """Reads the ring in a thread and keeps the headers, and what `look` makes of the pixels."""

    def __init__(self, ring, look):
        self.headers = []
        self.seen = []
        self._look = look
        self._enough = threading.Event()
        self._wanted = 1
        self._ring_reader = ring.reader()
        self._stop = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        while not self._stop:
            frame = self._ring_reader.next(0.05)
            if frame is None:
                continue
            self.seen.append(self._look(frame.pixels))
            self.headers.append(frame.header)
            self._ring_reader.release()
            if len(self.headers) >= self._wanted:
                self._enough.set()

    @property
    def numbers(self):
        return [header.frame_number for header in self.headers]

    def wait_for(self, frames, timeout_s=10.0):
        self._wanted = frames
        self._enough.clear()
        if len(self.headers) < frames:
            assert self._enough.wait(timeout_s), f"only {len(self.headers)} frames came"

    def drain(self):
        while self._ring_reader.pending:
            self._enough.wait(0.01)

    def close(self):
        if self._thread.is_alive():
            self._stop = True
            self._thread.join()
            self._ring_reader.close()


class Remembered(PylonDetector):
    """A detector that a test can get hold of behind the HAL."""

    made: ClassVar[list] = []

    def __init__(self, device_id):
        super().__init__(device_id)
        self.made.append(self)


@pytest.fixture
def open_host():
    """Open a camera on the HAL; closed at the end of the test, also after a fault."""
    hosts = []
    Remembered.made.clear()

    def open_one(device_id, isolation, **arguments):
        driver_class = Remembered if isolation == "thread" else None
        host = DeviceHost("pylon", device_id, isolation, driver_class=driver_class, **arguments)
        hosts.append(host)
        host.open()
        return host

    yield open_one
    for device in (*hosts, *Remembered.made):  # the HAL leaves the thread of a fault to itself
        device.close()


@pytest.fixture
def consume(open_host):
    """Start a Consumer of a ring; closed at the end of the test, before its ring."""
    started = []

    def start(ring, look=lambda _pixels: None):
        started.append(Consumer(ring, look))
        return started[-1]

    yield start
    for consumer in started:
        consumer.close()
