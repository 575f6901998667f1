"""The bench that the command line finds through its entry point."""

from fluoroview_simulated.bench import run


def test_bench_reports_every_stage_and_both_yardsticks():
    result = run(512, 5)
    assert set(result["stages"]) == {
        "course",
        "moving layers",
        "scatter",
        "attenuation, noise, lag, digitisation",
    }
    assert all(ms > 0 for ms in result["stages"].values())
    assert result["total_ms"] < result["numpy_ms"]
    assert result["memcpy_ms"] < result["total_ms"]
