"""What an examination leaves behind: loop and held image as DICOM or PNG, dose as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING

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
from fluoroview.pipeline.settings import RecursiveMode
from fluoroview.pipeline.subtraction import MIDDLE
from fluoroview.pipeline.tone import COUNTS_PER_E_FOLD
from fluoroview.session.events import Problem, Severity, TaskProgress
from fluoroview.session.images.image_pool import Image, LatestImage
from fluoroview.session.loop_buffer import LoopBuffer

if TYPE_CHECKING:
    from fluoroview.session.session import Session

_SAVING_LOOP = "Saving the loop"


class SavingError(FluoroError):
    """An image that cannot be stored in the requested form."""


def save_loop(session: "Session", store: LoopBuffer, path: Path, last_run_only: bool) -> Path:
    """Write a loop as multi-frame DICOM and tell how far it is. Raises DeviceError, DicomError."""
    cine = store.snapshot(last_run_only)
    count = cine.frame_count
    if count == 0:
        raise DeviceError("There is no loop to save.", "Press the pedal first.", code="FV-SES-016")

    def progress(done: int, total: int) -> None:
        session.events.task.emit(TaskProgress(_SAVING_LOOP, done, total))

    durations = tuple(cine.duration_ms(index) for index in range(count))
    pixels = np.empty((cine.rows, cine.columns), np.uint16)
    exposures = [entry.exposure for entry in cine.entries if entry.exposure is not None]
    runs = {entry.run for entry in cine.entries}
    description = _describe(session, durations, exposures[-1] if exposures else Exposure(), runs)
    frames = (cine.read(index, pixels) for index in range(count))
    _warn_of(session, write_loop(path, frames, description, progress))
    return path


def save_hold(session: "Session", latest: LatestImage, path: Path) -> Path:
    """Write the image on the screen: .dcm keeps its counts, .png stores it as windowed."""
    entry = latest.current()
    if entry is None:
        raise DeviceError("There is no image to save.", "Press the pedal first.", code="FV-SES-017")
    image, buffer = entry
    try:
        if path.suffix.lower() == ".png":
            _save_png(session, path, image)
        else:
            exposure = image.header.exposure if image.header else None
            description = _describe(session, (0.0,), exposure or Exposure(), set())
            _warn_of(session, write_image(path, image.pixels, description))
    finally:
        buffer.drop()
    return path


def _warn_of(session: "Session", written: WrittenFile) -> None:
    for warning in written.warnings:
        session.events.problem.emit(Problem(warning, severity=Severity.WARNING))


def _save_png(session: "Session", path: Path, image: Image) -> None:
    window = session.snapshot().window or Window(32768, 65535)
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
    session: "Session", durations_ms: tuple[float, ...], exposure: Exposure, runs: set[int]
) -> LoopDescription:
    """Return what a file says; its dose is that of `runs` alone, where all of them are known."""
    shot = session.snapshot()
    window = shot.window
    of_run = {record.ledger.run: record.dose for record in session.runs}  # a restart counts anew
    doses = [of_run[run] for run in sorted(runs) if run in of_run]
    whole = len(doses) == len(runs) > 0
    return LoopDescription(
        durations_ms=durations_ms,
        simulated=shot.dose.origin is DoseOrigin.SIMULATED,
        started=doses[0].started_utc if whole else session.clock.utc_now(),
        intensity_relationship=session.relationship,
        counts_per_e_fold=COUNTS_PER_E_FOLD,
        window=window,
        exposure=exposure,
        air_kerma_mgy=_sum([dose.air_kerma_mgy for dose in doses]) if whole else NAN,
        kap_gycm2=_sum([dose.kap_gycm2 for dose in doses]) if whole else NAN,
        dose_origin=shot.dose.origin if whole else DoseOrigin.NOT_AVAILABLE,
        study_uid=session.study_uid,
        series_description=shot.device.name,
        derivation=_derivation(session),
    )


def _sum(values: list[float | None]) -> float:
    """Return the sum, or NaN where one of them is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else NAN


def _derivation(session: "Session") -> str:
    """Return what the pipeline did to the pixels, in words; nothing if nothing."""
    settings = session.pipeline_settings
    if settings is None:
        return ""
    done = []
    if settings.recursive.mode is not RecursiveMode.OFF:
        done.append(f"recursive average ({settings.recursive.mode})")
    if settings.spatial.sigma_px > 0:
        done.append(f"Gaussian smoothing, sigma {settings.spatial.sigma_px} px")
    if session.relationship is PixelIntensityRelationship.LOG:
        done.append("logarithm")
    if session.subtracts:
        frames = settings.subtraction.mask_frames
        done.append(f"subtraction of the mean of {frames} frames; {MIDDLE} counts: no difference")
    return ", ".join(done)
