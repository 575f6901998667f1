"""What the tests of the Aravis driver share: the camera of aravis-tools on loopback."""

import select
import socket
import subprocess
import threading
import time

import numpy as np
import pytest

from fluoroview.hal import DeviceHost

GVCP = ("127.0.0.1", 3956)
DISCOVERY = bytes.fromhex("4201000200000001")
ROWS, COLUMNS = 48, 64


class FakeCamera:
    """The process arv-fake-gv-camera-0.8: Mono8 or Mono16 ramps that move with the frame id."""

    def __init__(self, name, *options):
        self.id = f"Aravis-Fake-{name}"
        self._process = subprocess.Popen(
            ["arv-fake-gv-camera-0.8", "-i", GVCP[0], "-s", name, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()

    def _wait(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            for _ in range(100):
                assert self._process.poll() is None, "arv-fake-gv-camera-0.8 ended: port in use?"
                link.sendto(DISCOVERY, GVCP)
                if select.select([link], [], [], 0.05)[0]:
                    return
        raise AssertionError("arv-fake-gv-camera-0.8 does not answer")

    def unplug(self):
        self._process.kill()
        self._process.wait()


class Consumer:
    """Reads the ring in a thread: the headers that came, and whether each picture is whole."""

    def __init__(self, ring):
        self.headers = []
        self.torn = []
        self._enough = threading.Event()
        self._wanted = 1
        self._reader = ring.reader()
        self._stop = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        while not self._stop:
            frame = self._reader.next(0.05)
            if frame is None:
                continue
            if not np.array_equal(frame.pixels, ramp(frame.header.hardware_counter, frame.pixels)):
                self.torn.append(frame.header)
            self.headers.append(frame.header)
            self._reader.release()
            if len(self.headers) >= self._wanted:
                self._enough.set()

    def wait_for(self, frames, timeout_s=10.0):
        self._wanted = frames
        self._enough.clear()
        if len(self.headers) < frames:
            assert self._enough.wait(timeout_s), f"only {len(self.headers)} frames came"

    def drain(self):
        deadline_s = time.monotonic() + 5
        while self._reader.pending and time.monotonic() < deadline_s:
            self._enough.wait(0.01)

    def close(self):
        if not self._stop:
            self._stop = True
            self._thread.join()
            self._reader.close()


def ramp(number, like):
    """Return the picture that Aravis' camera makes for a frame, at 10 ms exposure and no gain."""
    raw_id = (number - 1) % 65535 + 1
    y, x = np.indices(like.shape)
    if like.dtype == np.uint8:
        return (x + y + raw_id) % 255
    return 256 * (x + y + raw_id) % 65535


@pytest.fixture
def plug_in():
    """A function that starts a camera; it is unplugged when the test ends."""
    cameras = []

    def start(name, *options):
        cameras.append(FakeCamera(name, *options))
        return cameras[-1]

    yield start
    for camera in cameras:
        camera.unplug()


@pytest.fixture
def camera(plug_in):
    return plug_in("FV01")


@pytest.fixture
def open_host():
    """A function that opens a camera as a small fast device; it is closed when the test ends."""
    hosts = []

    def start(device_id, isolation="thread", rate_hz=200.0, pixel_format="Mono16", **callbacks):
        host = DeviceHost("aravis", device_id, isolation, **callbacks)
        hosts.append(host)
        host.open()
        host.write("Width", COLUMNS)
        host.write("Height", ROWS)
        host.write("PixelFormat", pixel_format)
        host.write("AcquisitionFrameRate", rate_hz)
        return host

    yield start
    for host in hosts:
        host.close()


@pytest.fixture
def consume():
    """A function that reads a host's ring; it stops when the test ends."""
    consumers = []

    def start(host):
        consumers.append(Consumer(host.arm()))
        return consumers[-1]

    yield start
    for consumer in consumers:
        consumer.close()
