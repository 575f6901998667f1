"""Calibration sets on disk: whole, refused with the reason, chosen from a folder."""

import contextlib
import errno
from datetime import UTC, datetime

import h5py
import numpy as np
import pytest

from fluoroview.hal.testing import has_code
from fluoroview.pipeline import Calibration, CalibrationError, CalibrationKey
from fluoroview.pipeline.calibration.calibration import Level
from fluoroview.pipeline.calibration.file import (
    fitting_calibration,
    load_calibration,
    read_key,
    save_calibration,
)
from fluoroview.pipeline.lag import LagModel


def key(width=6, serial="7", day=1):
    return CalibrationKey(
        "simulated",
        "suite",
        "RoomState",
        serial,
        {"Width": width, "Height": 4, "Gain": 2.0, "Matrix": "512", "ReverseX": False},
        {"Width": "px"},
        31.5,
        datetime(2026, 5, day, 12, tzinfo=UTC),
    )


def calibration(width=6, **changes):
    rng = np.random.default_rng(1)
    defects = np.zeros((4, width), bool)
    defects[1, 2] = True
    fields = {
        "key": key(width),
        "lag": LagModel((0.02, 0.01), (0.7, 9.0), 30.0),
        "reasons": defects.astype(np.uint8),
        "levels": (Level(1000.0, 16, 0.01), Level(4000.0, 16, 0.004)),
        "dark_noise": 2.5,
    } | changes
    return Calibration(
        rng.normal(200, 5, (4, width)).astype(np.float32),
        rng.normal(1, 0.05, (4, width)).astype(np.float32),
        defects,
        **fields,
    )


def test_everything_comes_back(tmp_path):
    made = calibration()
    save_calibration(tmp_path / "c.h5", made)
    read = load_calibration(tmp_path / "c.h5")
    for name in ("offset", "gain", "defects", "reasons"):
        np.testing.assert_array_equal(getattr(read, name), getattr(made, name))
    assert (read.key, read.lag, read.levels) == (made.key, made.lag, made.levels)
    assert read.dark_noise == 2.5
    assert read_key(tmp_path / "c.h5") == made.key
    assert list(tmp_path.iterdir()) == [tmp_path / "c.h5"]


def test_a_set_may_have_no_key_and_no_lag(tmp_path):
    save_calibration(tmp_path / "c.h5", calibration(key=None, lag=None, reasons=None, levels=()))
    read = load_calibration(tmp_path / "c.h5")
    assert (read.key, read.lag, read.reasons, read.levels) == (None, None, None, ())


def test_it_fits_the_detector_that_it_was_made_of(tmp_path):
    save_calibration(tmp_path / "c.h5", calibration())
    path, read = fitting_calibration(tmp_path / "c.h5", key())
    assert path == tmp_path / "c.h5"
    assert read.shape == (4, 6)


def test_it_is_refused_with_file_detector_and_reason(tmp_path):
    save_calibration(tmp_path / "c.h5", calibration())
    with pytest.raises(CalibrationError) as refused:
        fitting_calibration(tmp_path / "c.h5", key(width=12, serial="8"))
    assert str(tmp_path / "c.h5") in refused.value.what
    assert "does not fit simulated:suite" in refused.value.what
    assert "serial number 7, but the detector's is 8" in refused.value.what
    assert "made at Width 6 px, but the detector is at 12" in refused.value.what
    assert "fluoroview calibrate" in refused.value.remedy


def test_a_set_without_a_key_is_refused(tmp_path):
    save_calibration(tmp_path / "c.h5", calibration(key=None))
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-012")):
        fitting_calibration(tmp_path / "c.h5", key())


def test_of_a_folder_the_newest_that_fits_is_used(tmp_path):
    for name, width, day in (("a", 6, 1), ("b", 6, 3), ("c", 6, 2), ("d", 12, 9)):
        save_calibration(tmp_path / f"{name}.h5", calibration(width, key=key(width, day=day)))
    (tmp_path / "notes.txt").write_text("no set")
    (tmp_path / "damaged.h5").write_bytes(b"nothing")
    assert fitting_calibration(tmp_path, key())[0].name == "b.h5"
    assert fitting_calibration(tmp_path, key(width=12))[0].name == "d.h5"
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-014")):
        fitting_calibration(tmp_path, key(width=24))


def test_an_empty_folder_is_a_sentence(tmp_path):
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-014")):
        fitting_calibration(tmp_path, key())


def spoil(path, how):
    if how == "text":
        path.write_text("offset = 3")
    elif how == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "missing":
        path.unlink()
    else:
        with h5py.File(path, "r+") as file:
            _spoil_inside(file, how)


def _spoil_inside(file, how):
    if how == "format":
        file.attrs["format"] = "something else"
    elif how == "version":
        file.attrs["version"] = 99
    elif how == "dataset":
        del file["gain"]
    elif how == "shape":
        del file["gain"]
        file["gain"] = np.ones((3, 3), np.float32)
    elif how == "gain":
        file["gain"][0, 0] = np.nan
    elif how == "key":
        del file["key"].attrs["serial"]
    elif how == "lag":
        file["lag"].attrs["fractions"] = np.array([0.9, 0.9])
    elif how == "date":
        file.attrs["made_utc"] = "yesterday"


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("text", "cannot be read"),
        ("cut", "cannot be read"),
        ("missing", "There is no calibration"),
        ("format", "not a calibration"),
        ("version", "version 99; this program reads up to 1"),
        ("dataset", "has no dataset gain"),
        ("shape", r"shapes \(4, 6\), \(3, 3\)"),
        ("gain", "gain is not above 0"),
        ("key", "cannot be read"),
        ("lag", "Lag with residual fractions"),
        ("date", "cannot be read"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, how, reason):
    path = tmp_path / "c.h5"
    save_calibration(path, calibration())
    spoil(path, how)
    with pytest.raises(CalibrationError, match=reason) as refused:
        load_calibration(path)
    assert str(path) in refused.value.what


def test_a_folder_that_is_not_there_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-009")):
        save_calibration(tmp_path / "none" / "c.h5", calibration())


def test_a_set_that_fails_to_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "c.h5"
    save_calibration(path, calibration())
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-009")):
        save_calibration(path, calibration())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_zeroed_bytes_anywhere_end_in_a_sentence_or_in_a_set(tmp_path):
    path = tmp_path / "c.h5"
    save_calibration(path, calibration())
    good = path.read_bytes()
    for at in range(8, len(good), len(good) // 12):
        path.write_bytes(good[:at] + bytes(10) + good[at + 10 :])
        with contextlib.suppress(CalibrationError):
            load_calibration(path)


def external_gain(file):
    file["gain"] = h5py.ExternalLink("/dev/zero", "gain")


def virtual_gain(file):
    layout = h5py.VirtualLayout((4, 6), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "gain", shape=(4, 6))
    file.create_virtual_dataset("gain", layout)


def gain_in_another_file(file):
    file.create_dataset("gain", (4, 6), "f4", external=[("/dev/zero", 0, 96)])


def huge_gain(file):
    file.create_dataset("gain", (32_000, 32_000), "f4", chunks=(100, 100))


@pytest.mark.parametrize("make", [external_gain, virtual_gain, gain_in_another_file, huge_gain])
def test_maps_that_lie_elsewhere_or_are_too_large_are_refused(tmp_path, make):
    path = tmp_path / "c.h5"
    save_calibration(path, calibration())
    with h5py.File(path, "r+") as file:
        del file["gain"]
        make(file)
    with pytest.raises(CalibrationError, check=has_code("FV-CAL-018")):
        load_calibration(path)


def test_a_mode_of_lists_and_a_time_without_zone_do_not_stop_the_search(tmp_path):
    for name, day in (("a.h5", 1), ("b.h5", 2), ("c.h5", 3)):
        save_calibration(tmp_path / name, calibration(key=key(day=day)))
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.attrs["made_utc"] = "2026-06-01T12:00:00"
    with h5py.File(tmp_path / "b.h5", "r+") as file:
        file["key/mode"].attrs["Gain"] = [1.0, 2.0]
    path, _ = fitting_calibration(tmp_path, key())
    assert path.name == "a.h5"


def test_escape_sequences_in_a_key_are_shown_and_not_sent(tmp_path):
    path = tmp_path / "c.h5"
    save_calibration(path, calibration(key=key(serial="\x1b]0;owned\x07")))
    with pytest.raises(CalibrationError) as caught:
        fitting_calibration(path, key())
    assert str(caught.value).isprintable()
