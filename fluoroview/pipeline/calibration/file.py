"""Calibration sets in HDF5, and which of them matches a detector.

A set may come from anywhere: a child process reads it (`hal/foreign_hdf5`).

One file is one mode of one detector:

    /                 attributes format = "fluoroview calibration", version = 1,
                      made_utc (ISO 8601), dark_noise (counts)
    /offset /gain     (H, W) float32
    /defects          (H, W) bool
    /reasons          (H, W) uint8, flags of `defects.Reason`; may be missing
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

from fluoroview.hal.foreign_hdf5 import (
    DatasetSpec,
    ForeignHdf5Error,
    Hdf5Content,
    Hdf5Reader,
)
from fluoroview.hal.foreign_text import plain
from fluoroview.hal.safe_files import NotWrittenError, write_whole
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError, Level
from fluoroview.pipeline.calibration.key import CalibrationKey, Setting
from fluoroview.pipeline.lag import LagError, LagModel

FORMAT = "fluoroview calibration"
VERSION = 1
SUFFIXES = (".h5", ".hdf5")
_DATASETS = ("offset", "gain", "defects")
_DAMAGE = (KeyError, ValueError, TypeError, OverflowError, LagError)
MAX_SIDE_PX = 16_384
MAX_PIXELS = 1 << 26
_MAPS = (
    *(
        DatasetSpec(name, kinds, 2, MAX_SIDE_PX, MAX_SIDE_PX, max_items=MAX_PIXELS)
        for name, kinds in (("offset", "f"), ("gain", "f"), ("defects", "bui"), ("reasons", "ui"))
    ),
    DatasetSpec("levels", "fui", 2, 1000, 3),
)
_REMEDY = "Name a calibration set of this detector in the room, or none."


def save_calibration(path: Path, calibration: Calibration) -> None:
    """Write a set; an existing file is replaced once the new one is complete.

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
            f"The calibration {plain(path)} was not written: {error.reason}.",
            error.remedy,
            code="FV-CAL-009",
        ) from error


def load_calibration(path: Path) -> Calibration:
    """Read a set. Raises CalibrationError naming the file and what is wrong with it."""
    with Hdf5Reader() as reader:
        content = _content(path, reader, _MAPS)
    try:
        missing = [name for name in _DATASETS if name not in content.arrays]
        if missing:
            raise CalibrationError(
                f"The calibration {plain(path)} has no dataset {', '.join(missing)}.",
                _REMEDY,
                code="FV-CAL-010",
            )
        return _calibration_of(content)
    except CalibrationError as error:
        named = plain(path) in error.what
        what = (
            error.what if named else f"The calibration {plain(path)} cannot be used: {error.what}"
        )
        raise CalibrationError(what, error.remedy, code="FV-CAL-011") from error
    except _DAMAGE as error:
        raise _unreadable(path, _reason(error)) from error


def read_key(path: Path, reader: Hdf5Reader | None = None) -> CalibrationKey | None:
    """Return the detector mode that a set belongs to, without reading its maps.

    None if the file does not state it. Raises CalibrationError like `load_calibration`.
    """
    own = reader or Hdf5Reader()
    try:
        return _key_of(_content(path, own, ()))
    except _DAMAGE as error:
        raise _unreadable(path, _reason(error)) from error
    finally:
        if reader is None:
            own.close()


def fitting_calibration(place: Path, present: CalibrationKey) -> tuple[Path, Calibration]:
    """Return the set that fits the detector as it is now, and its file.

    `place` is one file, or a folder; of a folder, the newest set that fits. Raises
    CalibrationError with every reason why none fits.
    """
    chosen = _newest_fitting(place, present) if place.is_dir() else place
    calibration = load_calibration(chosen)
    if calibration.key is None:
        raise CalibrationError(
            f"The calibration {plain(chosen)} does not state its detector and mode.",
            _REMEDY,
            code="FV-CAL-012",
        )
    reasons = calibration.key.misfits(present)
    if reasons:
        raise CalibrationError(
            f"The calibration {plain(chosen)} does not fit {_detector(present)}:"
            f" {'; '.join(reasons)}.",
            "Calibrate this mode (`fluoroview calibrate`), or name a set of this mode.",
            code="FV-CAL-013",
        )
    return chosen, calibration


def _newest_fitting(folder: Path, present: CalibrationKey) -> Path:
    keys = list(_keys_in(folder))
    fitting = [(key.made_utc, path) for path, key in keys if not key.misfits(present)]
    if fitting:
        return max(fitting)[1]
    nearest = min((key.misfits(present) for _, key in keys), key=len, default=["there is no set"])
    raise CalibrationError(
        f"None of the {len(keys)} calibration sets in {plain(folder)} fits {_detector(present)};"
        f" of the nearest, {'; '.join(nearest)}.",
        "Calibrate this mode (`fluoroview calibrate`).",
        code="FV-CAL-014",
    )


def _detector(key: CalibrationKey) -> str:
    return plain(f"{key.driver}:{key.device}")


def _keys_in(folder: Path) -> Iterator[tuple[Path, CalibrationKey]]:
    with Hdf5Reader() as reader:
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() not in SUFFIXES:
                continue
            try:
                key = read_key(path, reader)
            except CalibrationError:
                continue  # another kind of file, or a damaged one: it matches nothing
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


def _content(path: Path, reader: Hdf5Reader, datasets: tuple[DatasetSpec, ...]) -> Hdf5Content:
    """Read a file that states that it is a calibration. Raises CalibrationError."""
    try:
        content = reader.read(path, ("", "key", "key/mode", "key/units", "lag"), datasets)
        attributes = content.attributes[""]
        version = int(attributes.get("version", 0))
    except FileNotFoundError as error:
        raise CalibrationError(
            f"There is no calibration {plain(path)}.", _REMEDY, code="FV-CAL-015"
        ) from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except ForeignHdf5Error as error:
        raise _unreadable(path, str(error)) from error
    except _DAMAGE as error:
        raise _unreadable(path, _reason(error)) from error
    if attributes.get("format") != FORMAT:
        raise CalibrationError(
            f"{plain(path)} is HDF5, but not a calibration.", _REMEDY, code="FV-CAL-016"
        )
    if version > VERSION:
        raise CalibrationError(
            f"The calibration {plain(path)} has version {version}; this program reads up to"
            f" {VERSION}.",
            "Use a newer program, or calibrate again.",
            code="FV-CAL-017",
        )
    return content


def _calibration_of(content: Hdf5Content) -> Calibration:
    arrays = content.arrays
    return Calibration(
        np.asarray(arrays["offset"], np.float32),
        np.asarray(arrays["gain"], np.float32),
        np.asarray(arrays["defects"], np.bool_),
        key=_key_of(content),
        lag=_lag_of(content),
        reasons=np.asarray(arrays["reasons"], np.uint8) if "reasons" in arrays else None,
        levels=tuple(Level(float(s), int(n), float(r)) for s, n, r in arrays.get("levels", ())),
        dark_noise=float(content.attributes[""].get("dark_noise", np.nan)),
    )


def _key_of(content: Hdf5Content) -> CalibrationKey | None:
    key = content.attributes.get("key")
    if key is None:
        return None
    driver, device, model, serial = (
        str(key[name]) for name in ("driver", "device", "model", "serial")
    )
    return CalibrationKey(
        driver,
        device,
        model,
        serial,
        mode=_mode_of(content.attributes["key/mode"]),
        units={name: str(value) for name, value in content.attributes["key/units"].items()},
        temperature_c=float(key["temperature_c"]),
        made_utc=datetime.fromisoformat(str(content.attributes[""]["made_utc"])).astimezone(UTC),
    )


def _mode_of(attributes: dict[str, Any]) -> dict[str, Setting]:
    """Return the parameters of the mode. Raises ValueError for one that is no single value."""
    for name, value in attributes.items():
        if not isinstance(value, str | int | float | bool):
            raise ValueError(f"its parameter {name} is no single value")
    return attributes


def _lag_of(content: Hdf5Content) -> LagModel | None:
    stated = content.attributes.get("lag")
    if stated is None:
        return None
    return LagModel(
        tuple(float(value) for value in stated["fractions"]),
        tuple(float(value) for value in stated["time_constants_frames"]),
        float(stated["frame_rate_hz"]),
    )


def _reason(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else plain(error)


def _unreadable(path: Path, reason: str) -> CalibrationError:
    return CalibrationError(
        f"The calibration {plain(path)} cannot be read: {reason}.", _REMEDY, code="FV-CAL-018"
    )
