"""A calibration set in HDF5: datasets `offset`, `gain` (float32) and `defects` (bool), (H, W)."""

from pathlib import Path

from fluoroview.pipeline.calibration import Calibration, CalibrationError

_DATASETS = ("offset", "gain", "defects")


def save_calibration(path: Path, calibration: Calibration) -> None:
    """Write a set; an existing file is replaced."""
    import h5py  # 0.2 s, and most runs need no file

    with h5py.File(path, "w") as file:
        for name in _DATASETS:
            file.create_dataset(name, data=getattr(calibration, name), compression="gzip")


def load_calibration(path: Path) -> Calibration:
    """Read a set. Raises CalibrationError naming the file and what is wrong with it."""
    import h5py

    remedy = "Name a calibration set of this detector in the room, or none."
    try:
        with h5py.File(path, "r") as file:
            missing = [name for name in _DATASETS if name not in file]
            if missing:
                raise CalibrationError(
                    f"The calibration {path} has no dataset {', '.join(missing)}.", remedy
                )
            return Calibration(*(file[name][()] for name in _DATASETS))
    except OSError as error:
        raise CalibrationError(
            f"The calibration {path} cannot be read: {error}.", remedy
        ) from error
