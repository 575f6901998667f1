"""A barium swallow comes in through a vendor SDK: simulated frames as the camera's images."""

import cv2
import numpy as np
import pytest

from fluoroview.hal import DeadMan, DeviceHost, PixelIntensityRelationship

FRAMES = 5


@pytest.fixture(scope="module")
def swallow():
    """Images of the project's own simulator, rows × columns of 14 bits in uint16."""
    host = DeviceHost("simulated", "suite", "thread")
    host.open()
    host.write("Matrix", "512")
    reader = host.arm().reader()
    host.start(dead_man=DeadMan.PROCESS)
    images = []
    while len(images) < FRAMES:
        frame = reader.next(20.0)
        assert frame is not None, "the simulator gave no frame"
        images.append(frame.pixels.copy())
        reader.release()
    host.stop()
    reader.close()
    host.close()
    return images


@pytest.fixture
def folder(swallow, tmp_path):
    """The images as 16-bit PNG, in the order of their names."""
    for index, image in enumerate(swallow):
        assert cv2.imwrite(str(tmp_path / f"swallow{index:03d}.png"), image)
    return tmp_path


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_barium_swallow_comes_in_through_a_vendor_sdk(
    swallow, folder, isolation, open_host, bench
):
    host = open_host("0815-0000", isolation)
    for name, value in (
        ("PixelFormat", "Mono16"),
        ("Width", 512),
        ("Height", 512),
        ("TestImageSelector", "Off"),
        ("ImageFilename", str(folder)),
        ("ImageFileMode", "On"),
        ("AcquisitionFrameRate", 30.0),
        ("PixelIntensityRelationship", "LIN"),
    ):
        assert host.write(name, value) == value
    consumer = bench.consume(host.arm(), lambda frame: frame.pixels.copy())
    assert host.relationship is PixelIntensityRelationship.LIN
    host.start()
    consumer.wait_for(2 * FRAMES)
    ledger = host.stop()
    consumer.drain()
    assert ledger.exact
    assert ledger.lost == 0
    for number, pixels in zip(consumer.numbers, consumer.seen, strict=True):
        assert np.array_equal(pixels, swallow[number % FRAMES])
    assert not np.array_equal(swallow[0], swallow[1])
