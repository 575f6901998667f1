"""What a written file states about itself: `LoopDescription`, and the header made from it.

The pixels are not here: `writing.py` streams them behind this header.
"""

import functools
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from fluoroview.hal.frame import NAN, DoseOrigin, Exposure, PixelIntensityRelationship
from fluoroview.hal.window import Window

Frame = npt.NDArray[Any]

SIMULATED_COMMENT = "SIMULATED: no patient and no x-rays. Not for diagnosis."
_IMPLEMENTATION_CLASS = "2.25.187294615063286117524013839650734920671"
_MAX_SHORT_VALUE_BYTES = 65_534
"""An explicit VR with a 16-bit length, of which DS is one, holds no longer value (PS3.5 7.1.2)."""

_EVEN_WITHIN = 0.01
"""Times per frame that differ by less than this fraction are written as one FrameTime."""


class Storage(StrEnum):
    """The kind of object written."""

    XRF = "1.2.840.10008.5.1.4.1.1.12.2"
    XA = "1.2.840.10008.5.1.4.1.1.12.1"


@dataclass(frozen=True, slots=True)
class LoopDescription:
    """What a file states about its frames. NaN and "" mean "not known".

    `durations_ms`: how long each frame stays, one entry per frame.
    `simulated`: there is no patient; the file then states so in name, id and comment.
    `exposure`: technique of the loop (its mean, where it varied).
    `air_kerma_mgy` (at the reference point) and `kap_gycm2`: dose of this loop alone; where they
    come from is `dose_origin`.
    `counts_per_e_fold`: of LOG images, how many counts make a factor e of x-ray intensity; it
    gives the table to linear values that the standard requires next to them (PS3.3 C.8.7.1.1.2).
    `derivation`: what was done to the pixels; makes the image type DERIVED.
    `started`: first pulse, with time zone. `study_uid` joins the files of one session.
    """

    durations_ms: tuple[float, ...]
    simulated: bool
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    storage: Storage = Storage.XRF
    intensity_relationship: PixelIntensityRelationship = PixelIntensityRelationship.DISP
    counts_per_e_fold: float = NAN
    bits_stored: int = 16
    window: Window | None = None
    exposure: Exposure = field(default_factory=Exposure)
    air_kerma_mgy: float = NAN
    kap_gycm2: float = NAN
    dose_origin: DoseOrigin = DoseOrigin.NOT_AVAILABLE
    pulsed: bool = True
    patient_name: str = ""
    patient_id: str = ""
    study_uid: str = ""
    series_uid: str = ""
    series_number: int = 1
    instance_number: int = 1
    study_description: str = ""
    series_description: str = ""
    comment: str = ""
    derivation: str = ""
    manufacturer: str = ""
    model: str = ""
    serial: str = ""

    @property
    def frame_count(self) -> int:
        """Number of frames that the file will hold."""
        return len(self.durations_ms)


def new_study_uid() -> str:
    """Return a new StudyInstanceUID, of the 2.25 root (PS3.5 B.2)."""
    return str(generate_uid(prefix=None))


def make_header(description: LoopDescription, first: Frame) -> tuple[Dataset, list[str]]:
    """Return the data set without its pixels, and warnings."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    _add_identity(data, description)
    _add_equipment(data, description)
    _add_times(data, description)
    _add_image(data, description, first)
    _add_acquisition(data, description)
    _add_dose(data, description)
    warnings = [*_add_intensity(data, description), *_add_cine(data, description)]
    data.file_meta = _file_meta(data)
    return data, warnings


def _file_meta(data: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(data.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(_IMPLEMENTATION_CLASS)
    meta.ImplementationVersionName = f"FLUOROVIEW_{_version()}"[:16]
    return meta


@functools.cache
def _version() -> str:
    try:
        return metadata.version("fluoroview")
    except metadata.PackageNotFoundError:
        return "unknown"


def _add_identity(data: Dataset, description: LoopDescription) -> None:
    """Patient, study, series, instance (PS3.3 C.7.1 to C.7.3, C.12.1)."""
    simulated = description.simulated
    data.PatientName = description.patient_name or ("Simulated^Patient" if simulated else "")
    data.PatientID = description.patient_id or ("SIMULATED" if simulated else "")
    data.PatientBirthDate = ""
    data.PatientSex = ""
    data.StudyInstanceUID = description.study_uid or new_study_uid()
    data.StudyID = "1"
    data.AccessionNumber = ""
    data.ReferringPhysicianName = ""
    data.SeriesInstanceUID = description.series_uid or generate_uid(prefix=None)
    data.SeriesNumber = description.series_number
    data.InstanceNumber = description.instance_number
    data.Laterality = ""
    data.Modality = "XA" if description.storage is Storage.XA else "RF"
    data.SOPClassUID = UID(description.storage.value)
    data.SOPInstanceUID = generate_uid(prefix=None)
    if description.study_description:
        data.StudyDescription = description.study_description[:64]
    if description.series_description:
        data.SeriesDescription = description.series_description[:64]


def _add_equipment(data: Dataset, description: LoopDescription) -> None:
    """General equipment (C.7.5.1)."""
    data.Manufacturer = description.manufacturer or "FluoroView"
    if description.model:
        data.ManufacturerModelName = description.model[:64]
    if description.serial:
        data.DeviceSerialNumber = description.serial[:64]
    data.SoftwareVersions = f"FluoroView {_version()}"


def _add_times(data: Dataset, description: LoopDescription) -> None:
    """Local dates and times with their offset from UTC (C.12.1)."""
    local = description.started.astimezone()
    for event in ("Study", "Series", "Acquisition", "Content"):
        setattr(data, f"{event}Date", local.strftime("%Y%m%d"))
        setattr(data, f"{event}Time", local.strftime("%H%M%S.%f"))
    data.TimezoneOffsetFromUTC = local.strftime("%z")[:5]


def _add_image(data: Dataset, description: LoopDescription, first: Frame) -> None:
    """General image, image pixel, x-ray image and VOI (C.7.6.1, C.7.6.3, C.8.7.1, C.11.2)."""
    kind = "DERIVED" if description.derivation else "ORIGINAL"
    data.ImageType = [kind, "PRIMARY", "SINGLE PLANE"]
    if description.derivation:
        data.DerivationDescription = description.derivation[:1024]
    notes = [SIMULATED_COMMENT] if description.simulated else []
    comment = " ".join([*notes, description.comment]).strip()
    if comment:
        data.ImageComments = comment[:10240]
    data.PatientOrientation = ""
    data.BurnedInAnnotation = "NO"
    data.LossyImageCompression = "00"
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.Rows, data.Columns = first.shape
    data.BitsAllocated = first.dtype.itemsize * 8
    data.BitsStored = min(description.bits_stored, data.BitsAllocated)
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = 0
    if description.window is not None:
        data.WindowCenter = _ds(description.window.centre)
        data.WindowWidth = _ds(description.window.width)


def _add_intensity(data: Dataset, description: LoopDescription) -> list[str]:
    """How values follow x-ray intensity; LOG needs the way back to linear (C.8.7.1.1.2, C.11.1)."""
    relationship = description.intensity_relationship
    log = relationship is PixelIntensityRelationship.LOG
    if log and math.isnan(description.counts_per_e_fold):
        data.PixelIntensityRelationship = str(PixelIntensityRelationship.DISP)
        return [
            "The images are logarithmic by an unknown law, which DICOM cannot express; they are "
            "marked as made for the screen (DISP)."
        ]
    data.PixelIntensityRelationship = str(relationship)
    if log:
        data.ModalityLUTSequence = [_linear_table(data.BitsStored, description.counts_per_e_fold)]
    return []


def _linear_table(bits_stored: int, counts_per_e_fold: float) -> Dataset:
    """Return the modality table from logarithmic values to proportional ones of 16 bits."""
    entries = 1 << bits_stored
    # Values above the logarithm of 65 535 do not occur; they stay at the end of the table.
    exponents = np.minimum(np.arange(entries) / counts_per_e_fold, math.log(65_535))
    linear = np.exp(exponents)
    linear *= 65_535 / linear[-1]
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [entries % 65_536, 0, 16])  # 0 stands for 65 536
    item.LUTExplanation = "To values linear in x-ray intensity"
    item.ModalityLUTType = "US"
    item.add_new("LUTData", "OW", np.rint(linear).astype("<u2").tobytes())
    return item


def _add_acquisition(data: Dataset, description: LoopDescription) -> None:
    """X-ray acquisition, filtration and positioner (C.8.7.2, C.8.7.10, C.8.7.5)."""
    exposure = description.exposure
    data.KVP = _ds_or_empty(exposure.tube_voltage_kv)
    data.RadiationSetting = "SC"
    data.RadiationMode = "PULSED" if description.pulsed else "CONTINUOUS"
    _add_tube(data, exposure, description.frame_count)
    _add_filters(data, exposure)
    if not math.isnan(exposure.sid_mm):
        data.DistanceSourceToDetector = _ds(exposure.sid_mm)
    field_mm = (exposure.field_width_mm, exposure.field_height_mm)
    if not any(map(math.isnan, field_mm)):
        data.FieldOfViewShape = "RECTANGLE"
        data.FieldOfViewDimensions = [round(x) for x in field_mm]
    if description.storage is Storage.XA:
        data.PositionerMotion = "STATIC"
        data.PositionerPrimaryAngle = None
        data.PositionerSecondaryAngle = None


def _add_tube(data: Dataset, exposure: Exposure, frame_count: int) -> None:
    """Current and time; ExposureTime and Exposure are of the whole run (C.8.7.2)."""
    current_ma, width_ms = exposure.tube_current_ma, exposure.pulse_width_ms
    data.XRayTubeCurrent = None if math.isnan(current_ma) else round(current_ma)
    data.ExposureTime = None if math.isnan(width_ms) else round(width_ms * frame_count)
    if not math.isnan(current_ma):
        data.XRayTubeCurrentInuA = _ds(current_ma * 1000.0)
    if not math.isnan(width_ms):
        data.AveragePulseWidth = _ds(width_ms)
    charge_mas = current_ma * width_ms * frame_count / 1000.0
    data.Exposure = None if math.isnan(charge_mas) else round(charge_mas)


def _add_filters(data: Dataset, exposure: Exposure) -> None:
    thickness_mm = {"ALUMINUM": exposure.filter_al_mm, "COPPER": exposure.filter_cu_mm}
    there = {material: mm for material, mm in thickness_mm.items() if mm > 0}
    if there:
        data.FilterType = "FLAT"
        data.FilterMaterial = list(there)
        data.FilterThicknessMinimum = [_ds(mm) for mm in there.values()]
        data.FilterThicknessMaximum = [_ds(mm) for mm in there.values()]


def _add_dose(data: Dataset, description: LoopDescription) -> None:
    """Dose of the loop, and where the figures come from (C.4.16)."""
    figures = []
    if not math.isnan(description.kap_gycm2):
        data.ImageAndFluoroscopyAreaDoseProduct = _ds(description.kap_gycm2 * 10.0)
        figures.append("kerma-area product")
    if not math.isnan(description.air_kerma_mgy):
        data.EntranceDoseInmGy = _ds(description.air_kerma_mgy)
        figures.append("EntranceDoseInmGy = air kerma at the reference point")
    if figures:
        data.CommentsOnRadiationDose = f"{description.dose_origin}: {', '.join(figures)}"


def _add_cine(data: Dataset, description: LoopDescription) -> list[str]:
    """Multi-frame and cine (C.7.6.6, C.7.6.5); nothing for a single image."""
    durations = description.durations_ms
    if len(durations) == 1:
        return []
    gaps = durations[:-1]  # nothing follows the last frame, so its time is not written
    mean_ms = sum(gaps) / len(gaps)
    data.NumberOfFrames = len(durations)
    data.CineRate = max(1, round(1000.0 / mean_ms))
    data.RecommendedDisplayFrameRate = data.CineRate
    data.PreferredPlaybackSequencing = 0
    data.EffectiveDuration = _ds(sum(durations) / 1000.0)
    even = max(gaps) - min(gaps) <= _EVEN_WITHIN * max(gaps)
    vector = None if even else _time_vector(gaps)
    if vector:
        data.FrameIncrementPointer = 0x00181065
        data.FrameTimeVector = vector
        return []
    data.FrameIncrementPointer = 0x00181063
    data.FrameTime = _ds(mean_ms)
    if even:
        return []
    return [
        f"The times between the {len(durations)} frames are uneven and too many for one "
        f"FrameTimeVector; their mean, {mean_ms:.2f} ms, was written."
    ]


def _time_vector(gaps: tuple[float, ...]) -> list[str] | None:
    """Return FrameTimeVector, 0 and then the gaps, as exact as its 65 534 bytes allow.

    Entries are rounded on their running sum, so that rounding never adds up. None: too long.
    """
    starts = np.concatenate([[0.0], np.cumsum(gaps)])
    for decimals in (3, 2, 1, 0):
        rounded = np.diff(np.round(starts, decimals), prepend=0.0)
        vector = [f"{round(gap, decimals):.8g}" for gap in rounded]
        if len("\\".join(vector)) <= _MAX_SHORT_VALUE_BYTES:
            return vector
    return None


def _ds(number: float) -> str:
    """Return a decimal string of at most 16 characters (PS3.5 6.2)."""
    return f"{number:.8g}"


def _ds_or_empty(number: float) -> str | None:
    return None if math.isnan(number) else _ds(number)
