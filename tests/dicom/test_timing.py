"""How long a frame stays: the precedence of the attributes, and figures that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from fluoroview.dicom.timing import DEFAULT_FPS, read_timing
from fluoroview.hal.sequencing import Sequencing

POINTER_TO_TIME = 0x00181063
POINTER_TO_VECTOR = 0x00181065


def data_set(**attributes):
    data = Dataset()
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


EVERYTHING = {
    "FrameTimeVector": [0, 10, 20, 30],
    "FrameTime": 50,
    "RecommendedDisplayFrameRate": 25,
    "CineRate": 8,
}


def without(*keywords):
    return {key: value for key, value in EVERYTHING.items() if key not in keywords}


@pytest.mark.parametrize(
    ("attributes", "durations_ms", "source"),
    [
        pytest.param(
            {"FrameIncrementPointer": POINTER_TO_TIME} | EVERYTHING,
            (50, 50, 50, 50),
            "FrameTime (0018,1063)",
            id="the pointer decides",
        ),
        pytest.param(
            {"FrameIncrementPointer": POINTER_TO_VECTOR} | EVERYTHING,
            (10, 20, 30, 30),
            "FrameTimeVector (0018,1065)",
            id="the pointer decides for the vector",
        ),
        pytest.param(
            {"FrameIncrementPointer": [0x00540080, POINTER_TO_TIME]} | EVERYTHING,
            (50, 50, 50, 50),
            "FrameTime (0018,1063)",
            id="of several pointers, the one that is a time",
        ),
        pytest.param(
            {"FrameIncrementPointer": POINTER_TO_VECTOR} | without("FrameTimeVector"),
            (50, 50, 50, 50),
            "FrameTime (0018,1063)",
            id="a pointer to nothing is passed over",
        ),
        pytest.param(
            EVERYTHING, (10, 20, 30, 30), "FrameTimeVector (0018,1065)", id="vector before time"
        ),
        pytest.param(
            without("FrameTimeVector"),
            (50, 50, 50, 50),
            "FrameTime (0018,1063)",
            id="time before rates",
        ),
        pytest.param(
            without("FrameTimeVector", "FrameTime"),
            (40, 40, 40, 40),
            "RecommendedDisplayFrameRate (0008,2144)",
            id="recommended rate before cine rate",
        ),
        pytest.param(
            {"CineRate": 8}, (125, 125, 125, 125), "CineRate (0018,0040)", id="cine rate last"
        ),
        pytest.param(
            {"FrameTimeVector": [10, 20, 30]},
            (10, 20, 30, 30),
            "FrameTimeVector (0018,1065)",
            id="a vector without its leading zero",
        ),
        pytest.param(
            {"FrameTimeVector": [0, 10, 0, 30]},
            (10, 20, 30, 30),
            "FrameTimeVector (0018,1065)",
            id="a zero gap would hide a frame",
        ),
    ],
)
def test_precedence(attributes, durations_ms, source):
    timing = read_timing(data_set(**attributes), 4)

    assert timing.durations_ms == pytest.approx(durations_ms)
    assert timing.source == source
    assert timing.warnings == ()


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"FrameTimeVector": [0, 10, 20]}, None),  # 3 entries fit 4 frames: gaps only
        ({"FrameTimeVector": [0, 10]}, "2 entries for 4 frames"),
        ({"FrameTimeVector": [0, 10, 10, 10, 10]}, "5 entries for 4 frames"),
        ({"FrameTimeVector": [0, 10, -10, 10]}, "negative time, -10 ms"),
        ({"FrameTimeVector": [0, 0, 0, 0]}, "0 ms per frame"),
        ({"FrameTime": 0}, "0 ms per frame"),
        ({"FrameTime": 0.0333}, "0.0333 ms per frame is outside the 1 to 60000 ms"),
        ({"FrameTime": -33}, "-33 ms per frame"),
    ],
)
def test_senseless_figures_are_passed_over_with_a_sentence(attributes, why):
    timing = read_timing(data_set(CineRate=8, **attributes), 4)

    if why is None:
        assert timing.source == "FrameTimeVector (0018,1065)"
        return
    assert timing.source == "CineRate (0018,0040)"
    assert timing.durations_ms == (125,) * 4
    (warning,) = timing.warnings
    assert why in warning
    assert warning.endswith(".")


@pytest.mark.parametrize("rate", [0, -5])
def test_a_senseless_rate_leads_to_the_default(rate):
    timing = read_timing(data_set(CineRate=rate), 3)

    assert "frames per second cannot be" in timing.warnings[0]
    assert timing.durations_ms == pytest.approx((1000 / DEFAULT_FPS,) * 3)


def test_no_timing_is_reported_and_a_default_is_assumed():
    timing = read_timing(data_set(), 3)

    assert timing.mean_fps == pytest.approx(15)
    assert timing.source == "none in the file, 15 frames/s assumed"
    (warning,) = timing.warnings
    assert "states no frame rate" in warning
    assert "15 frames per second" in warning


def test_a_single_image_needs_no_timing():
    timing = read_timing(data_set(), 1)

    assert timing.warnings == ()
    assert timing.source == "single image"
    assert len(timing.durations_ms) == 1


def test_a_time_that_breaks_its_type_is_recovered():
    """Real files hold "33,3" and "  33.3 "."""
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    data = Dataset()
    tag = Tag(POINTER_TO_TIME)
    data[tag] = RawDataElement(tag, "DS", 6, b" 33,3 ", 0, False, True)

    assert read_timing(data, 3).durations_ms == pytest.approx((33.3,) * 3)


def enhanced(*times):
    frames = []
    for time in times:
        content = Dataset()
        content.FrameReferenceDateTime = time
        group = Dataset()
        group.FrameContentSequence = [content]
        frames.append(group)
    return data_set(PerFrameFunctionalGroupsSequence=frames)


def test_enhanced_objects_are_timed_by_their_frames():
    timing = read_timing(
        enhanced("20260101120000.000", "20260101120000.040", "20260101120000.1"), 3
    )

    assert timing.durations_ms == pytest.approx((40, 60, 60))
    assert timing.source == "FrameReferenceDateTime (0018,9151)"


def test_times_that_stand_still_are_no_timing():
    timing = read_timing(enhanced("20260101120000", "20260101120000", "20260101120001"), 3)

    assert "do not increase" in timing.warnings[0]
    assert timing.mean_fps == pytest.approx(DEFAULT_FPS)


@pytest.mark.parametrize(
    ("attributes", "first", "last"),
    [
        ({}, 0, 9),
        ({"StartTrim": 3, "StopTrim": 7}, 2, 6),
        ({"StartTrim": 3}, 2, 9),
        ({"StopTrim": 99}, 0, 9),
        ({"StartTrim": 7, "StopTrim": 3}, 0, 9),
        ({"StartTrim": 50, "StopTrim": 60}, 0, 9),
    ],
)
def test_trim(attributes, first, last):
    timing = read_timing(data_set(**attributes), 10)

    assert (timing.first_frame, timing.last_frame) == (first, last)


@pytest.mark.parametrize(
    ("attributes", "sequencing"),
    [
        ({}, Sequencing.LOOP),
        ({"PreferredPlaybackSequencing": 0}, Sequencing.LOOP),
        ({"PreferredPlaybackSequencing": 1}, Sequencing.SWEEP),
    ],
)
def test_preferred_sequencing(attributes, sequencing):
    assert read_timing(data_set(**attributes), 4).sequencing is sequencing


@given(
    st.lists(st.floats(-100, 1e5, allow_nan=False), max_size=12),
    st.one_of(st.none(), st.floats(-100, 1e6, allow_nan=False)),
    st.one_of(st.none(), st.integers(-5, 500)),
    st.integers(1, 12),
)
def test_whatever_a_file_states_every_frame_has_a_time_to_stay(vector, time, rate, frame_count):
    data = data_set()
    if vector:
        data.FrameTimeVector = [f"{x:.6g}" for x in vector]
    if time is not None:
        data.FrameTime = f"{time:.6g}"
    if rate is not None:
        data.CineRate = rate

    timing = read_timing(data, frame_count)

    assert len(timing.durations_ms) == frame_count
    assert min(timing.durations_ms) > 0
    assert timing.source
