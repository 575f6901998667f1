"""A gallery of every procedure: stills like the last-image hold, movies, a page and a sheet.

The drivers render (entry-point group "fluoroview.gallery"), and their frames go down the pipeline
that live frames go down. Existing files are kept, so that an interrupted gallery can be resumed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.bench.gallery_page import write_page
from fluoroview.bench.gallery_sheet import write_sheet
from fluoroview.hal import FluoroError, PixelIntensityRelationship
from fluoroview.hal.runtime.installed import installed_entry_points
from fluoroview.hal.safe_files import unfinished_file, write_whole
from fluoroview.pipeline import Pipeline, PipelineSettings, SubtractionSettings, WindowLut
from fluoroview.pipeline.display import auto_window
from fluoroview.pipeline.subtraction import subtracted_window
from fluoroview.session.devices.catalogue import CaseEntry, ProcedureEntry

GROUP = "fluoroview.gallery"
HOLD_FRAMES = 4
"""The still is the mean of this many images, as the last-image hold may be."""
STILL, MOVIE = ".png", ".mp4"
SHEET = "sheet.jpg"
"""One still of each procedure."""

Step = Callable[..., None]
Frames = Iterator[tuple[float, npt.NDArray[np.uint16]]]
Render = Callable[[str, str, int, int | None], tuple[dict[str, Any], Frames]]
Entry = tuple[ProcedureEntry, CaseEntry]


class GalleryError(FluoroError):
    """A gallery, or a file of it, that cannot be made."""


@dataclass
class Gallery:
    """The page, the files written and kept, and the cases that failed with the reason."""

    page: Path
    written: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def make_gallery(
    folder: Path,
    entries: Sequence[Entry],
    *,
    size: int = 768,
    force: bool = False,
    movies: bool = True,
    step: Step = lambda _done, _total, _title="": None,
) -> Gallery:
    """Render each case into `folder`; with `force` also those that exist.

    Raises GalleryError when the folder cannot be made; a case that fails is listed in the result.
    """
    if movies:
        _require_movies()
    result = Gallery(folder / "index.html")
    for number, (procedure, case) in enumerate(entries):
        step(number, len(entries), f"{procedure.name} · {case.name}")
        place = folder / procedure.name / case.name
        files = [place.with_name(place.name + kind) for kind in (STILL, MOVIE)[: 1 + movies]]
        if not force and all(file.exists() for file in files):
            result.kept += files
            continue
        try:
            _make_folder(place.parent)
            render_case(procedure, case, files, size)
            result.written += files
        except Exception as error:  # a failed case does not cost the others
            result.failed[f"{procedure.name} {case.name}"] = _why(error)
    step(len(entries), len(entries), "index.html")
    _make_folder(folder)
    write_page(result.page, entries, (STILL, MOVIE))
    write_sheet(folder / SHEET, entries, STILL)
    return result


def render_case(
    procedure: ProcedureEntry, case: CaseEntry, files: Sequence[Path], size: int
) -> None:
    """Write the still, and the movie where a second file is named. Raises GalleryError."""
    about, frames = _renderer(procedure.driver)(procedure.name, case.name, size, None)
    images = _images(procedure, frames)
    if not images:
        raise GalleryError(
            f"The driver {procedure.driver} rendered no frame.", "", code="FV-BEN-002"
        )
    at = min(int(about.get("still", 2 * len(images) // 3)), len(images) - 1)
    last = np.stack(images[max(0, at + 1 - HOLD_FRAMES) : at + 1])
    hold = np.rint(last.mean(axis=0, dtype=np.float32)).astype(np.uint16)
    window = subtracted_window(hold) if procedure.subtraction else auto_window(hold)
    rows, columns = hold.shape
    painter = WindowLut(rows, columns, window)
    _write_still(files[0], painter, hold)
    if len(files) > 1:
        rate_hz = float(about.get("rate_hz", procedure.rate_hz))
        _write_movie(files[1], painter, images, rate_hz)


def _images(procedure: ProcedureEntry, frames: Frames) -> list[npt.NDArray[np.uint16]]:
    """Return the images that the frames become, as live frames would."""
    subtraction = SubtractionSettings(on=procedure.subtraction)
    settings = PipelineSettings(subtraction=subtraction)
    pipeline: Pipeline | None = None
    images = []
    for _, frame in frames:
        if pipeline is None:
            rows, columns = frame.shape
            pipeline = Pipeline(rows, columns, settings, PixelIntensityRelationship.LIN)
        image = np.empty(frame.shape, np.uint16)
        pipeline.process(frame, image)
        images.append(image)
    return images


def _renderer(driver: str) -> Render:
    for point in installed_entry_points(GROUP):
        if point.name == driver:
            render: Render = point.load()
            return render
    raise GalleryError(
        f"The driver {driver} lists procedures, but renders none.",
        "Update the driver.",
        code="FV-BEN-010",
    )


def _write_still(file: Path, painter: WindowLut, hold: npt.NDArray[np.uint16]) -> None:
    grey = np.empty(hold.shape, np.uint8)
    painter.apply(hold, grey)
    _, data = cv2.imencode(STILL, grey)
    write_whole(file, data.tobytes(), private=False)


def _write_movie(
    file: Path, painter: WindowLut, images: Sequence[npt.NDArray[np.uint16]], rate_hz: float
) -> None:
    """Write H.264, which every browser plays; a movie that was interrupted is removed."""
    import av

    rows, columns = (side - side % 2 for side in images[0].shape)  # the codec needs even sides
    grey = np.empty(images[0].shape, np.uint8)
    options = {"crf": "23", "preset": "veryfast"}
    mux = {"movflags": "faststart"}
    with (
        unfinished_file(file, private=False) as part,
        av.open(part, "w", format="mp4", options=mux) as container,
    ):
        rate = Fraction(rate_hz).limit_denominator(1000)
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = columns, rows, "yuv420p"
        for image in images:
            painter.apply(image, grey)
            shown = np.ascontiguousarray(grey[:rows, :columns])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="gray")))
        container.mux(stream.encode())


def _require_movies() -> None:
    try:
        import av  # noqa: F401
    except ImportError as error:
        raise GalleryError(
            f"Movies cannot be written: {error}.",
            "Install PyAV (`pip install 'fluoroview[gallery]'`), or make stills only: --no-movies.",
            code="FV-BEN-004",
        ) from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GalleryError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            "Name another one with --out.",
            code="FV-BEN-005",
        ) from error


def _why(error: Exception) -> str:
    if isinstance(error, FluoroError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename} could not be written: {error.strerror}."
    return f"{type(error).__name__}: {error}."
