"""Room files: what is read, and the sentence for what cannot be."""

from pathlib import Path

import pytest

from fluoroview.hal.testing import has_code
from fluoroview.session.room import Room, RoomError, read_room

SAMPLES = Path(__file__).parents[2] / "sample_data" / "rooms"


def write(tmp_path, text):
    path = tmp_path / "room.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_the_default_room(tmp_path):
    assert read_room(write(tmp_path, "")) == Room()


def test_every_section_is_read(tmp_path):
    room = read_room(
        write(
            tmp_path,
            """
            name = "Lab"
            calibration = "panel.h5"
            [detector]
            driver = "gentl"
            isolation = "thread"
            [detector.parameters]
            ExposureTime = 5000.0
            [hold]
            frames = 4
            [loop]
            seconds = 120.0
            [pipeline.recursive]
            mode = "plain"
            weight = 0.25
            """,
        )
    )
    assert room.detector.parameters == {"ExposureTime": 5000.0}
    assert room.pipeline.recursive.weight == 0.25
    assert Path(room.calibration) == tmp_path / "panel.h5"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[detector]\ndrivr = 'x'", r"unknown key detector\.drivr\. Did you mean driver\?"),
        ("[source]\ndriver = 'manual'", r"unknown key source\. It is now generator\."),
        ("[loop]\nseconds_ = 5", r"unknown key loop\.seconds_\. Did you mean seconds\?"),
        ("[loop]\nseconds = '1 min'", "loop.seconds = '1 min' is not allowed.*number in seconds"),
        ("[loop]\nseconds = 1.0", "loop.seconds = 1.0 is not allowed; input should be greater"),
        ("[dose]\nair_kerma_notification_gy = 2", "Did you mean air_kerma_notification_mgy"),
        ("[dose]\nair_kerma_notification_mgy = '2 Gy'", "Give a plain number in mGy"),
        ("[detector]\nisolation = 'vm'", "'process' or 'thread'"),
        ("[pipeline.recursive]\nweight = 2.0", "pipeline.recursive.weight = 2.0 is not allowed"),
        ("[pipeline.recursive]\nwieght = 0.2", "Did you mean weight"),
        ("[hold]\nframes = 99", "less than or equal to 8"),
        ("what is this", "is not TOML: .*line 1"),
        (
            "[detector.parameters]\nX = [1, 2]",
            r"detector\.parameters\.X = \[1, 2\] is not allowed; one value is allowed: a number, a "
            'text in "quotes", true or false',
        ),
        (
            "[beam]\ndetect = 'signal'",
            r'\[beam\]: detect = "signal" needs threshold_counts, the mean raw counts',
        ),
        ("[beam]\nthreshold_counts = 'x'", "Give a plain number in counts"),
        ("detector = 'x'", r"detector = 'x' is not allowed; it is a section: \[detector\], with"),
        (
            "[pipeline.recursive]\nmotion_full = 1.0",
            r"\[pipeline.recursive\]: motion_full is 1.0; it must be above motion_onset",
        ),
    ],
)
def test_a_wrong_room_names_the_file_the_key_and_what_is_allowed(tmp_path, text, sentence):
    path = write(tmp_path, text)
    with pytest.raises(RoomError, match=sentence) as caught:
        read_room(path)
    assert str(path) in str(caught.value)


def test_a_room_that_is_not_there_states_it(tmp_path):
    with pytest.raises(RoomError, check=has_code("FV-ROM-001")):
        read_room(tmp_path / "none.toml")


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_the_sample_rooms_are_valid(path):
    assert read_room(path).name
