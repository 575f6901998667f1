"""The bench that the command line finds through its entry point."""

from fluoroview_simulated import bench, prepare, procedures
from fluoroview_simulated.render import cache as store


def test_bench_reports_every_procedure_with_its_limits(monkeypatch):
    monkeypatch.setattr(procedures, "names", lambda: ["phantom"])
    result = bench.run(512, 5)
    timed = result["procedures"]["phantom"]
    assert result["worst"].keys() == result["limits"].keys() == result["within_limits"].keys()
    for name, worst in result["worst"].items():
        assert worst == timed[name] > 0
    assert timed["pulse_ms"] <= timed["pulse_p99_ms"]
    assert result["memcpy_ms"] < timed["pulse_ms"]
    assert timed["memory_mb"] > 50


def test_preparing_leaves_the_view_of_a_procedure_on_the_disk(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FLUOROVIEW_SIMULATED_CACHE", str(tmp_path))
    monkeypatch.setattr(procedures, "names", lambda: ["phantom"])
    prepare.prepare()
    assert "Test phantom" in capsys.readouterr().err
    assert len(list(store.folder().glob("view-*.npz"))) == 1
