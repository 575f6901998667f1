"""What a device id means, and what is reported when it cannot be opened."""

import sys
from pathlib import Path

import pytest

from fluoroview.hal import DeviceError, DriverError
from fluoroview_video import VideoDetector
from fluoroview_video.source import Kind, parse


@pytest.mark.parametrize(
    ("device_id", "kind", "target"),
    [
        ("0", Kind.GRABBER, 0),
        ("/dev/video12", Kind.GRABBER, 12),
        ("rtsp://user:word@10.0.0.5:554/stream", Kind.STREAM, None),
        ("http://grabber.local/video.mjpg", Kind.STREAM, None),
        ("udp://@:5000", Kind.STREAM, None),
        ("/data/swallow 1.mp4", Kind.FILE, None),
        ("~/swallow.avi", Kind.FILE, str(Path.home() / "swallow.avi")),
        ("2024.avi", Kind.FILE, str(Path.cwd() / "2024.avi")),
    ],
)
def test_an_id_is_a_grabber_a_stream_or_a_file(device_id, kind, target):
    source = parse(device_id)
    assert (source.kind, source.target) == (kind, target if target is not None else device_id)
    assert source.is_live == (kind is not Kind.FILE)


def refusal(device_id):
    with pytest.raises(DeviceError) as caught:
        VideoDetector(device_id).open()
    return str(caught.value)


def test_no_device_is_reported():
    assert refusal("").startswith("The video driver was given no device. Give the path of a video")


def test_a_file_that_is_not_there_is_reported(tmp_path):
    missing = tmp_path / "swallow.avi"
    assert refusal(str(missing)) == (
        f"There is no video file {missing}. Give the path of a video file, /dev/videoN or N for a "
        "frame grabber, or a URL such as rtsp://host/stream."
    )


@pytest.mark.parametrize("content", [b"", b"this is no video\n" * 500])
def test_a_file_that_is_no_video_is_reported(tmp_path, content):
    path = tmp_path / "letter.avi"
    path.write_bytes(content)
    assert refusal(str(path)).startswith(
        f"{path} cannot be opened as a video. It must be a file that"
    )


def test_a_folder_is_no_video(tmp_path):
    assert "cannot be opened as a video" in refusal(str(tmp_path))


def test_a_file_that_is_cut_off_before_its_first_image_is_reported(noise_file):
    path = Path(noise_file)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"movi") + 4])
    sentence = refusal(noise_file)
    assert "cannot be opened" in sentence or "without an image that can be" in sentence


def test_a_grabber_that_is_not_there_is_reported():
    assert refusal("99") == (
        "There is no frame grabber /dev/video99. Plug it in; `fluoroview devices --driver video` "
        "lists those that are there."
    )


def test_a_stream_that_does_not_answer_is_reported():
    assert refusal("rtsp://127.0.0.1:1/stream") == (
        "rtsp://127.0.0.1:1/stream does not answer, or sends no video. Check the address, its user "
        "and password, the network and the sender."
    )


def test_a_missing_opencv_is_one_sentence_with_the_line_that_installs_it(noise_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(DriverError, match=r"Install it with: pip install opencv-python-headless$"):
        VideoDetector(noise_file).open()
    assert isinstance(VideoDetector.discover(), list)  # looking needs no OpenCV
