"""What the tests of the pylon driver share: the camera emulation that comes with the SDK."""

from typing import ClassVar

import pytest

from fluoroview.hal.testing import Bench
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


class Remembered(PylonDetector):
    """A detector that a test can get hold of behind the HAL."""

    made: ClassVar[list] = []

    def __init__(self, device_id):
        super().__init__(device_id)
        self.made.append(self)


@pytest.fixture
def bench():
    """Cameras on the HAL and readers of their rings; all closed at the end of the test."""
    Remembered.made.clear()
    with Bench() as bench:
        yield bench
    for device in Remembered.made:  # the HAL leaves the thread of a fault to itself
        device.close()


@pytest.fixture
def open_host(bench):
    """Open a camera on the HAL."""

    def open_one(device_id, isolation):
        driver_class = Remembered if isolation == "thread" else None
        return bench.open("pylon", device_id, isolation, driver_class=driver_class)

    return open_one
