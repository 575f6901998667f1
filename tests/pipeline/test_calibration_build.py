"""A calibration made of frames: fixed pattern, several levels, defects and how they lie."""

import numpy as np
import pytest

from fluoroview.hal.testing import has_code
from fluoroview.pipeline import CalibrationError, CorrectionSettings
from fluoroview.pipeline.calibration.build import FrameStatistics, build_calibration
from fluoroview.pipeline.calibration.defects import Reason, summarise
from fluoroview.pipeline.correction import Correction

SHAPE = (128, 160)


class RawPanel:
    """A panel with offset and gain pattern; `curve` bends single pixels' response."""

    def __init__(self, rng):
        self.rng = rng
        self.offset = 200 + 15 * rng.standard_normal(SHAPE)
        self.gain = 1 + 0.05 * rng.standard_normal(SHAPE)
        self.noise = np.full(SHAPE, 2.0)
        self.curve = np.zeros(SHAPE)

    def frame(self, counts):
        quanta = self.rng.poisson(np.full(SHAPE, float(counts)))
        signal = self.gain * quanta * (1 - self.curve * counts / 10_000)
        return np.rint(signal + self.offset + self.noise * self.rng.standard_normal(SHAPE)).astype(
            np.uint16
        )

    def frames(self, counts, n=16):
        return [self.frame(counts) for _ in range(n)]

    def calibration(self, levels=(8000,), n=16):
        dark = FrameStatistics.of(self.frames(0, n))
        return build_calibration(dark, [FrameStatistics.of(self.frames(c, n)) for c in levels])


@pytest.fixture
def panel(rng):
    return RawPanel(rng)


def corrected(raw, calibration):
    target = np.zeros(SHAPE, np.float32)
    return Correction(CorrectionSettings(), calibration, target).apply(raw).copy()


def fixed_pattern(frames):
    """Spatial variance that does not average out in time, as a standard deviation."""
    stack = np.stack(frames).astype(np.float64)
    temporal = stack.var(axis=0, ddof=1).mean()
    return np.sqrt(max(stack.mean(axis=0).var() - temporal / len(stack), 0.0))


def test_the_statistics_are_those_of_numpy(panel):
    frames = panel.frames(3000, 7)
    statistics = FrameStatistics.of(frames)
    stack = np.stack(frames).astype(np.float64)
    np.testing.assert_allclose(statistics.mean, stack.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(statistics.noise, stack.std(axis=0, ddof=1), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(statistics.frame_means, stack.mean(axis=(1, 2)))


@pytest.mark.parametrize("levels", [(8000,), (2000, 5000, 8000)])
def test_fixed_pattern_falls_below_the_quantum_noise(panel, levels):
    calibration = panel.calibration(levels)
    raw = panel.frames(4000)
    quantum = np.sqrt(4000)
    assert fixed_pattern(raw) > 3 * quantum
    left = fixed_pattern([corrected(frame, calibration) for frame in raw])
    # What is left is the quantum noise of the flats in the gain, and the coarse part of the
    # pattern: white of 5 %, seen through the Gaussian of 160/16 px that stays in the image.
    of_flats = 4000 / np.sqrt(16 * sum(levels))
    coarse = 4000 * 0.05 / (2 * np.sqrt(np.pi) * 10)
    assert left == pytest.approx(np.hypot(of_flats, coarse), rel=0.1)
    assert left < 0.2 * quantum


def test_more_levels_leave_less(panel):
    raw = panel.frames(4000)
    made = [panel.calibration(levels) for levels in [(3000,), (3000, 5000, 7000)]]
    left = [fixed_pattern([corrected(frame, one) for frame in raw]) for one in made]
    assert left[1] < 0.6 * left[0]


def test_the_levels_are_listed(panel):
    calibration = panel.calibration((2000, 8000))
    assert [level.signal for level in calibration.levels] == pytest.approx([2000, 8000], rel=0.02)
    assert [level.frames for level in calibration.levels] == [16, 16]
    assert calibration.levels[0].residual == pytest.approx(1 / np.sqrt(16 * 2000), rel=0.25)
    assert calibration.dark_noise == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda panel: panel.gain.__setitem__((20, 30), 0.0), Reason.DEAD),
        (lambda panel: panel.gain.__setitem__((20, 30), 0.4), Reason.UNDER_RESPONDING),
        (lambda panel: panel.gain.__setitem__((20, 30), 1.6), Reason.OVER_RESPONDING),
        (lambda panel: panel.noise.__setitem__((20, 30), 40.0), Reason.NOISY),
        (lambda panel: panel.curve.__setitem__((20, 30), 0.3), Reason.NONLINEAR),
    ],
)
def test_each_kind_of_bad_pixel_is_found_for_its_reason(panel, spoil, reason):
    spoil(panel)
    calibration = panel.calibration((2000, 5000, 8000), n=24)
    assert calibration.reasons[20, 30] & reason
    assert calibration.defects.sum() == 1


def test_a_pixel_stuck_at_the_top_is_dead(panel):
    panel.gain[20, 30], panel.offset[20, 30], panel.noise[20, 30] = 0.0, 65535.0, 0.0
    assert panel.calibration().reasons[20, 30] & Reason.DEAD


def test_without_a_second_level_nothing_is_called_nonlinear(panel):
    panel.curve[20, 30] = 0.3
    assert not panel.calibration((8000,)).defects.any()


def test_clusters_and_lines_are_found_whole_and_distinguished(panel):
    panel.gain[40:46, 50:56] = 0.0  # a cluster
    panel.gain[10, 10] = panel.gain[100, 20] = 0.0  # single ones
    panel.gain[:, 100] = 0.0  # a whole column
    panel.gain[60, 20:90] = 0.0  # part of a row
    panel.gain[60, 40] = 1.0  # ... with one good pixel in it
    calibration = panel.calibration()
    found = summarise(calibration.defects)
    assert (found.singles, found.clusters, found.rows, found.columns) == (2, 1, 1, 1)
    assert found.largest_cluster_px == 36
    assert found.pixels == 36 + 2 + 128 + 70
    assert calibration.reasons[60, 40] == Reason.IN_A_LINE
    assert "2 single, 1 clusters (largest 36 px), 1 lines along rows, 1 along columns" in str(found)


def test_a_good_pixel_amid_defects_is_one_too(panel):
    panel.gain[40:43, 50:53] = 0.0
    panel.gain[41, 51] = 1.0
    assert panel.calibration().reasons[41, 51] == Reason.AMID_DEFECTS


def test_defects_vanish_from_the_image(panel):
    panel.gain[40:44, 50:54] = panel.gain[:, 100] = 0.0
    calibration = panel.calibration()
    image = corrected(panel.frame(4000), calibration)
    bad = calibration.defects
    assert image[bad].mean() == pytest.approx(4000, rel=0.02)
    assert np.abs(image[bad] - 4000).max() < 6 * np.sqrt(4000)


def test_heel_and_field_edges_stay(panel):
    heel = np.linspace(1.1, 0.9, SHAPE[0])[:, None] * np.ones(SHAPE)
    panel.gain *= heel
    image = corrected(panel.frame(4000), panel.calibration())
    rows = image.mean(axis=1)
    assert rows[:20].mean() / rows[-20:].mean() == pytest.approx(1.16, abs=0.05)


def test_flats_that_make_much_of_the_panel_defects_are_refused(panel):
    panel.gain[:, :12] = 0.0  # the collimator stood in the field
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-005")):
        panel.calibration()


def test_no_frames_are_refused():
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-003")):
        build_calibration(FrameStatistics(), [])
