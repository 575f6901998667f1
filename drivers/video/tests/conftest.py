"""What the tests of the video driver share: files without loss, a host, a consumer."""

import threading

import cv2
import numpy as np
import pytest

from fluoroview.hal import DeviceHost


def _write_video(path, pictures, rate_hz=25.0, four_cc="FFV1"):
    """Write grey pictures, rows × columns uint8; FFV1 keeps every value."""
    rows, columns = pictures[0].shape
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*four_cc), rate_hz, (columns, rows), False
    )
    assert writer.isOpened()
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return str(path)


@pytest.fixture
def write_video():
    """The function that writes a video file."""
    return _write_video


@pytest.fixture(scope="session")
def noise():
    """Ten pictures of 64×48 that have nothing in common."""
    return list(np.random.default_rng(3).integers(0, 256, (10, 48, 64), dtype=np.uint8))


@pytest.fixture
def noise_file(noise, tmp_path):
    """The same as a file of 100 frames per second."""
    return _write_video(tmp_path / "noise.avi", noise, 100.0)


class Consumer:
    """Reads the ring in a thread and keeps headers and pixels."""

    def __init__(self, ring):
        self.headers = []
        self.pictures = []
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
            self.pictures.append(frame.pixels.copy())
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
        self._stop = True
        self._thread.join()
        self._ring_reader.close()


class Faults(list):
    """The sentences of the faults that a host told."""

    def __init__(self):
        super().__init__()
        self.told = threading.Event()

    def __call__(self, error):
        self.append(str(error))
        self.told.set()


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def open_host(faults):
    """Open a source on the HAL; closed at the end of the test."""
    hosts = []

    def open_one(device_id, isolation="thread"):
        hosts.append(DeviceHost("video", device_id, isolation, on_fault=faults))
        hosts[-1].open()
        return hosts[-1]

    yield open_one
    for host in hosts:
        host.close()


@pytest.fixture
def consume(open_host):
    """Start a Consumer of a ring; closed at the end of the test, before its ring."""
    started = []

    def start(ring):
        started.append(Consumer(ring))
        return started[-1]

    yield start
    for consumer in started:
        consumer.close()
