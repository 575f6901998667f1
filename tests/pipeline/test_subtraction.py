"""Subtraction: attenuation differences, the mask, its shift, and when it may be done at all."""

import numpy as np
import pytest

from fluoroview.hal.frame import PixelIntensityRelationship
from fluoroview.pipeline import (
    COUNTS_PER_E_FOLD,
    Pipeline,
    PipelineSettings,
    RecursiveMode,
    RecursiveSettings,
    SpatialSettings,
    SubtractionSettings,
)
from fluoroview.pipeline.display import WindowLut
from fluoroview.pipeline.subtraction import MIDDLE, Subtraction, first_window, subtracted_window

LIN, LOG, DISP = PixelIntensityRelationship


def settings(**subtraction):
    return PipelineSettings(
        recursive=RecursiveSettings(mode=RecursiveMode.OFF),
        spatial=SpatialSettings(sigma_px=0),
        subtraction=SubtractionSettings(**({"on": True} | subtraction)),
    )


def run(pipeline, frames):
    images = []
    for frame in frames:
        out = np.zeros(frame.shape, np.uint16)
        pipeline.process(frame, out)
        images.append(out)
    return images


def anatomy(rng, shape=(64, 64)):
    return rng.uniform(1000, 30000, shape)


def test_what_stands_still_vanishes_and_contrast_is_left_whatever_lies_behind(rng):
    still = anatomy(rng)
    vessel = np.zeros(still.shape)
    vessel[20:30] = 0.4
    frames = [still.astype(np.uint16)] * 8 + [np.rint(still * np.exp(-vessel)).astype(np.uint16)]
    image = run(Pipeline(64, 64, settings(), LIN), frames)[-1]
    attenuation = (MIDDLE - image.astype(float)) / COUNTS_PER_E_FOLD
    np.testing.assert_allclose(attenuation, vessel, atol=2e-3)


def test_the_mask_is_the_mean_of_n_images_after_the_skipped_ones():
    def at(counts):
        return np.full((4, 4), counts, np.uint16)

    stage = Subtraction(SubtractionSettings(on=True, mask_frames=3, skip_frames=2), (4, 4))
    for counts in (9000, 8000, 1000, 2000, 3600, 5000):
        image = at(counts)
        stage.apply(image)
    assert stage.mask_frames == 3
    assert (image == MIDDLE + 5000 - 2200).all()


def test_the_noise_of_the_mask_falls_with_its_frames(rng):
    frames = rng.poisson(2000, (80, 64, 64)).astype(np.uint16)

    def noise(mask_frames):
        pipeline = Pipeline(64, 64, settings(mask_frames=mask_frames, skip_frames=0), LIN)
        return float(np.std(run(pipeline, frames)[-1]))

    assert noise(1) / noise(64) == pytest.approx(np.sqrt(2 / (1 + 1 / 64)), rel=0.06)


def test_an_image_is_grey_while_its_mask_is_made(rng):
    frame = anatomy(rng).astype(np.uint16)
    images = run(Pipeline(64, 64, settings(mask_frames=4, skip_frames=1), LIN), [frame] * 3)
    assert all((image == MIDDLE).all() for image in images)


def test_a_new_run_makes_a_new_mask():
    pipeline = Pipeline(8, 8, settings(), LIN)
    run(pipeline, [np.full((8, 8), 1000, np.uint16)] * 9)
    pipeline.reset()
    assert (run(pipeline, [np.full((8, 8), 9000, np.uint16)])[0] == MIDDLE).all()


def test_it_can_be_switched_on_in_the_middle_of_a_run():
    pipeline = Pipeline(8, 8, settings(on=False), LIN)
    plain = run(pipeline, [np.full((8, 8), 20_000, np.uint16)] * 9)[-1]
    assert not pipeline.subtracted
    pipeline.configure(settings())
    seen = run(pipeline, [np.full((8, 8), 10_000, np.uint16)])[0]
    assert pipeline.subtracted
    assert abs(int(seen[0, 0]) - (MIDDLE - round(COUNTS_PER_E_FOLD * np.log(2)))) <= 1
    pipeline.configure(settings(on=False))
    assert (run(pipeline, [np.full((8, 8), 20_000, np.uint16)])[0] == plain).all()


def test_other_mask_frames_count_from_the_next_run():
    stage = Subtraction(SubtractionSettings(on=True, mask_frames=1, skip_frames=0), (4, 4))
    for counts in (1000, 5000):
        stage.apply(image := np.full((4, 4), counts, np.uint16))
        stage.configure(SubtractionSettings(on=True, mask_frames=9, skip_frames=0))
    assert stage.mask_frames == 1
    assert image[0, 0] == MIDDLE + 4000


@pytest.mark.parametrize(("dx", "dy"), [(3.0, 0.0), (0.0, -2.0), (0.5, 0.25)])
def test_the_mask_can_be_moved_by_parts_of_a_pixel(dx, dy):
    y, x = np.mgrid[0:64, 0:64].astype(float)

    def blob(x0, y0):
        return (20_000 - 3000 * np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / 200)).astype(np.uint16)

    shifted = SubtractionSettings(
        on=True, mask_frames=1, skip_frames=0, shift_x_px=dx, shift_y_px=dy
    )
    left = {}
    for name, how in (("shifted", shifted), ("not", SubtractionSettings(on=True, skip_frames=0))):
        stage = Subtraction(how, (64, 64))
        stage.apply(blob(32, 32))
        stage.apply(image := blob(32 + dx, 32 + dy))
        left[name] = np.abs(image.astype(float) - MIDDLE)[8:-8, 8:-8].max()
    assert left["shifted"] < 0.15 * left["not"]


def test_images_made_for_display_are_never_subtracted(rng):
    frame = rng.integers(0, 255, (16, 16)).astype(np.uint8)
    pipeline = Pipeline(16, 16, settings(), DISP)
    assert not pipeline.subtracts
    assert (run(pipeline, [frame])[0] == frame).all()


def test_images_that_are_logarithmic_already_are_subtracted_as_they_are():
    pipeline = Pipeline(4, 4, settings(mask_frames=1, skip_frames=0), LOG)
    first, second = (np.full((4, 4), counts, np.uint16) for counts in (3000, 2500))
    assert (run(pipeline, [first, second])[1] == MIDDLE - 500).all()


def test_the_windows_show_grey_grey_and_contrast_dark(rng):
    image = (MIDDLE + rng.normal(0, 60, (256, 256))).astype(np.uint16)
    image[100:110] -= 1500
    for window in (first_window(), subtracted_window(image)):
        greys = WindowLut.lut(window)
        assert 150 < greys[MIDDLE] < 235
        assert greys[MIDDLE - 1500] < 70
    assert subtracted_window(image).width < first_window().width


def flat(counts):
    return np.full((4, 4), counts, np.uint16)


def test_the_mask_waits_until_the_brightness_has_settled():
    stage = Subtraction(SubtractionSettings(on=True, mask_frames=2, skip_frames=0), (4, 4))
    frames = [(9000, (60.0, 0.1)), (9500, (66.0, 0.1)), (9900, (70.0, 0.1)), (9900, (70.0, 0.1))]
    for counts, technique in frames:
        stage.apply(flat(counts), technique)
    stage.apply(image := flat(9000), (70.0, 0.1))
    assert (image == MIDDLE - 900).all()


def test_a_brightness_that_never_settles_still_gets_a_mask():
    stage = Subtraction(SubtractionSettings(on=True, mask_frames=4), (4, 4))
    for number in range(200):
        stage.apply(flat(9000), (60.0 + 10 * (number % 2), 0.1))
    assert stage.mask_frames == 4


def test_a_change_of_mas_after_the_mask_is_no_contrast():
    pipeline = Pipeline(4, 4, settings(mask_frames=1, skip_frames=0), LIN)
    out = flat(0)
    pipeline.process(flat(10_000), out, (70.0, 0.10))
    pipeline.process(flat(20_000), out, (70.0, 0.20))
    assert np.abs(out.astype(int) - MIDDLE).max() <= 1
    pipeline.process(flat(20_000), out, (70.0, float("nan")))
    assert out[0, 0] > MIDDLE + 2000, "what is not known is not removed"


def test_another_voltage_after_the_mask_is_no_contrast_and_contrast_stays(rng):
    y, x = np.mgrid[0:128, 0:128]
    tissue = 20_000 + 3_000 * np.sin(x / 30) + 2_000 * (y > 64)
    mask = rng.normal(tissue, 20).astype(np.uint16)
    stage = Subtraction(SubtractionSettings(on=True, mask_frames=1, skip_frames=0), mask.shape)
    stage.apply(mask.copy(), (69.0, 0.15))
    filled = tissue + 700.0
    filled[:, 60:64] -= 1500.0
    image = rng.normal(filled, 20).astype(np.uint16)
    stage.apply(image, (71.0, 0.15))
    assert abs(float(np.median(image[:, :50])) - MIDDLE) < 30
    assert abs(float(image[:, 61:63].mean()) - (MIDDLE - 1500)) < 30


@pytest.mark.parametrize("mode", [RecursiveMode.PLAIN, RecursiveMode.ADAPTIVE])
def test_contrast_that_has_passed_leaves_no_trail_whatever_averaging_is_set(rng, mode):
    how = PipelineSettings(
        recursive=RecursiveSettings(mode=mode),
        spatial=SpatialSettings(sigma_px=0),
        subtraction=SubtractionSettings(on=True),
    )
    still = np.full((64, 64), 20_000.0)
    filled = still * np.where(np.arange(64)[:, None] % 16 < 4, np.exp(-0.1), 1.0)
    frames = [rng.poisson(still)] * 10 + [rng.poisson(filled)] * 6 + [rng.poisson(still)]
    last = run(Pipeline(64, 64, how, LIN), [frame.astype(np.uint16) for frame in frames])[-1]
    trail = float(last[::16].mean()) - float(last[8::16].mean())
    assert abs(trail) < 0.01 * COUNTS_PER_E_FOLD


def test_behind_the_collimator_is_no_noise(rng):
    field = np.full((512, 512), 2_000.0)
    field[:, 100:420] = 30_000.0
    stage = Subtraction(SubtractionSettings(on=True, mask_frames=1, skip_frames=0), field.shape)
    for _ in range(2):
        image = rng.normal(field, 300).astype(np.uint16)
        stage.apply(image)
    assert (image[:, :100] == MIDDLE).all()
    assert (image[:, 420:] == MIDDLE).all()
    assert image[:, 100:420].std() > 200, "the field itself is as it came"
    assert (image[:, 100:420] != MIDDLE).any(axis=0).all()
