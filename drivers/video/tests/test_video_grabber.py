"""A frame grabber that OpenCV would open: what it is asked for, and that it is held."""

import cv2
import numpy as np
import pytest

from fluoroview.hal import Access, DeviceError, ParameterError
from fluoroview_video import VideoDetector, sdk, source

SIZES = [(640, 480), (720, 576), (1920, 1080)]


class Board:
    """The hardware behind /dev/video0: it takes the nearest size that it has."""

    def __init__(self):
        self.opened = 0
        self.present = True
        self.signal = True
        self.without_signal_on = None
        self.channels = 2


class FakeVideoCapture:
    """cv2.VideoCapture of such a board."""

    def __init__(self, board, target, _backend):
        self.board = board
        self.state = {
            cv2.CAP_PROP_FRAME_WIDTH: 640,
            cv2.CAP_PROP_FRAME_HEIGHT: 480,
            cv2.CAP_PROP_FPS: 25.0,
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"YUYV"),
            cv2.CAP_PROP_CHANNEL: 0 if board.channels else -1,
            cv2.CAP_PROP_FRAME_COUNT: -1,
        }
        self.is_open = board.present and target == 0
        board.opened += self.is_open

    def isOpened(self):
        return self.is_open

    def get(self, key):
        return self.state[key]

    def set(self, key, value):
        self.state[key] = value
        if key == cv2.CAP_PROP_FRAME_HEIGHT:
            requested = (self.state[cv2.CAP_PROP_FRAME_WIDTH], value)
            size = min(
                SIZES, key=lambda size: abs(size[0] - requested[0]) + abs(size[1] - requested[1])
            )
            self.state[cv2.CAP_PROP_FRAME_WIDTH], self.state[cv2.CAP_PROP_FRAME_HEIGHT] = size
        if key == cv2.CAP_PROP_FPS:
            self.state[key] = min(50.0, value)
        return True

    def grab(self):
        channel = self.state[cv2.CAP_PROP_CHANNEL]
        return self.board.signal and channel != self.board.without_signal_on

    def retrieve(self, _into=None):
        rows, columns = (
            int(self.state[key]) for key in (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)
        )
        return True, np.full((rows, columns, 3), 100, np.uint8)

    def release(self):
        self.board.opened -= self.is_open
        self.is_open = False


class FakeOpenCV:
    """OpenCV, but for its captures."""

    def __init__(self, board):
        self._board = board

    def VideoCapture(self, *arguments):
        return FakeVideoCapture(self._board, *arguments)

    def __getattr__(self, name):
        return getattr(cv2, name)


@pytest.fixture
def board(monkeypatch):
    made = Board()
    monkeypatch.setattr(sdk, "load", lambda: FakeOpenCV(made))
    monkeypatch.setattr(source.Source, "exists", lambda _self: made.present)
    return made


@pytest.fixture
def detector(board):
    opened = VideoDetector("/dev/video0")
    opened.open()
    yield opened
    opened.close()
    assert board.opened == 0


def test_a_grabber_is_held_while_it_is_open(board, detector):
    assert board.opened == 1
    detector.close()
    assert board.opened == 0


@pytest.mark.parametrize(
    ("name", "value", "read_back"),
    [
        ("SourceSize", "1920x1080", "1920x1080"),
        ("SourceSize", "800x600", "720x576"),  # the nearest that it has
        ("SourceFourCC", "MJPG", "MJPG"),
        ("SourceInput", 1, 1),
        ("AcquisitionFrameRate", 50.0, 50.0),
        ("AcquisitionFrameRate", 60.0, 50.0),
    ],
)
def test_the_grabber_reports_the_value_it_chose(detector, name, value, read_back):
    tree = detector.parameters()
    assert tree[name].access is Access.RW_IDLE
    assert tree.write(name, value) == read_back


def test_requests_add_up_and_another_size_resets_the_crop(board, detector):
    tree = detector.parameters()
    tree.write("SourceFourCC", "MJPG")
    tree.write("Width", 100)
    tree.write("SourceSize", "1920x1080")
    assert tree["SourceFourCC"].read() == "MJPG"
    assert (tree["Width"].read(), tree["Height"].read()) == (1920, 1080)
    assert board.opened == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SourceSize", "big", "columns x rows are expected, such as 1920x1080"),
        ("SourceSize", 1920, "columns x rows are expected"),
        ("SourceFourCC", "MJPEG", "four letters are expected, such as YUYV or MJPG"),
        ("SourceInput", -1, "allowed is at least 0"),
    ],
)
def test_requests_that_make_no_sense_are_refused(detector, name, value, sentence):
    with pytest.raises(ParameterError, match=f"/dev/video0: parameter {name} .*{sentence}"):
        detector.parameters().write(name, value)


def test_an_input_without_a_signal_is_refused_and_the_old_one_stays(board, detector):
    board.without_signal_on = 1
    tree = detector.parameters()
    with pytest.raises(DeviceError, match="is open but gives no image"):
        tree.write("SourceInput", 1)
    assert tree["SourceInput"].read() == 0
    assert board.opened == 1


def test_a_grabber_with_one_input_has_none_to_choose(board):
    board.channels = 0
    detector = VideoDetector("0")
    detector.open()
    assert "SourceInput" not in detector.parameters()
    assert "Loop" not in detector.parameters()
    detector.close()


def test_a_grabber_without_a_signal_is_reported(board):
    board.signal = False
    with pytest.raises(DeviceError) as caught:
        VideoDetector("0").open()
    assert str(caught.value) == (
        "/dev/video0 is open but gives no image. Check the signal at its input, and that it is "
        "the input that is chosen."
    )
    assert board.opened == 0


def test_a_grabber_that_another_program_holds_is_reported(board, monkeypatch):
    monkeypatch.setattr(FakeVideoCapture, "isOpened", lambda _self: False)
    with pytest.raises(DeviceError, match="/dev/video0 cannot be opened"):
        VideoDetector("0").open()
    board.opened = 0


def test_images_of_a_grabber_are_delivered_and_it_stays_open(board, detector):
    pixels = np.zeros((480, 640), np.uint8)
    detector._end.clear()
    headers = [detector.read(pixels, 0.25) for _ in range(3)]
    assert [header.hardware_counter for header in headers] == [0, 1, 2]
    assert np.all(pixels == 100)
    detector.stop()
    assert board.opened == 1
