"""Make the sample data from the simulator: `python sample_data/make_samples.py [NAME …]`.

Loops are rendered by seed and frame number, so they come out the same byte for byte on the same
versions of the libraries. The recording and the calibration set come from a real session and carry
its clock. Everything is simulated, and each file says so.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, JPEGLSLossless

from fluoroview.dicom import LoopDescription, Storage, write_loop
from fluoroview.hal import Exposure, PixelIntensityRelationship
from fluoroview.hal.window import Window
from fluoroview.pipeline import Pipeline, PipelineSettings
from fluoroview.pipeline.settings import RecursiveMode, RecursiveSettings
from fluoroview.pipeline.tone import COUNTS_PER_E_FOLD

HERE = Path(__file__).resolve().parent
SIZE = 512
_STARTED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

Image = npt.NDArray[np.uint16]
Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Loop:
    """One DICOM loop: which case, which pulses of it, and how it is stored."""

    name: str
    procedure: str
    case: str
    title: str
    storage: Storage
    start_s: float
    rate_hz: float
    frames: int
    bits: int
    low_percentile: float
    """What is darker than this percentile of the loop becomes 0 …"""
    high_percentile: float
    """… and what is brighter than this one the largest value."""
    acquisition: bool = True
    mask_frames: int = 0


LOOPS = (
    Loop(
        "swallow",
        "modified-barium-swallow",
        "penetration",
        "Modified barium swallow, penetration",
        Storage.XRF,
        start_s=26.4,
        rate_hz=30.0,
        frames=40,
        bits=8,
        low_percentile=0.2,
        high_percentile=90.0,
        acquisition=False,
    ),
    Loop(
        "dsa",
        "cerebral-angiography",
        "aneurysm",
        "Internal carotid artery, aneurysm, DSA",
        Storage.XA,
        start_s=3.93,
        rate_hz=3.0,
        frames=18,
        bits=10,
        low_percentile=0.05,
        high_percentile=99.9,
        mask_frames=2,
    ),
    Loop(
        "coronary",
        "coronary-angiography",
        "stenosis",
        "Left coronary artery, stenosis, cine",
        Storage.XA,
        start_s=0.6,
        rate_hz=15.0,
        frames=36,
        bits=8,
        low_percentile=0.2,
        high_percentile=99.5,
    ),
)


def main(names: list[str]) -> None:
    """Write the samples named, or all."""
    os.environ["TZ"] = "UTC"  # the files state local time
    time.tzset()
    cv2.setNumThreads(1)
    makers = _makers()
    for name in names or makers:
        if name not in makers:
            sys.exit(f"There is no sample {name!r}; there are: {', '.join(makers)}.")
        path = makers[name]()
        print(f"{path.relative_to(HERE)}: {path.stat().st_size / 1e6:.2f} MB")


def _makers() -> dict[str, Callable[[], Path]]:
    loops = {loop.name: partial(make_loop, loop, HERE / "loops") for loop in LOOPS}
    return {**loops, "recording": make_recording, "calibration": make_calibration}


def make_recording() -> Path:
    """Record a second of the raw panel; return the recording's path."""
    target = HERE / "recordings" / "run.fluoro.h5"
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fluoroview-samples-") as folder:
        _fluoroview("live", "--headless", "--record", "--seconds", "0.8", "--out", folder)
        shutil.copyfile(Path(folder, "raw.fluoro.h5"), target)
    return target


def make_calibration() -> Path:
    """Calibrate the raw panel; return the path of the set."""
    target = HERE / "calibration" / "raw_panel.h5"
    target.parent.mkdir(exist_ok=True)
    _fluoroview("calibrate", "--darks", "16", "--flats", "16", "--yes", "--out", str(target))
    return target


def _fluoroview(*arguments: str) -> None:
    """Run the command line in the room of the raw panel."""
    room = ["--room", str(HERE / "rooms" / "raw_panel.toml")]
    command = [sys.executable, "-m", "fluoroview", *arguments, *room]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def make_loop(loop: Loop, folder: Path) -> Path:
    """Write a loop as losslessly compressed DICOM into `folder`; return its path."""
    folder.mkdir(exist_ok=True)
    about, images = render(loop)
    pixels, counts_per_e_fold = quantize(loop, np.stack(list(images)))
    path = folder / f"{loop.name}.dcm"
    largest = 2**loop.bits - 1
    description = LoopDescription(
        durations_ms=(1000.0 / loop.rate_hz,) * loop.frames,
        simulated=True,
        started=_STARTED,
        storage=loop.storage,
        intensity_relationship=PixelIntensityRelationship.LOG,
        counts_per_e_fold=counts_per_e_fold,
        bits_stored=loop.bits,
        window=Window((largest + 1) / 2, largest + 1),
        exposure=_exposure(about),
        study_uid=_uid(loop, "study"),
        series_uid=_uid(loop, "series"),
        study_description="FluoroView sample data",
        series_description=loop.title,
        model="Simulated C-arm",
    )
    write_loop(path, pixels, description)
    _complete(path, loop, about["geometry"])
    return path


def render(loop: Loop) -> tuple[dict[str, Any], Iterator[Image]]:
    """Return technique and geometry, and the images (SIZE, SIZE) uint16, LOG, of a loop."""
    (point,) = entry_points(group="fluoroview.gallery", name="simulated")
    about, frames = point.load()(
        loop.procedure,
        loop.case,
        SIZE,
        loop.frames,
        start_s=loop.start_s,
        rate_hz=loop.rate_hz,
        acquisition=loop.acquisition,
    )
    return about, _images(loop, frames)


def _images(loop: Loop, frames: Iterator[tuple[float, Image]]) -> Iterator[Image]:
    """Yield the images that the frames become in the pipeline; an acquisition is not averaged."""
    settings = PipelineSettings()
    if loop.acquisition:
        settings = PipelineSettings(recursive=RecursiveSettings(mode=RecursiveMode.OFF))
    pipeline = Pipeline(SIZE, SIZE, settings, PixelIntensityRelationship.LIN)
    for _, frame in frames:
        image = np.empty((SIZE, SIZE), np.uint16)
        pipeline.process(frame, image)
        yield image


def quantize(loop: Loop, images: Image) -> tuple[Pixels, float]:
    """Return LOG images (frames, SIZE, SIZE) in the loop's bits, and their counts per e-fold."""
    low, high = np.percentile(images, [loop.low_percentile, loop.high_percentile])
    scale = (2**loop.bits - 1) / (high - low)
    scaled = np.rint(np.clip((images - np.float32(low)) * np.float32(scale), 0, 2**loop.bits - 1))
    pixels: Pixels = scaled.astype(np.uint8 if loop.bits == 8 else np.uint16)
    return pixels, COUNTS_PER_E_FOLD * scale


def _exposure(about: dict[str, Any]) -> Exposure:
    technique, geometry = about["technique"], about["geometry"]
    return Exposure(
        tube_voltage_kv=technique["kv"],
        tube_current_ma=technique["tube_current_ma"],
        pulse_width_ms=technique["pulse_width_ms"],
        filter_al_mm=technique["filter_al_mm"],
        filter_cu_mm=technique["filter_cu_mm"],
        sid_mm=geometry["source_image_mm"],
        field_width_mm=geometry["field_width_mm"],
        field_height_mm=geometry["field_height_mm"],
    )


def _complete(path: Path, loop: Loop, geometry: dict[str, Any]) -> None:
    """Add what the loop's writer does not know, and compress the pixels without loss."""
    data = pydicom.dcmread(path)
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = _uid(loop, "instance")
    data.DistanceSourceToPatient = f"{geometry['source_isocentre_mm']:g}"
    pitch_mm = f"{geometry['detector_mm'] / SIZE:.6g}"
    data.ImagerPixelSpacing = [pitch_mm, pitch_mm]
    if loop.storage is Storage.XA:
        data.PositionerPrimaryAngle = f"{geometry['primary_deg']:g}"
        data.PositionerSecondaryAngle = f"{geometry['secondary_deg']:g}"
    if loop.mask_frames:
        data.ImageType = [*data.ImageType[:2], "SINGLE PLANE"]
        data.RecommendedViewingMode = "SUB"
        data.MaskSubtractionSequence = [_mask(loop)]
    uid = data.SOPInstanceUID
    data.compress(JPEGLSLossless, generate_instance_uid=False)
    assert data.SOPInstanceUID == uid
    data.save_as(path, enforce_file_format=True)
    path.chmod(0o644)  # no patient: for everyone


def _mask(loop: Loop) -> Dataset:
    """Return the item of the Mask Module (PS3.3 C.7.6.10): the mean of the first frames."""
    item = Dataset()
    item.MaskOperation = "AVG_SUB"
    item.ApplicableFrameRange = [loop.mask_frames + 1, loop.frames]
    item.MaskFrameNumbers = list(range(1, loop.mask_frames + 1))
    item.MaskOperationExplanation = "Mean of the frames before the contrast medium"
    return item


def _uid(loop: Loop, what: str) -> UID:
    """Return the same UID for the same loop, each time it is made."""
    name = f"https://fluoroview.invalid/samples/{loop.name}/{what}"
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, name).int}")


if __name__ == "__main__":
    main(sys.argv[1:])
