"""What the tests of the EPICS driver share: an IOC in another process, on loopback only."""

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fluoroview.hal import DeviceHost

PV = "FV:Pva1:Image"
IOC = Path(__file__).with_name("ioc.py")


class Ioc:
    """The process ioc.py. `post(times=3, ...)` and the like are its orders."""

    def __init__(self):
        self.name = PV
        self._process = subprocess.Popen(
            [sys.executable, str(IOC), PV],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def __getattr__(self, do):
        return lambda **order: self._tell({"do": do, **order})

    def _tell(self, order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    @property
    def ended(self):
        return self._process.poll() is not None

    def end(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class Consumer:
    """Reads the ring in a thread and keeps the headers and copies of the pictures."""

    def __init__(self, ring):
        self.headers = []
        self.pictures = []
        self._reader = ring.reader()
        self._stop = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        while not self._stop:
            frame = self._reader.next(0.05)
            if frame is not None:
                self.pictures.append(frame.pixels.copy())
                self.headers.append(frame.header)
                self._reader.release()

    def wait_for(self, frames, timeout_s=5.0):
        deadline_s = time.monotonic() + timeout_s
        while len(self.headers) < frames:
            assert time.monotonic() < deadline_s, f"only {len(self.headers)} frames came"
            time.sleep(0.005)

    def close(self):
        if not self._stop:
            self._stop = True
            self._thread.join()
            self._reader.close()


@pytest.fixture
def ramp():
    """A function that returns picture `number` of the IOC."""

    def make(number, rows=48, columns=64):
        y, x = np.indices((rows, columns))
        return (number + x + 10 * y) % 200

    return make


@pytest.fixture(scope="session", autouse=True)
def _loopback_only():
    """Keep servers and clients on 127.0.0.1, at ports that no real IOC uses."""
    ports = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(str(probe.getsockname()[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EPICS_PVA_ADDR_LIST", "127.0.0.1")
        patch.setenv("EPICS_PVA_AUTO_ADDR_LIST", "NO")
        patch.setenv("EPICS_PVA_SERVER_PORT", ports[0])
        patch.setenv("EPICS_PVA_BROADCAST_PORT", ports[1])
        patch.setenv("EPICS_PVAS_INTF_ADDR_LIST", "127.0.0.1")
        patch.setenv("EPICS_PVAS_BEACON_ADDR_LIST", "127.0.0.1")
        patch.setenv("EPICS_PVAS_AUTO_BEACON_ADDR_LIST", "NO")
        patch.delenv("FLUOROVIEW_EPICS_PVS", raising=False)
        yield


@pytest.fixture(scope="session")
def _iocs(_loopback_only):
    """The processes that ran; the last may still."""
    iocs = []
    yield iocs
    for ioc in iocs:
        if not ioc.ended:
            ioc.end()


@pytest.fixture
def ioc(_iocs):
    """An IOC without a picture: the one that runs, as it takes a second to start, or a new one."""
    if not _iocs or _iocs[-1].ended:
        _iocs.append(Ioc())
    else:
        _iocs[-1].reset()
    return _iocs[-1]


@pytest.fixture
def open_host():
    """A function that opens a PV; it is closed when the test ends."""
    hosts = []

    def start(device_id=PV, isolation="thread", **callbacks):
        hosts.append(DeviceHost("epics", device_id, isolation, **callbacks))
        hosts[-1].open()
        return hosts[-1]

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
