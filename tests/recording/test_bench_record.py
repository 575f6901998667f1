"""The bench of recording runs, counts every frame, and reports what it measured."""

import json

from fluoroview.bench import record


def test_the_bench_records_and_reads_back_every_frame(monkeypatch, tmp_path):
    monkeypatch.setattr(record, "PREPARE_S", 0.6)
    monkeypatch.setattr(record, "PEER_FRAMES", 5)
    steps = []
    figures = record.run(512, 30.0, 1.0, folder=tmp_path, progress=lambda *step: steps.append(step))
    assert figures["frame"] == "512×512 uint16"
    assert figures["frames_recorded"] > 15
    assert figures["lost_by_the_recorder"] == 0
    assert figures["damaged_when_read_back"] == 0
    assert figures["ending"] == "closed"
    assert 0 < figures["core_fraction"] < 2
    assert figures["compression_ratio"] > 1
    assert steps
    assert not list(tmp_path.iterdir())
    json.dumps(figures)
    assert ("frame", "512×512 uint16") in record.table(figures)
