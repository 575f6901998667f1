"""What the tests of the video driver share: files without loss, sources on the HAL."""

import cv2
import numpy as np
import pytest

from fluoroview.hal.testing import Bench


def _write_video(path, images, rate_hz=25.0, four_cc="FFV1"):
    """Write grey images, rows × columns uint8; FFV1 keeps every value."""
    rows, columns = images[0].shape
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*four_cc), rate_hz, (columns, rows), False
    )
    assert writer.isOpened()
    for image in images:
        writer.write(image)
    writer.release()
    return str(path)


@pytest.fixture
def write_video():
    """The function that writes a video file."""
    return _write_video


@pytest.fixture(scope="session")
def noise():
    """Ten images of 64×48 that have nothing in common."""
    return list(np.random.default_rng(3).integers(0, 256, (10, 48, 64), dtype=np.uint8))


@pytest.fixture
def noise_file(noise, tmp_path):
    """The same as a file of 100 frames per second."""
    return _write_video(tmp_path / "noise.avi", noise, 100.0)


@pytest.fixture
def hal_bench():
    """Sources on the HAL and readers of their rings; all closed at the end of the test."""
    with Bench() as bench:
        yield bench


@pytest.fixture
def open_host(hal_bench):
    """Open a source on the HAL."""
    return lambda device_id, isolation="thread": hal_bench.open("video", device_id, isolation)


@pytest.fixture
def consume(hal_bench):
    """Read a ring; `seen` are the images."""
    return lambda ring: hal_bench.consume(ring, lambda frame: frame.pixels.copy())
