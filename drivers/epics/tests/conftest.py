"""What the tests of the EPICS driver share: an IOC in another process, on loopback only."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fluoroview.hal.testing import Bench

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
        return lambda **order: self._send({"do": do, **order})

    def _send(self, order):
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


@pytest.fixture
def ramp():
    """A function that returns image `number` of the IOC."""

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
    """An IOC without an image: the one that runs, as it takes a second to start, or a new one."""
    if not _iocs or _iocs[-1].ended:
        _iocs.append(Ioc())
    else:
        _iocs[-1].reset()
    return _iocs[-1]


@pytest.fixture
def bench():
    """PVs on the HAL and readers of their rings; all closed at the end of the test."""
    with Bench() as bench:
        yield bench


@pytest.fixture
def open_host(bench):
    """A function that opens a PV."""
    return lambda device_id=PV, isolation="thread": bench.open("epics", device_id, isolation)


@pytest.fixture
def consume(bench):
    """A function that reads a host's ring; `seen` are the images."""
    return lambda host: bench.consume(host.arm(), lambda frame: frame.pixels.copy())
