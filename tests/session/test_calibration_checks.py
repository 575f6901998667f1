"""What each step of a calibration finds fault with, in a sentence."""

import numpy as np
import pytest

from fluoroview.pipeline.calibration.build import FrameStatistics
from fluoroview.session.calibration.checks import check_dark, check_flat

SHAPE = (192, 256)
FULL = 16383.0


def frames(level, n=12, noise=3.0, shape=SHAPE, seed=0):
    """Return the statistics of n frames; `level` is a number, a plane, or one of them a frame."""
    rng = np.random.default_rng(seed)
    levels = level if isinstance(level, list) else [level] * n
    made = [np.full(shape, one) + rng.normal(0, noise, shape) for one in levels]
    return FrameStatistics.of(np.clip(np.rint(f), 0, FULL).astype(np.uint16) for f in made)


DARK = frames(200)
FIELD = 200 + np.outer(np.linspace(5000, 4000, SHAPE[0]), np.ones(SHAPE[1]))
"""An even field with heel effect."""


def sentences(findings):
    return " ".join(finding.sentence for finding in findings)


def test_right_frames_are_found_right():
    assert check_dark(DARK, FULL, 0) == []
    assert check_flat(frames(FIELD, noise=70), DARK, FULL, [2000.0, 8000.0]) == []


@pytest.mark.parametrize(
    ("dark", "exposed", "says"),
    [
        (frames(200), 5, "5 of the 12 dark frames were exposed to x-rays. Close the shutter"),
        (frames(6000), 0, "show signal: they are at 6000 of 16383 counts"),
        (frames([260 - 5 * n for n in range(12)]), 0, "not steady: they go from 255.0 to 210.0"),
    ],
)
def test_what_is_wrong_with_dark_frames(dark, exposed, says):
    found = check_dark(dark, FULL, exposed)
    assert says in sentences(found)
    assert not any(finding.allowed for finding in found)


def with_object(field):
    spoilt = field.copy()
    spoilt[64:128, 128:192] = 200 + 0.7 * (field[64:128, 128:192] - 200)
    return spoilt


def bordered(field):
    spoilt = np.full_like(field, 220)
    spoilt[3:-3, 2:-2] = field[3:-3, 2:-2]
    return spoilt


def collimated(field):
    spoilt = field.copy()
    spoilt[:, :64] = 220
    return spoilt


@pytest.mark.parametrize(
    ("flat", "others", "says"),
    [
        (frames(230), [], "too dark: 30 counts above dark, and at least 324 are needed"),
        (frames(200), [], "If the beam was on during the dark frames"),
        (frames(FULL), [], "saturated: 100.0% of the pixels are at the end of the range, 16383"),
        (frames(FIELD * 3.3), [], "The field is saturated"),
        (frames(collimated(FIELD)), [], "uneven: from 4919 down to 20 counts, weakest near row"),
        (frames(with_object(FIELD)), [], "The field is not smooth: near row"),
        (frames(bordered(FIELD)), [], "4.6% of the pixels get less than 60% of what the field"),
        (frames([FIELD] * 6 + [FIELD * 0.3] * 6), [], "not on in all frames"),
        (frames(FIELD), [1000.0, 4400.0], "is the same as another one, 4400 counts"),
    ],
)
def test_what_is_wrong_with_an_empty_field(flat, others, says):
    found = check_flat(flat, DARK, FULL, others)
    assert says in sentences(found)
    assert any(not finding.allowed for finding in found)


def test_the_place_of_an_object_in_the_beam_is_stated():
    found = sentences(check_flat(frames(with_object(FIELD)), DARK, FULL, []))
    row, column = (int(found.split(word)[1].split()[0].strip(",")) for word in ("row ", "column "))
    assert 64 <= row < 128
    assert 128 <= column < 192


def test_a_tube_that_varies_a_little_is_reported_but_allowed():
    flat = frames([200 + (FIELD - 200) * f for f in [1.0, 1.1] * 6])
    found = check_flat(flat, DARK, FULL, [])
    assert "varies by 4.8% from frame to frame" in sentences(found)
    assert all(finding.allowed for finding in found)


def test_dead_lines_and_clusters_are_no_uneven_field():
    field = FIELD.copy()
    field[100] = field[:, 50:52] = field[20:30, 20:30] = 200
    assert check_flat(frames(field, noise=70), DARK, FULL, []) == []
