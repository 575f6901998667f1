"""The bench that the command line finds through its entry point."""

from fluoroview_simulated import bench, procedures


def test_bench_reports_every_examination_beside_its_limits(monkeypatch):
    monkeypatch.setattr(procedures, "names", lambda: ["phantom"])
    result = bench.run(512, 5)
    timed = result["examinations"]["phantom"]
    assert set(result["limits"]) == {
        "frames_per_s",
        "previews_per_s",
        "start_cold_s",
        "start_warm_s",
        "memory_mb",
    }
    assert result["slowest_frames_per_s"] == timed["frames_per_s"] > 0
    assert result["slowest_previews_per_s"] == timed["previews_per_s"] > 0
    assert timed["pulse_ms"] <= timed["pulse_p99_ms"]
    assert result["memcpy_ms"] < timed["pulse_ms"]
    assert result["memory_mb"] > 50
