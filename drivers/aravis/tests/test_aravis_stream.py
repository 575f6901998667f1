"""Single buffers of all kinds: what is shown, what is counted, and that each goes back."""

from types import SimpleNamespace

import numpy as np
import pytest

from fluoroview.hal import DeviceError, LossCause
from fluoroview.hal.sdk.pixel_format import BY_NAME
from fluoroview_aravis import sdk
from fluoroview_aravis.stream import LinkOptions, Stream, buffer_count, socket_bytes

Aravis = sdk.load()
MONO8 = BY_NAME["Mono8"]
STATUS = Aravis.BufferStatus
IMAGE = getattr(Aravis.BufferPartDataType, "2D_IMAGE")
MAP = Aravis.BufferPartDataType.CONFIDENCE_MAP


class FakeBuffer:
    """A buffer whose parts are (data type, columns, rows, bytes)."""

    def __init__(self, frame_id, status=STATUS.SUCCESS, code=MONO8.code, padding=0, parts=None):
        self.parts = parts or [(IMAGE, 3, 2, bytes([frame_id % 256]) * (6 + 2 * padding))]
        self.get_status = lambda: status
        self.get_frame_id = lambda: frame_id
        self.get_timestamp = lambda: frame_id * 1000
        self.get_n_parts = lambda: len(self.parts)
        self.get_part_data_type = lambda part: self.parts[part][0]
        self.get_part_width = lambda part: self.parts[part][1]
        self.get_part_height = lambda part: self.parts[part][2]
        self.get_part_data = lambda part: self.parts[part][3]
        self.get_part_pixel_format = lambda _part: code
        self.get_part_padding = lambda _part: (padding, 0)
        self.get_payload_type = lambda: Aravis.BufferPayloadType.JPEG


class Run:
    """A stream on a fake camera of 3×2 pixels, and what it reported."""

    def __init__(self, protocol="usb", extended=None):
        values = {"Width": 3, "Height": 2, "AcquisitionFrameRate": 30.0, "BinningHorizontal": 2}
        nodes = {name: SimpleNamespace(get_value=lambda v=v: v) for name, v in values.items()}
        if extended:
            nodes["GevGVSPExtendedIDMode"] = SimpleNamespace(get_string_value=lambda: extended)
        genicam = SimpleNamespace(get_node=nodes.get)
        camera = SimpleNamespace(
            get_device=lambda: SimpleNamespace(get_genicam=lambda: genicam),
            get_payload=lambda: 6,
            is_gv_device=lambda: protocol == "gige",
        )
        self.losses = []
        self.pushed_back = []
        self.underruns = 0
        self.pixels = np.zeros((2, 3), np.uint8)
        self.stream = Stream(camera, MONO8, lambda *loss: self.losses.append(loss), LinkOptions())
        self.stream._counts_underruns = True

    def take(self, buffer):
        if buffer is not None and len(buffer.parts) == 1:
            self.stream._memory[buffer] = np.frombuffer(buffer.parts[0][3], np.uint8)
        self.stream._stream = SimpleNamespace(
            timeout_pop_buffer=lambda _timeout_us: buffer,
            push_buffer=self.pushed_back.append,
            get_info_uint64_by_name=lambda _name: self.underruns,
        )
        return self.stream.take(self.pixels, 0.0)


@pytest.fixture
def run():
    return Run()


def test_no_buffer_is_no_frame(run):
    assert run.take(None) == (False, None)


def test_a_whole_buffer_becomes_a_frame_and_goes_back(run):
    buffer = FakeBuffer(7)
    came, header = run.take(buffer)
    assert came
    assert (header.hardware_counter, header.hardware_time_ns, header.binning) == (7, 7000, 2)
    assert run.pixels.tolist() == [[7] * 3] * 2
    assert run.pushed_back == [buffer]
    assert run.losses == []


@pytest.mark.parametrize(
    "status", [STATUS.TIMEOUT, STATUS.MISSING_PACKETS, STATUS.WRONG_PACKET_ID, STATUS.SIZE_MISMATCH]
)
def test_an_incomplete_buffer_is_lost_on_the_link_and_not_shown(run, status):
    run.take(FakeBuffer(1))
    buffer = FakeBuffer(2, status)
    assert run.take(buffer) == (True, None)
    assert run.take(FakeBuffer(3))[1].hardware_counter == 3
    assert run.losses == [(1, LossCause.LINK)]
    assert run.pixels[0, 0] == 3
    assert buffer in run.pushed_back


def test_a_short_buffer_is_lost_on_the_link_and_not_shown(run):
    run.take(FakeBuffer(1, parts=[(IMAGE, 3, 2, b"\x01" * 5)]))
    assert run.losses == [(1, LossCause.LINK)]
    assert run.pixels.sum() == 0


def test_a_buffer_that_we_stopped_is_not_counted(run):
    assert run.take(FakeBuffer(1, STATUS.ABORTED)) == (True, None)
    assert run.losses == []


def test_frames_without_a_buffer_are_the_sdks(run):
    run.take(FakeBuffer(1))
    run.underruns = 40  # packets of three frames
    run.take(FakeBuffer(5))
    assert run.losses == [(3, LossCause.SDK)]


def test_line_padding_is_skipped(run):
    rows = b"\x01\x02\x03\xff\x04\x05\x06\xff"
    run.take(FakeBuffer(1, padding=1, parts=[(IMAGE, 3, 2, rows)]))
    assert run.pixels.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_of_several_parts_the_first_image_is_shown(run):
    parts = [(MAP, 3, 2, bytes(6)), (IMAGE, 3, 2, b"\x09" * 6), (IMAGE, 3, 2, bytes(6))]
    assert run.take(FakeBuffer(1, parts=parts))[1].hardware_counter == 1
    assert run.pixels.tolist() == [[9] * 3] * 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"parts": [(IMAGE, 4, 2, bytes(8))]},
            "it delivered 4×2 Mono8, but the run was armed for 3×2 Mono8",
        ),
        ({"code": BY_NAME["Mono12p"].code}, "it delivered 3×2 Mono12p"),
        ({"code": 0x81080001}, "it delivered 3×2 format 0x81080001"),
        ({"parts": [(MAP, 3, 2, bytes(6))]}, "it sends jpeg data without a plain image in it"),
    ],
)
def test_another_image_than_agreed_ends_the_run_and_goes_back(run, changes, sentence):
    buffer = FakeBuffer(1, **changes)
    with pytest.raises(DeviceError, match=sentence):
        run.take(buffer)
    assert run.pushed_back == [buffer]


@pytest.mark.parametrize(
    ("protocol", "extended", "next_id", "number"),
    [("gige", None, 1, 65536), ("gige", "On", 65536, 65536), ("usb", None, 65536, 65536)],
)
def test_ids_go_on_after_65535_in_the_way_of_their_link(protocol, extended, next_id, number):
    run = Run(protocol, extended)
    assert run.take(FakeBuffer(65535))[1].hardware_counter == 65535
    assert run.take(FakeBuffer(next_id))[1].hardware_counter == number


@pytest.mark.parametrize(
    ("rate_hz", "payload", "buffers"),
    [(1.0, 1000, 8), (100.0, 1000, 32), (1e9, 1000, 256), (100.0, 16 << 20, 16)],
)
def test_buffers_outlast_the_wait_for_lost_packets(rate_hz, payload, buffers):
    assert buffer_count(rate_hz, payload) == buffers


def test_the_socket_keeps_several_images():
    assert socket_bytes(1000) == 8 << 20
    assert socket_bytes(16 << 20) == 64 << 20
    assert socket_bytes(2 << 30) == 2**31 - 1
