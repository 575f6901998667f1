"""The driver on the HAL: files and a network stream, in a thread and in a child process."""

import contextlib
import itertools
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from fluoroview.hal import DeviceError, DeviceState, ParameterError
from fluoroview.hal.states import DEADLINE_S
from fluoroview_video import VideoDetector, sdk
from fluoroview_video.opening import Opening


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_file_comes_in_exactly_and_in_order(noise, noise_file, isolation, open_host, consume):
    host = open_host(noise_file, isolation)
    consumer = consume(host.arm())
    ledger = consumer.run(host, 25)

    assert ledger.exact
    assert ledger.lost == ledger.repeated == ledger.after_stop == 0
    assert consumer.numbers == list(range(ledger.delivered))
    for number, image in zip(consumer.numbers, consumer.seen, strict=True):
        assert np.array_equal(image, noise[number % 10])
    times_ns = [header.hardware_time_ns for header in consumer.headers]
    gaps = {later - earlier for earlier, later in itertools.pairwise(times_ns)}
    assert gaps == {10_000_000}  # the file's 100 images per second
    assert (host.bit_depth, host.relationship) == (8, "DISP")


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_each_run_starts_at_the_beginning(noise, noise_file, isolation, open_host, consume):
    host = open_host(noise_file, isolation)
    consumer = consume(host.arm())
    for run in range(1, 6):
        before = len(consumer.headers)
        ledger = consumer.run(host, 2)
        assert ledger.run == run
        assert ledger.exact
        assert ledger.lost == 0
        assert np.array_equal(consumer.seen[before], noise[0])


def test_images_come_in_real_time(noise_file, open_host, consume):
    host = open_host(noise_file)
    assert host.write("AcquisitionFrameRate", 50.0) == 50.0
    consumer = consume(host.arm())
    started_s = time.monotonic()
    host.start()
    consumer.wait_for(21)
    took_s = time.monotonic() - started_s
    host.stop()
    assert 0.4 <= took_s < 3.0  # 20 gaps of 20 ms; never faster, and slower on a busy machine


def test_the_end_of_a_file_is_a_fault_with_its_reason(noise_file, open_host, consume):
    host = open_host(noise_file)
    host.write("Loop", False)
    consumer = consume(host.arm())
    host.start()
    host.faults.first()
    consumer.wait_for(10)
    assert host.faults == [
        f"video:{noise_file} failed: {noise_file} is at its end after 10 images. Open it again, "
        "with Loop set to true if it is to go round. Restart the device, or choose another one."
    ]
    assert host.state is DeviceState.FAULT
    ledger = host.ledger()
    assert (ledger.exact, ledger.delivered, ledger.lost) == (True, 10, 0)


def test_crop_and_luminance(noise, noise_file, open_host, consume):
    host = open_host(noise_file, "process")
    for name, value in (("Width", 20), ("Height", 11), ("OffsetX", 5), ("OffsetY", 7)):
        assert host.write(name, value) == value
    assert host.write("Luminance", "Green") == "Green"
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(10)
    assert host.stop().exact
    for image, whole in zip(consumer.seen, noise, strict=False):
        assert np.array_equal(image, whole[7:18, 5:25])


@pytest.fixture
def interlaced_file(tmp_path, write_video):
    """Interlaced frames, 25/s, of an edge that moves 3 px a field; each field as an image."""
    fields = []
    for field in range(16):
        image = np.full((48, 64), 30, np.uint8)
        image[:, : 5 + 3 * field] = 200
        fields.append(image)
    frames = []
    for first, second in zip(fields[0::2], fields[1::2], strict=True):
        frame = first.copy()
        frame[1::2] = second[1::2]
        frames.append(frame)
    return write_video(tmp_path / "interlaced.avi", frames), fields


def test_a_moving_edge_is_deinterlaced_at_twice_the_rate(interlaced_file, open_host, consume):
    path, fields = interlaced_file
    host = open_host(path)
    assert host.write("Deinterlacing", "Bob") == "Bob"
    described = {entry.name: entry.value for entry in host.parameters()}
    assert described["AcquisitionFrameRate"] == 50.0
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(len(fields))
    assert host.stop().exact
    for image, field in zip(consumer.seen, fields, strict=False):
        assert np.array_equal(image, field)
    first, second = consumer.headers[:2]
    assert second.hardware_time_ns - first.hardware_time_ns == 20_000_000


def test_motion_jpeg_comes_in_with_what_its_compression_leaves(
    tmp_path, write_video, open_host, consume
):
    ramp = np.tile(np.linspace(20, 230, 64, dtype=np.uint8), (48, 1))
    host = open_host(write_video(tmp_path / "ramp.avi", [ramp] * 5, four_cc="MJPG"))
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(3)
    host.stop()
    assert np.abs(consumer.seen[0].astype(int) - ramp).max() < 12


@pytest.fixture
def tree(noise_file):
    detector = VideoDetector(noise_file)
    detector.open()
    yield detector.parameters()
    detector.close()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Width", {"value": 64, "minimum": 1, "maximum": 64, "access": "rw when idle"}),
        ("Height", {"value": 48, "minimum": 1, "maximum": 48, "unit": "px"}),
        ("OffsetX", {"value": 0, "minimum": 0, "maximum": 0}),
        ("WidthMax", {"value": 64, "access": "ro"}),
        ("AcquisitionFrameRate", {"value": 100.0, "unit": "Hz", "access": "rw"}),
        ("Loop", {"value": True, "kind": "bool"}),
        ("FrameCount", {"value": 10, "access": "ro"}),
        ("SourceFourCC", {"value": "ffv1", "access": "ro"}),
        ("Deinterlacing", {"choices": ("Off", "Bob", "Blend"), "access": "rw when idle"}),
        ("FieldOrder", {"choices": ("TopFirst", "BottomFirst")}),
        ("Luminance", {"choices": ("BT.601", "BT.709", "Green"), "access": "rw"}),
        ("PixelFormat", {"value": "Mono8"}),
        ("FrameCounterSource", {"value": "Driver", "access": "ro"}),
    ],
)
def test_parameters_are_described(tree, name, expected):
    described = tree[name].describe().as_dict()
    assert {key: described[key] for key in expected} == expected


def test_the_crop_stays_within_the_image(tree):
    assert tree.write("Width", 40) == 40
    assert tree["OffsetX"].limits()["maximum"] == 24
    assert tree.write("OffsetX", 24) == 24
    assert tree["Width"].limits()["maximum"] == 40
    with pytest.raises(ParameterError, match="Width cannot be 41 px: allowed is 1 to 40 px"):
        tree.write("Width", 41)
    assert tree.write("OffsetX", 0) == 0
    assert tree.write("Width", 1) == 1


@pytest.mark.parametrize("value", [0.1, 500.0])
def test_the_rate_reaches_its_limits(tree, value):
    assert tree.write("AcquisitionFrameRate", value) == value
    with pytest.raises(ParameterError, match=r"allowed is 0.1 to 500.0 Hz"):
        tree.write("AcquisitionFrameRate", value * 10 if value > 1 else value / 10)


def test_the_crop_and_the_fields_are_fixed_while_streaming(noise_file, open_host, consume):
    host = open_host(noise_file)
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(2)
    for name, value in (("Width", 10), ("Deinterlacing", "Bob"), ("FieldOrder", "BottomFirst")):
        with pytest.raises(ParameterError, match="only while the device is IDLE"):
            host.write(name, value)
    assert host.write("Luminance", "BT.709") == "BT.709"
    assert host.stop().exact


def test_a_file_that_vanishes_before_the_run_is_a_fault(tmp_path, noise_file, open_host):
    host = open_host(noise_file)
    host.arm()
    (tmp_path / "noise.avi").unlink()
    host.start()
    host.faults.first()
    assert f"There is no video file {noise_file}." in host.faults[0]


def test_closing_twice_and_before_opening_is_safe(noise_file):
    detector = VideoDetector(noise_file)
    detector.close()
    detector.open()
    detector.close()
    detector.close()
    with pytest.raises(DeviceError, match="is not open"):
        detector.parameters()


# ---- a network stream ----------------------------------------------------------------------


class Sender:
    """Motion JPEG over HTTP, 100 images per second, until it is stopped or made to hang."""

    def __init__(self, images):
        sender = self
        self.parts = [cv2.imencode(".jpg", image)[1].tobytes() for image in images]
        self.over, self.hang = threading.Event(), threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_arguments):
                pass

            def do_GET(self):
                self.send_response(200)
                kind = "multipart/x-mixed-replace; boundary=frame"
                self.send_header("Content-Type", kind)
                self.end_headers()
                with contextlib.suppress(OSError):  # the receiver went away
                    sender.send(self.wfile)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/c-arm.mjpg"

    def send(self, wire):
        for part in itertools.cycle(self.parts):
            if self.over.wait(0.01):
                return
            if not self.hang.is_set():
                wire.write(
                    b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
                    % (len(part), part)
                )

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def sender():
    made = Sender([np.full((48, 64), value, np.uint8) for value in range(40, 220, 20)])
    yield made
    made.close()


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_stream_comes_in_again_and_again(sender, isolation, open_host, consume):
    host = open_host(sender.url, isolation)
    consumer = consume(host.arm())
    for _ in range(2):
        before = len(consumer.headers)
        host.start()
        consumer.wait_for(before + 8)
        ledger = host.stop()
        consumer.drain()
        assert ledger.exact
        assert ledger.lost == 0
    values = {int(image[20, 20]) for image in consumer.seen}
    assert len(values) >= 5
    times_ns = [header.hardware_time_ns for header in consumer.headers]
    assert times_ns == sorted(times_ns)


def test_a_stream_that_is_lost_is_a_fault_with_its_reason(sender, open_host, consume):
    host = open_host(sender.url)
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(3)
    sender.over.set()
    host.faults.first()
    assert host.faults == [
        f"video:{sender.url} failed: {sender.url} gave no image for 2 s. Check its signal, cable "
        "or network, then open it again. Restart the device, or choose another one."
    ]


def test_a_run_ends_in_time_while_its_stream_hangs(sender, open_host, consume):
    host = open_host(sender.url)
    consumer = consume(host.arm())
    host.start()
    consumer.wait_for(3)
    sender.hang.set()
    consumer.drain()
    assert host.stop().exact
    assert (host.state, host.faults) == (DeviceState.ARMED, [])
    assert 0.7 * DEADLINE_S["stop"] > sdk.STREAM_TIMEOUT_MS / 1e3, "a busy computer has time left"


def test_giving_up_an_opening_closes_what_opens_later():
    may_open, released = threading.Event(), threading.Event()

    class Slow:
        def release(self):
            released.set()

    def open_slowly():
        may_open.wait(5)
        return Slow()

    opening = Opening(open_slowly)
    assert opening.wait(0.001) is None
    opening.abandon()
    may_open.set()
    assert released.wait(5)
    assert opening.wait(5) is None


def test_an_opening_that_fails_states_why():
    def fails():
        raise DeviceError("It does not answer.")

    with pytest.raises(DeviceError, match="It does not answer"):
        Opening(fails).wait(5)
