"""The chain as a whole: what it promises to whoever feeds and shows it."""

import tracemalloc

import numpy as np
import pytest

from fluoroview.hal.frame import PixelIntensityRelationship
from fluoroview.hal.testing import has_code
from fluoroview.pipeline import (
    COUNTS_PER_E_FOLD,
    Calibration,
    CalibrationError,
    Pipeline,
    PipelineSettings,
    RecursiveMode,
    RecursiveSettings,
    SpatialSettings,
)
from fluoroview.pipeline.chain import BAND_ROWS

LIN, LOG, DISP = PixelIntensityRelationship
OFF = PipelineSettings(
    recursive=RecursiveSettings(mode=RecursiveMode.OFF), spatial=SpatialSettings(sigma_px=0)
)
PLAIN = PipelineSettings(
    recursive=RecursiveSettings(mode=RecursiveMode.PLAIN, weight=0.25),
    spatial=SpatialSettings(sigma_px=0.5),
)


def image_of(raw, settings, relationship, **more):
    out = np.zeros(raw.shape, np.uint16)
    Pipeline(*raw.shape, settings, relationship, **more).process(raw, out)
    return out


def test_the_log_image_follows_its_constant():
    raw = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    image = image_of(raw, OFF, LIN)
    expected = np.rint(COUNTS_PER_E_FOLD * np.log(np.maximum(raw.astype(np.float64), 1)))
    off = np.abs(image.astype(np.int64) - expected)
    assert off.max() <= 1  # where float32 meets a tie
    assert np.count_nonzero(off) < 200
    assert (np.diff(image.ravel().astype(np.int64)) >= 0).all()


def test_a_difference_of_log_images_is_one_of_line_integrals():
    open_beam = np.full((8, 8), 20_000, np.uint16)
    behind = np.rint(open_beam * np.exp(-0.5)).astype(np.uint16)
    first, second = image_of(open_beam, OFF, LIN), image_of(behind, OFF, LIN)
    difference = (first.astype(float) - second) / COUNTS_PER_E_FOLD
    np.testing.assert_allclose(difference, 0.5, atol=5e-4)


def test_dense_is_dark():
    raw = np.array([[100, 10_000]], np.uint16)
    image = image_of(raw, OFF, LIN)
    assert image[0, 0] < image[0, 1]


@pytest.mark.parametrize("relationship", [LOG, DISP])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_log_and_disp_sources_keep_their_counts(rng, relationship, dtype):
    raw = rng.integers(0, np.iinfo(dtype).max, (67, 45), endpoint=True).astype(dtype)
    settings = PipelineSettings.for_relationship(relationship)
    image = image_of(raw, settings, relationship)
    np.testing.assert_array_equal(image, raw)


def test_disp_counts_survive_the_float_stages(rng):
    # An average of one frame is the frame, exactly, over all of uint16.
    raw = rng.permutation(65536).astype(np.uint16).reshape(256, 256)
    settings = PipelineSettings(
        recursive=RecursiveSettings(mode=RecursiveMode.PLAIN), spatial=SpatialSettings(sigma_px=0)
    )
    np.testing.assert_array_equal(image_of(raw, settings, DISP), raw)


def test_the_whole_chain_equals_a_plain_numpy_reference(rng):
    shape = (75, 94)
    calibration = Calibration(
        rng.normal(100, 5, shape).astype(np.float32),
        rng.uniform(0.8, 1.2, shape).astype(np.float32),
        np.zeros(shape, bool),
    )
    pipeline = Pipeline(*shape, PLAIN, LIN, calibration)
    out = np.zeros(shape, np.uint16)
    frames = rng.poisson(3000, (6, *shape)).astype(np.uint16)
    mean = None
    for raw in frames:
        pipeline.process(raw, out)
        corrected = (raw - calibration.offset.astype(np.float64)) * calibration.gain
        mean = corrected if mean is None else mean + 0.25 * (corrected - mean)
    tap = np.exp(-0.5 * np.array([1, 0, 1]) / 0.5**2)
    tap /= tap.sum()
    padded = np.pad(mean, 1, mode="reflect")
    smooth = sum(
        tap[r] * tap[c] * padded[r : r + shape[0], c : c + shape[1]]
        for r in range(3)
        for c in range(3)
    )
    expected = np.rint(COUNTS_PER_E_FOLD * np.log(smooth))
    assert np.abs(out - expected).max() <= 1


@pytest.mark.parametrize("sigma_px", [0.5, 1.0, 1.5])
def test_bands_leave_no_seam(rng, sigma_px):
    import cv2

    rows = 2 * BAND_ROWS + 3
    raw = rng.integers(0, 60_000, (rows, 33)).astype(np.uint16)
    settings = OFF.model_copy(update={"spatial": SpatialSettings(sigma_px=sigma_px)})
    side_px = 2 * int(np.ceil(2 * sigma_px)) + 1
    whole = cv2.GaussianBlur(raw.astype(np.float32), (side_px, side_px), sigma_px)
    image = image_of(raw, settings, DISP)
    assert np.abs(image - np.rint(whole)).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (255, 257), (256, 256), (511, 130), (1025, 7)])
@pytest.mark.parametrize("relationship", list(PixelIntensityRelationship))
def test_any_size_and_relationship_works(rng, shape, relationship):
    pipeline = Pipeline(*shape, PipelineSettings(), relationship, bits=12)
    out = np.zeros(shape, np.uint16)
    for _ in range(3):
        pipeline.process(rng.poisson(800, shape).astype(np.uint16), out)
    middle = COUNTS_PER_E_FOLD * np.log(800) if relationship is LIN else 800
    assert out.mean() == pytest.approx(middle, rel=0.1)


def test_negative_counts_are_black_and_not_wrapped():
    shape = (4, 4)
    calibration = Calibration(
        np.full(shape, 500, np.float32), np.ones(shape, np.float32), np.zeros(shape, bool)
    )
    raw = np.full(shape, 100, np.uint16)
    for relationship in (LIN, DISP):
        assert (image_of(raw, OFF, relationship, calibration=calibration) == 0).all()


def test_counts_beyond_uint16_are_clamped_and_not_wrapped():
    shape = (4, 4)
    calibration = Calibration(
        np.zeros(shape, np.float32), np.full(shape, 3, np.float32), np.zeros(shape, bool)
    )
    raw = np.full(shape, 60_000, np.uint16)
    assert (image_of(raw, OFF, DISP, calibration=calibration) == 65535).all()


def test_the_raw_frame_is_only_read(rng):
    raw = rng.poisson(500, (64, 64)).astype(np.uint16)
    before = raw.copy()
    raw.flags.writeable = False
    image_of(raw, PipelineSettings(), LIN)
    np.testing.assert_array_equal(raw, before)


def test_reset_shows_the_next_frame_alone(rng):
    pipeline = Pipeline(64, 64, PipelineSettings(), LIN)
    first, second = np.zeros((64, 64), np.uint16), np.zeros((64, 64), np.uint16)
    frames = rng.poisson(500, (5, 64, 64)).astype(np.uint16)
    pipeline.process(frames[4], first)
    for raw in frames[:4]:
        pipeline.process(raw, second)
    pipeline.reset()
    pipeline.process(frames[4], second)
    np.testing.assert_array_equal(first, second)


def test_settings_change_live(rng):
    pipeline = Pipeline(64, 64, OFF, LIN)
    out = np.zeros((64, 64), np.uint16)
    raw = rng.poisson(500, (64, 64)).astype(np.uint16)
    pipeline.process(raw, out)
    sharp = out.std()
    pipeline.configure(OFF.model_copy(update={"spatial": SpatialSettings(sigma_px=1.0)}))
    pipeline.process(raw, out)
    assert out.std() < sharp / 2
    assert pipeline.settings.spatial.sigma_px == 1.0


@pytest.mark.parametrize("relationship", list(PixelIntensityRelationship))
def test_no_plane_is_allocated_per_frame(rng, relationship):
    side = 512
    defects = rng.random((side, side)) < 0.001
    calibration = Calibration(
        np.zeros((side, side), np.float32), np.ones((side, side), np.float32), defects
    )
    pipeline = Pipeline(side, side, PipelineSettings(), relationship, calibration)
    out = np.zeros((side, side), np.uint16)
    frames = rng.poisson(500, (4, side, side)).astype(np.uint16)
    for raw in frames:
        pipeline.process(raw, out)
    average = pipeline.recursive.apply(pipeline.correction.apply(frames[0]))
    tracemalloc.start()
    try:
        start, _ = tracemalloc.get_traced_memory()
        for raw in frames:
            pipeline.process(raw, out)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The noise law sorts a sample of 2 048 pixels; the smallest plane has 262 144 bytes.
    assert peak - start < 100_000
    again = pipeline.recursive.apply(pipeline.correction.apply(frames[0]))
    assert again.ctypes.data == average.ctypes.data


@pytest.mark.parametrize(
    ("raw", "out", "reason"),
    [
        (np.zeros((4, 5), "u2"), np.zeros((4, 4), "u2"), r"the frame is \(4, 5\)"),
        (np.zeros((4, 4), "i2"), np.zeros((4, 4), "u2"), "the frame is .* int16"),
        (np.zeros((4, 4), "f4"), np.zeros((4, 4), "u2"), "uint8 or uint16"),
        (np.zeros((4, 4), "u2"), np.zeros((4, 4), "u1"), "the image is .* uint8"),
        (np.zeros((4, 8), "u2")[:, ::2], np.zeros((4, 4), "u2"), "frame is not C-contiguous"),
        (np.zeros((4, 4), "u2"), np.zeros((8, 4), "u2")[::2], "image is not C-contiguous"),
    ],
)
def test_what_is_not_as_promised_is_refused(raw, out, reason):
    with pytest.raises(ValueError, match=reason):
        Pipeline(4, 4, PipelineSettings(), LIN).process(raw, out)


def test_a_calibration_of_another_size_is_refused_with_both_sizes():
    calibration = Calibration(
        np.zeros((4, 4), np.float32), np.ones((4, 4), np.float32), np.zeros((4, 4), bool)
    )
    with pytest.raises(CalibrationError, check=has_code("FV-PIP-001")):
        Pipeline(8, 8, PipelineSettings(), LIN, calibration)


@pytest.mark.parametrize(("rows", "bits"), [(0, 16), (8, 0), (8, 17)])
def test_impossible_frames_are_refused(rows, bits):
    with pytest.raises(ValueError, match=r"possible|cannot be processed"):
        Pipeline(rows, 8, PipelineSettings(), LIN, bits=bits)


def test_the_image_maximum_bounds_the_window():
    assert Pipeline(8, 8, OFF, DISP, bits=12).image_maximum == 4095
    white = np.full((8, 8), 16383, np.uint16)
    maximum = Pipeline(8, 8, OFF, LIN, bits=14).image_maximum
    assert image_of(white, OFF, LIN, bits=14).max() == pytest.approx(maximum, abs=1)


@pytest.mark.parametrize("mode", [RecursiveMode.PLAIN, RecursiveMode.ADAPTIVE])
def test_a_jump_of_the_technique_leaves_no_ghost_in_the_average(rng, mode):
    settings = PipelineSettings(
        recursive=RecursiveSettings(mode=mode), spatial=SpatialSettings(sigma_px=0)
    )
    pipeline = Pipeline(64, 64, settings, LIN)
    out = np.zeros((64, 64), np.uint16)
    pipeline.process(rng.poisson(1500, (64, 64)).astype(np.uint16), out, (76.0, 0.48))
    pipeline.process(rng.poisson(300, (64, 64)).astype(np.uint16), out, (69.0, 0.15))
    expected = COUNTS_PER_E_FOLD * np.log(300)
    assert abs(float(out.mean()) - expected) < 0.02 * COUNTS_PER_E_FOLD
