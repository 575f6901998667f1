"""What the tests of the Aravis driver share: the camera of aravis-tools on loopback."""

import fcntl
import select
import socket
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest

from fluoroview.hal.testing import Bench

GVCP = ("127.0.0.1", 3956)
DISCOVERY = bytes.fromhex("4201000200000001")
ROWS, COLUMNS = 48, 64


@pytest.fixture(autouse=True, scope="module")
def port_of_the_camera():
    """Keep UDP port 3956, which the fake camera owns, for one module of all processes at a time."""
    with (Path(tempfile.gettempdir()) / "fluoroview-udp-3956.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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


def ramp(number, like):
    """Return the image that Aravis' camera makes for a frame, at 10 ms exposure and no gain."""
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
def bench():
    """Cameras on the HAL and readers of their rings; all closed at the end of the test."""
    with Bench() as bench:
        yield bench


@pytest.fixture
def open_host(bench):
    """A function that opens a camera as a small fast device."""

    def start(device_id, isolation="thread", rate_hz=200.0, pixel_format="Mono16"):
        host = bench.open("aravis", device_id, isolation)
        host.write("Width", COLUMNS)
        host.write("Height", ROWS)
        host.write("PixelFormat", pixel_format)
        host.write("AcquisitionFrameRate", rate_hz)
        return host

    return start


@pytest.fixture
def consume(bench):
    """A function that reads a host's ring; `seen` records of each image whether it is whole."""

    def is_whole(frame):
        return np.array_equal(frame.pixels, ramp(frame.header.hardware_counter, frame.pixels))

    return lambda host: bench.consume(host.arm(), is_whole)
