"""Calibration sets in HDF5, and which of them fits a detector.

One file is one mode of one detector:

    /                 attributes format = "fluoroview calibration", version = 1,
                      made_utc (ISO 8601), dark_noise (counts)
    /offset /gain     (H, W) float32
    /defects          (H, W) bool
    /reasons          (H, W) uint8, flags of `calibration_defects.Reason`; may be missing
    /key              attributes driver, device, model, serial, temperature_c
    /key/mode         one attribute a parameter; /key/units the units of those that have one
    /levels           (m, 3) float64: signal in counts, frames, residual; may be missing
    /lag              attributes fractions, time_constants_frames, frame_rate_hz; may be missing
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fluoroview.hal.foreign_text import plain
from fluoroview.hal.safe_files import NotWrittenError, write_whole
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError, Level
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.lag import LagError, LagModel

FORMAT = "fluoroview calibration"
VERSION = 1
SUFFIXES = (".h5", ".hdf5")
_DATASETS = ("offset", "gain", "defects")
_DAMAGE = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, LagError)
_REMEDY = "Name a calibration set of this detector in the room, or none."


def save_calibration(path: Path, calibration: Calibration) -> None:
    """Write a set; an existing file is replaced once the new one is whole.

    Raises CalibrationError when it cannot be written.
    """
    import h5py  # 0.2 s, and most runs need no file

    content = io.BytesIO()  # HDF5 that meets a full disk cannot even close its file
    with h5py.File(content, "w") as file:
        _write(file, calibration)
    try:
        write_whole(path, lambda stream: _copy(content, stream), private=False)
    except NotWrittenError as error:
        raise CalibrationError(
            f"The calibration {plain(path)} was not written: {error.reason}.", error.remedy
        ) from error


def load_calibration(path: Path) -> Calibration:
    """Read a set. Raises CalibrationError naming the file and what is wrong with it."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            _check_format(path, file)
            return _read(file)
    except CalibrationError as error:
        named = str(path) in error.what
        what = error.what if named else f"The calibration {path} cannot be used: {error.what}"
        raise CalibrationError(what, error.remedy) from error
    except _DAMAGE as error:
        raise _unreadable(path, error) from error


def read_key(path: Path) -> CalibrationKey | None:
    """Return of what a set is, without reading its maps; None if the file does not say.

    Raises CalibrationError like `load_calibration`.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            _check_format(path, file)
            return _read_key(file)
    except _DAMAGE as error:
        raise _unreadable(path, error) from error


def fitting_calibration(place: Path, present: CalibrationKey) -> tuple[Path, Calibration]:
    """Return the set that fits the detector as it is now, and its file.

    `place` is one file, or a folder of them, of which the newest that fits is taken. Raises
    CalibrationError with every reason why it does not fit.
    """
    chosen = _newest_fitting(place, present) if place.is_dir() else place
    calibration = load_calibration(chosen)
    if calibration.key is None:
        raise CalibrationError(
            f"The calibration {chosen} does not say of which detector and mode it is.", _REMEDY
        )
    reasons = calibration.key.misfits(present)
    if reasons:
        raise CalibrationError(
            f"The calibration {chosen} does not fit {present.driver}:{present.device}:"
            f" {'; '.join(reasons)}.",
            "Calibrate this mode (`fluoroview calibrate`), or name the set that was made of it.",
        )
    return chosen, calibration


def _newest_fitting(folder: Path, present: CalibrationKey) -> Path:
    keys = list(_keys_in(folder))
    fitting = [(key.made_utc, path) for path, key in keys if not key.misfits(present)]
    if fitting:
        return max(fitting)[1]
    nearest = min((key.misfits(present) for _, key in keys), key=len, default=["there is no set"])
    raise CalibrationError(
        f"None of the {len(keys)} calibration sets in {folder} fits"
        f" {present.driver}:{present.device}; of the nearest, {'; '.join(nearest)}.",
        "Calibrate this mode (`fluoroview calibrate`).",
    )


def _keys_in(folder: Path) -> Iterator[tuple[Path, CalibrationKey]]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES:
            continue
        try:
            key = read_key(path)
        except CalibrationError:
            continue  # another kind of file, or a damaged one: it fits nothing
        if key is not None:
            yield path, key


def _copy(content: io.BytesIO, stream: BinaryIO) -> None:
    stream.write(content.getbuffer())


def _write(file: Any, calibration: Calibration) -> None:
    file.attrs.update(format=FORMAT, version=VERSION, dark_noise=calibration.dark_noise)
    for name in (*_DATASETS, "reasons"):
        data = getattr(calibration, name)
        if data is not None:
            file.create_dataset(name, data=data, compression="gzip", compression_opts=1)
    if calibration.levels:
        rows = [(level.signal, level.frames, level.residual) for level in calibration.levels]
        file["levels"] = np.array(rows, np.float64)
    key, lag = calibration.key, calibration.lag
    if key is not None:
        file.attrs["made_utc"] = key.made_utc.astimezone(UTC).isoformat()
        group = file.create_group("key")
        group.attrs.update(
            driver=key.driver,
            device=key.device,
            model=key.model,
            serial=key.serial,
            temperature_c=key.temperature_c,
        )
        group.create_group("mode").attrs.update(key.mode)
        group.create_group("units").attrs.update(key.units)
    if lag is not None:
        file.create_group("lag").attrs.update(
            fractions=np.array(lag.fractions),
            time_constants_frames=np.array(lag.time_constants),
            frame_rate_hz=lag.frame_rate_hz,
        )


def _check_format(path: Path, file: Any) -> None:
    stated, version = file.attrs.get("format"), int(file.attrs.get("version", 0))
    if stated != FORMAT:
        raise CalibrationError(f"{path} is HDF5, but not a calibration.", _REMEDY)
    if version > VERSION:
        raise CalibrationError(
            f"The calibration {path} has version {version}; this program reads up to {VERSION}.",
            "Use a newer program, or calibrate again.",
        )
    missing = [name for name in _DATASETS if name not in file]
    if missing:
        raise CalibrationError(
            f"The calibration {path} has no dataset {', '.join(missing)}.", _REMEDY
        )


def _read(file: Any) -> Calibration:
    return Calibration(
        np.asarray(file["offset"], np.float32),
        np.asarray(file["gain"], np.float32),
        np.asarray(file["defects"], np.bool_),
        key=_read_key(file),
        lag=_read_lag(file),
        reasons=np.asarray(file["reasons"], np.uint8) if "reasons" in file else None,
        levels=_read_levels(file),
        dark_noise=float(file.attrs.get("dark_noise", np.nan)),
    )


def _read_key(file: Any) -> CalibrationKey | None:
    if "key" not in file:
        return None
    group = file["key"]
    driver, device, model, serial = (
        str(group.attrs[name]) for name in ("driver", "device", "model", "serial")
    )
    return CalibrationKey(
        driver,
        device,
        model,
        serial,
        mode={name: _plain(value) for name, value in group["mode"].attrs.items()},
        units={name: str(value) for name, value in group["units"].attrs.items()},
        temperature_c=float(group.attrs["temperature_c"]),
        made_utc=datetime.fromisoformat(str(file.attrs["made_utc"])),
    )


def _read_lag(file: Any) -> LagModel | None:
    if "lag" not in file:
        return None
    stated = file["lag"].attrs
    return LagModel(
        tuple(float(value) for value in stated["fractions"]),
        tuple(float(value) for value in stated["time_constants_frames"]),
        float(stated["frame_rate_hz"]),
    )


def _read_levels(file: Any) -> tuple[Level, ...]:
    if "levels" not in file:
        return ()
    return tuple(Level(float(s), int(n), float(r)) for s, n, r in file["levels"][()])


def _plain(value: Any) -> Any:
    """Return an attribute as Python's own number, truth or text."""
    return value.item() if isinstance(value, np.generic) else value


def _unreadable(path: Path, error: Exception) -> CalibrationError:
    if not path.exists():
        return CalibrationError(f"There is no calibration {path}.", _REMEDY)
    return CalibrationError(f"The calibration {path} cannot be read: {error}.", _REMEDY)
