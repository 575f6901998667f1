"""`fluoroview bench pipeline`: its figures are complete, and the filters are worth their cost."""

import io
import json

import cv2
import pytest
from rich.console import Console

from fluoroview.bench import pipeline as bench


@pytest.fixture(scope="module")
def result():
    return bench.run(sizes=(64, 96), frames=5)


def test_it_is_json_with_every_stage_next_to_numpy_and_a_copy(result):
    result = json.loads(json.dumps(result))
    assert [size["side_px"] for size in result["cost"]] == [64, 96]
    for size in result["cost"]:
        ms = size["ms"]
        assert set(ms) == {*bench.STAGES, "chain", "window", "plain_numpy", "memory_copy"}
        assert all(0 < figure["min"] <= figure["median"] <= figure["p99"] for figure in ms.values())
        assert sum(ms[name]["min"] for name in bench.STAGES) <= ms["chain"]["p99"]


def test_the_plain_numpy_chain_makes_the_same_image_as_the_chain():
    import numpy as np

    from fluoroview.hal.frame import PixelIntensityRelationship
    from fluoroview.pipeline import Calibration, Pipeline, PipelineSettings

    raw = np.random.default_rng(1).poisson(800, (64, 64)).astype(np.uint16)
    none = np.zeros((64, 64), bool)
    calibration = Calibration(
        np.full((64, 64), 100, np.float32), np.ones((64, 64), np.float32), none
    )
    out = np.zeros((64, 64), np.uint16)
    Pipeline(64, 64, PipelineSettings(), PixelIntensityRelationship.LIN, calibration).process(
        raw, out
    )
    plain = bench.PlainNumpy(calibration).process(raw)
    assert np.abs(plain.astype(int) - out).max() <= 2


def test_the_adaptive_average_beats_the_plain_one_in_all_that_counts(result):
    quality = {row["filter"]: row for row in result["quality"]}
    plain, adaptive = quality["plain k 0.25"], quality["adaptive k ≥ 0.1"]
    for figure in ("psnr_db", "static_vessel_cnr", "slow_wire_cnr", "fast_wire_cnr"):
        assert adaptive[figure] > plain[figure]
    assert adaptive["slow_wire_kept"] > 0.85
    assert adaptive["fast_wire_kept"] > 0.95
    assert plain["fast_wire_kept"] < 0.3
    assert quality["none"]["slow_wire_kept"] == pytest.approx(1.0, abs=0.02)
    assert quality["default chain"]["slow_wire_cnr"] > adaptive["slow_wire_cnr"]


def test_the_table_shows_every_row(result):
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(bench.table(result))
    text = console.export_text()
    for name in ("correction", "plain numpy", "memory copy", "default chain", "96×96"):
        assert name in text


def test_threads_are_as_they_were():
    before = cv2.getNumThreads()
    bench.run(sizes=(16,), frames=1, quality=False)
    assert cv2.getNumThreads() == before


def test_progress_is_reported_up_to_the_end():
    fractions = []
    bench.run(sizes=(16, 17), frames=1, quality=False, progress=fractions.append)
    assert fractions == [0.5, 1.0]
