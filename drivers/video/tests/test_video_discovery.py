"""V4L2 devices: what a node reports, and which nodes are listed."""

import struct

import pytest

from fluoroview.hal.runtime.registry import DriverInfo
from fluoroview.hal.runtime.registry import discover as look_in_a_child
from fluoroview_video.discovery import Grabber, discover, unpack

CAPTURE, CAPTURE_MPLANE, METADATA, DEVICE_CAPS = 0x1, 0x1000, 0x00800000, 0x80000000


def record(of_all, of_node, card=b"USB C-arm grabber"):
    return struct.pack(
        "=16s32s32sIII12x", b"uvcvideo", card, b"usb-0000:00:14.0-1", 0x060100, of_all, of_node
    )


@pytest.mark.parametrize(
    ("of_all", "of_node", "captures"),
    [
        (CAPTURE | METADATA | DEVICE_CAPS, CAPTURE, True),
        (CAPTURE | METADATA | DEVICE_CAPS, METADATA, False),  # the second node of a UVC camera
        (CAPTURE, 0, True),  # an old kernel driver
        (CAPTURE_MPLANE | DEVICE_CAPS, CAPTURE_MPLANE, True),
        (0, 0, False),
    ],
)
def test_a_node_states_whether_it_captures(of_all, of_node, captures):
    assert unpack(record(of_all, of_node)) == Grabber(
        "uvcvideo", "USB C-arm grabber", "usb-0000:00:14.0-1", captures
    )


def test_nodes_that_capture_are_listed_in_the_order_of_their_numbers(tmp_path):
    for name in ("video10", "video2", "video3", "video4", "video5", "videodev", "audio0"):
        (tmp_path / name).touch()

    def ask(node):
        if node.name == "video3":
            raise PermissionError
        if node.name == "video4":
            raise OSError(25, "Inappropriate ioctl for device")
        return Grabber("uvcvideo", f"Card {node.name}", "usb-1", captures=node.name != "video5")

    found = discover(tmp_path, ask)
    assert [(info.id.removeprefix(f"{tmp_path}/"), info.model, info.note) for info in found] == [
        ("video2", "Card video2", "uvcvideo at usb-1"),
        ("video3", "", "may not be opened: join the group video, then log in again"),
        ("video10", "Card video10", "uvcvideo at usb-1"),
    ]


def test_files_that_are_no_devices_are_passed_over(tmp_path):
    (tmp_path / "video0").touch()
    assert discover(tmp_path) == []


def test_looking_in_the_child_process_gives_no_error():
    assert look_in_a_child(DriverInfo("video", "fluoroview-video", "", "")).error == ""
