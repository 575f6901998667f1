"""Offset, gain and defect correction, and the calibration behind it."""

import numpy as np
import pytest

from fluoroview.hal.testing import has_code
from fluoroview.pipeline import Calibration, CalibrationError, CorrectionSettings
from fluoroview.pipeline.calibration.build import FrameStatistics, build_calibration
from fluoroview.pipeline.correction import Correction


def made_of(darks, flats):
    return build_calibration(FrameStatistics.of(darks), [FrameStatistics.of(flats)])


def plain(shape, defects=None):
    none = np.zeros(shape, bool)
    return Calibration(
        np.zeros(shape, np.float32),
        np.ones(shape, np.float32),
        none if defects is None else defects,
    )


def correct(raw, calibration, **settings):
    target = np.zeros(raw.shape, np.float32)
    return Correction(CorrectionSettings(**settings), calibration, target).apply(raw)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 64), (97, 131), (256, 200)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_equals_the_numpy_reference(rng, shape, dtype):
    raw = rng.integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    offset = rng.normal(100, 10, shape).astype(np.float32)
    gain = rng.uniform(0.5, 2, shape).astype(np.float32)
    corrected = correct(raw, Calibration(offset, gain, np.zeros(shape, bool)))
    expected = (raw.astype(np.float64) - offset) * gain
    np.testing.assert_allclose(corrected, expected, rtol=1e-6, atol=1e-2)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"offset": True, "gain": True}, 1800.0),
        ({"offset": True, "gain": False}, 900.0),
        ({"offset": False, "gain": True}, 2000.0),
        ({"offset": False, "gain": False}, 1000.0),
    ],
)
def test_each_part_can_be_switched_off(settings, expected):
    shape = (4, 4)
    calibration = Calibration(
        np.full(shape, 100, np.float32), np.full(shape, 2, np.float32), np.zeros(shape, bool)
    )
    corrected = correct(np.full(shape, 1000, np.uint16), calibration, **settings)
    np.testing.assert_array_equal(corrected, np.float32(expected))


def test_without_calibration_counts_pass(rng):
    raw = rng.integers(0, 65535, (20, 30)).astype(np.uint16)
    np.testing.assert_array_equal(correct(raw, None), raw.astype(np.float32))


def test_a_synthetic_gain_pattern_is_flattened(rng):
    shape = (128, 128)
    response = 1 + 0.2 * rng.standard_normal(shape)
    response = np.clip(response, 0.7, 1.25)
    pedestal = 200 + 20 * rng.standard_normal(shape)
    darks = [np.rint(pedestal + rng.normal(0, 2, shape)).astype(np.uint16) for _ in range(16)]
    flats = [
        rng.poisson(np.clip(10_000 * response + pedestal, 0, None)).astype(np.uint16)
        for _ in range(16)
    ]
    calibration = made_of(darks, flats)
    raw = rng.poisson(5_000 * response + pedestal).astype(np.uint16)
    corrected = correct(raw, calibration)
    assert raw.std() / raw.mean() > 0.1
    # What remains is the frame's own quanta (1.5 %) and a little of the flats' (0.25 %).
    assert corrected.std() / corrected.mean() < 0.02
    assert corrected.mean() == pytest.approx(5_000, rel=0.03)


def test_dead_hot_and_noisy_pixels_are_found(rng):
    shape = (64, 64)
    darks = [rng.normal(100, 2, shape) for _ in range(32)]
    flats = [rng.normal(5_000, 50, shape) for _ in range(32)]
    for n in range(32):
        flats[n][10, 10] = darks[n][10, 10]  # dead
        darks[n][20, 20] = flats[n][20, 20] = 60_000  # hot
        darks[n][30, 30] = rng.normal(100, 100)  # noisy
    calibration = made_of(darks, flats)
    assert calibration.defects[10, 10]
    assert calibration.defects[20, 20]
    assert calibration.defects[30, 30]
    assert calibration.defects.sum() == 3


def test_defects_vanish(rng):
    shape = (60, 80)
    ramp = np.add.outer(np.arange(60) * 10, np.arange(80) * 20) + 1000
    defects = rng.random(shape) < 0.02
    defects[30:34, 40:44] = True  # a cluster
    defects[:, 60] = True  # a dead column
    defects[0, 0] = defects[59, 79] = True
    raw = ramp.astype(np.uint16)
    raw[defects] = 65535
    corrected = correct(raw, plain(shape, defects))
    np.testing.assert_array_equal(corrected[~defects], ramp[~defects].astype(np.float32))
    # On a ramp of 20 counts per pixel, neighbours that all lie to one side are a little off.
    assert np.abs(corrected - ramp).max() < 80
    assert np.abs(corrected - ramp)[1:-1, 60].max() < 40


def test_a_defect_amid_eight_neighbours_is_their_mean_by_distance():
    raw = np.array([[1, 2, 3], [4, 9999, 5], [6, 7, 8]], np.uint16)
    defects = np.zeros((3, 3), bool)
    defects[1, 1] = True
    corrected = correct(raw, plain((3, 3), defects))
    expected = ((2 + 4 + 5 + 7) * 1.0 + (1 + 3 + 6 + 8) * 0.5) / 6.0
    assert corrected[1, 1] == pytest.approx(expected)


def test_a_whole_region_of_defects_is_refused_with_its_place():
    defects = np.zeros((100, 100), bool)
    defects[:90, :90] = True
    with pytest.raises(CalibrationError, check=has_code("FV-PIP-002")):
        correct(np.zeros((100, 100), np.uint16), plain((100, 100), defects))


@pytest.mark.parametrize(
    ("offset", "gain", "defects", "reason"),
    [
        ((4, 4), (4, 5), (4, 4), r"shapes \(4, 4\), \(4, 5\)"),
        ((4,), (4,), (4,), "must be one and the same"),
    ],
)
def test_maps_of_different_shapes_are_refused(offset, gain, defects, reason):
    with pytest.raises(CalibrationError, match=reason):
        Calibration(np.zeros(offset), np.ones(gain), np.zeros(defects, bool))


def test_a_bad_gain_must_be_marked_as_defect():
    gain = np.ones((4, 4), np.float32)
    gain[1, 1] = 0
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-008")):
        Calibration(np.zeros((4, 4), np.float32), gain, np.zeros((4, 4), bool))
    Calibration(np.zeros((4, 4), np.float32), gain, gain == 0)


def test_all_defect_is_refused():
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-007")):
        plain((4, 4), np.ones((4, 4), bool))


def test_too_few_or_unlike_frames_are_refused():
    frame, other = np.zeros((4, 4), np.uint16), np.zeros((4, 5), np.uint16)
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-003")):
        made_of([frame], [frame, frame])
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-001")):
        made_of([frame, frame], [frame, other])
