"""Patients on disk: kept, found again, drawn anew when damaged."""

import logging

import numpy as np
import pytest

from fluoroview_simulated.patient import maps, store


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("FLUOROVIEW_SIMULATED_CACHE", str(tmp_path))


@pytest.fixture
def drawings(monkeypatch):
    """Stands in for the drawing, which takes long: seeds drawn, in order."""
    drawn = []

    def draw(size, view_mm, seed):
        drawn.append(seed)
        rng = np.random.default_rng(seed)
        return maps.PatientMaps(
            *(rng.integers(0, 30_000, (size, size)).astype(np.uint16) for _ in "sb")
        )

    monkeypatch.setattr(maps, "draw_patient", draw)
    return drawn


def test_the_drawn_patient_comes_back_the_same():
    drawn = maps.patient_maps(64, 200.0, seed=2)
    again = maps.patient_maps(64, 200.0, seed=2)
    assert np.array_equal(again.soft, drawn.soft)
    assert np.array_equal(again.bone, drawn.bone)


def test_a_kept_patient_is_not_drawn_again(drawings):
    first = maps.patient_maps(64, 200.0, seed=2)
    again = maps.patient_maps(64, 200.0, seed=2)
    assert drawings == [2]
    assert np.array_equal(again.bone, first.bone)


@pytest.mark.parametrize("damage", ["truncated", "garbage", "flipped", "other size"])
def test_damaged_file_is_drawn_anew_and_said(drawings, damage, caplog):
    drawn = maps.patient_maps(64, 200.0, seed=2)
    path = store.place(64, 200.0, 2)
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(content[:1000])
    elif damage == "garbage":
        path.write_bytes(b"not a map")
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    else:
        store.save(path, drawn.soft[:32, :32], drawn.bone[:32, :32])
    with caplog.at_level(logging.WARNING):
        again = maps.patient_maps(64, 200.0, seed=2)
    assert drawings == [2, 2]
    assert np.array_equal(again.bone, drawn.bone)
    assert path.name in caplog.text


def test_unwritable_folder_is_no_error(drawings, monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("FLUOROVIEW_SIMULATED_CACHE", str(blocked / "below"))
    assert maps.patient_maps(64, 200.0, seed=2).soft.shape == (64, 64)


def test_only_the_newest_patients_are_kept(drawings, tmp_path):
    for seed in range(store.KEPT + 3):
        maps.patient_maps(32, 200.0, seed=seed)
    assert len(list(tmp_path.glob("patient-*.npz"))) == store.KEPT
