"""Files of a session: loop and held image as DICOM or PNG."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from fluoroview.dicom import LoopDescription, WrittenFile, write_image, write_loop
from fluoroview.hal import (
    DeviceError,
    DoseOrigin,
    Exposure,
    FluoroError,
    PixelIntensityRelationship,
)
from fluoroview.hal.frame import NAN
from fluoroview.hal.safe_files import write_whole
from fluoroview.hal.window import Window
from fluoroview.pipeline.display import WindowLut
from fluoroview.pipeline.settings import PipelineSettings, RecursiveMode
from fluoroview.pipeline.subtraction import MIDDLE
from fluoroview.pipeline.tone import COUNTS_PER_E_FOLD
from fluoroview.session.images.image_pool import Image, LatestImage
from fluoroview.session.loop_buffer import LoopBuffer
from fluoroview.session.state import SessionState


class SavingError(FluoroError):
    """An image that cannot be stored in the requested form."""


@dataclass(frozen=True)
class Provenance:
    """What a file states of the session that its images come from."""

    state: SessionState
    """As measured when the file is written."""
    now: datetime
    relationship: PixelIntensityRelationship
    settings: PipelineSettings | None
    """Of the pipeline; None where there is none."""


def save_loop(
    loop_buffer: LoopBuffer,
    path: Path,
    provenance: Provenance,
    progress: Callable[[int, int], None],
    *,
    last_run_only: bool,
) -> WrittenFile:
    """Write a loop as multi-frame DICOM; `progress(done, total)` follows each image.

    Raises DeviceError where there is no loop, DicomError where it cannot be written.
    """
    cine = loop_buffer.snapshot(last_run_only)
    count = cine.frame_count
    if count == 0:
        raise DeviceError("There is no loop to save.", "Press the pedal first.", code="FV-SES-016")
    durations = tuple(cine.duration_ms(index) for index in range(count))
    pixels = np.empty((cine.rows, cine.columns), np.uint16)
    exposures = [entry.exposure for entry in cine.entries if entry.exposure is not None]
    runs = {entry.run for entry in cine.entries}
    exposure = exposures[-1] if exposures else Exposure()
    description = _describe(provenance, durations, exposure, runs)
    frames = (cine.read(index, pixels) for index in range(count))
    return write_loop(path, frames, description, progress)


def save_hold(
    latest: LatestImage, path: Path, describe: Callable[[], Provenance]
) -> WrittenFile | None:
    """Write the image on the screen: .dcm keeps its counts, .png stores it as windowed.

    Return what DICOM warns of; None for PNG. Raises DeviceError where there is no image.
    """
    entry = latest.current()
    if entry is None:
        raise DeviceError("There is no image to save.", "Press the pedal first.", code="FV-SES-017")
    image, buffer = entry
    try:
        provenance = describe()
        if path.suffix.lower() == ".png":
            _save_png(path, image, provenance.state.window or Window(32768, 65535))
            return None
        exposure = image.header.exposure if image.header else None
        description = _describe(provenance, (0.0,), exposure or Exposure(), set())
        return write_image(path, image.pixels, description)
    finally:
        buffer.drop()


def _save_png(path: Path, image: Image, window: Window) -> None:
    grey = np.empty(image.pixels.shape, np.uint8)
    rows, columns = image.pixels.shape[0], image.pixels.shape[1]
    WindowLut(rows, columns, window).apply(image.pixels, grey)
    encoded, data = cv2.imencode(".png", grey)
    if not encoded:
        raise SavingError(
            f"{path} could not be encoded as PNG.", "Save it as .dcm instead.", code="FV-SES-018"
        )
    write_whole(path, data.tobytes())


def _describe(
    provenance: Provenance, durations_ms: tuple[float, ...], exposure: Exposure, runs: set[int]
) -> LoopDescription:
    """Return what a file states; its dose is that of `runs` alone, where all of them are known."""
    state = provenance.state
    of_run = {record.ledger.run: record.dose for record in state.records}
    doses = [of_run[run] for run in sorted(runs) if run in of_run]
    complete = len(doses) == len(runs) > 0
    return LoopDescription(
        durations_ms=durations_ms,
        simulated=state.dose.origin is DoseOrigin.SIMULATED,
        started=doses[0].started_utc if complete else provenance.now,
        intensity_relationship=provenance.relationship,
        counts_per_e_fold=COUNTS_PER_E_FOLD,
        window=state.window,
        exposure=exposure,
        air_kerma_mgy=_sum([dose.air_kerma_mgy for dose in doses]) if complete else NAN,
        kap_gycm2=_sum([dose.kap_gycm2 for dose in doses]) if complete else NAN,
        dose_origin=state.dose.origin if complete else DoseOrigin.NOT_AVAILABLE,
        study_uid=state.study_uid,
        series_description=state.device.name,
        derivation=_derivation(provenance),
    )


def _sum(values: list[float | None]) -> float:
    """Return the sum, or NaN where one of the values is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else NAN


def _derivation(provenance: Provenance) -> str:
    """Return in words what the pipeline did to the pixels; an empty text for nothing."""
    settings = provenance.settings
    if settings is None:
        return ""
    done = []
    if settings.recursive.mode is not RecursiveMode.OFF:
        done.append(f"recursive average ({settings.recursive.mode})")
    if settings.spatial.sigma_px > 0:
        done.append(f"Gaussian smoothing, sigma {settings.spatial.sigma_px} px")
    if provenance.relationship is PixelIntensityRelationship.LOG:
        done.append("logarithm")
    if provenance.state.subtracts:
        frames = settings.subtraction.mask_frames
        done.append(f"subtraction of the mean of {frames} frames; {MIDDLE} counts: no difference")
    return ", ".join(done)
