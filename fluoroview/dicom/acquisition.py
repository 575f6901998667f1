"""What a file states about its acquisition: technique, dose, geometry, window, intensity.

Units become the project's: kV, mA, ms, mm; entrance dose in mGy; kerma-area product in Gy·cm²
(the file's dGy·cm² ÷ 10). What is not recorded is NaN, never 0.
"""

import math
from dataclasses import dataclass

from pydicom.dataset import Dataset

from fluoroview.dicom.attributes import number, numbers, text, value
from fluoroview.dicom.pixels import Converter, has_modality_lut_for_display
from fluoroview.hal.frame import NAN, Exposure, PixelIntensityRelationship
from fluoroview.hal.window import Window


@dataclass(frozen=True, slots=True)
class RecordedDose:
    """Dose of the whole file as recorded; NaN where it is not.

    `entrance_mgy` is EntranceDoseInmGy (0040,8302), by its definition at the patient's surface;
    most equipment, and this program, writes the air kerma at the reference point there.
    `kap_gycm2` is ImageAndFluoroscopyAreaDoseProduct (0018,115E), kerma-area product in Gy·cm².
    """

    entrance_mgy: float = NAN
    kap_gycm2: float = NAN

    @property
    def recorded(self) -> bool:
        """Whether either figure is recorded."""
        return not (math.isnan(self.entrance_mgy) and math.isnan(self.kap_gycm2))


def read_dose(data: Dataset) -> RecordedDose:
    """Return the recorded dose (PS3.3 C.4.16, C.8.7.2)."""
    entrance_mgy = _positive(data, "EntranceDoseInmGy")
    if math.isnan(entrance_mgy):
        entrance_mgy = _positive(data, "EntranceDose") * 100.0  # (0040,0302) is in dGy
    return RecordedDose(entrance_mgy, _positive(data, "ImageAndFluoroscopyAreaDoseProduct") / 10.0)


def read_exposure(data: Dataset, index: int = 0) -> Exposure:
    """Return the technique of frame `index`: its functional group's, else the file's."""
    places = [*_frame_groups(data, index), data]
    width, height = _field_mm(data)
    filter_al_mm, filter_cu_mm = _filters_mm(data)
    return Exposure(
        tube_voltage_kv=_first(places, "KVP"),
        tube_current_ma=_tube_current_ma(places),
        pulse_width_ms=_pulse_width_ms(data, places),
        filter_al_mm=filter_al_mm,
        filter_cu_mm=filter_cu_mm,
        sid_mm=_positive(data, "DistanceSourceToDetector"),
        field_width_mm=width,
        field_height_mm=height,
    )


def read_intensity_relationship(data: Dataset) -> PixelIntensityRelationship:
    """Return LIN, LOG or DISP; DISP (made for the screen) where the file states none."""
    for place in (data, *_frame_groups(data, 0)):
        stated = text(place, "PixelIntensityRelationship").upper()
        if stated in tuple(PixelIntensityRelationship):
            return PixelIntensityRelationship(stated)
    return PixelIntensityRelationship.DISP


def read_window(data: Dataset, converter: Converter) -> Window | None:
    """Return the file's first window in image values, or None.

    Without a window, a VOI look-up table gives the range of values that it spreads.
    """
    center, width = _stated_window(data)
    if center is None or width is None or width <= 0:
        return _window_of_voi_lut(data, converter)
    scale = converter.scale
    if has_modality_lut_for_display(data) and not converter.inverted:
        return _window(center, width)
    return _window(scale.to_image(center), width / abs(scale.slope))


def _stated_window(data: Dataset) -> tuple[float | None, float | None]:
    for place in (data, *_frame_groups(data, 0)):
        center, width = number(place, "WindowCenter"), number(place, "WindowWidth")
        if center is not None and width is not None:
            return center, width
    return None, None


def _window_of_voi_lut(data: Dataset, converter: Converter) -> Window | None:
    sequence = value(data, "VOILUTSequence")
    descriptor = numbers(sequence[0], "LUTDescriptor") if sequence else ()
    if len(descriptor) != 3:
        return None
    entries, first, _ = descriptor
    width = entries or 65536.0  # 0 stands for 2^16 (PS3.3 C.11.2.1.1)
    scale = converter.scale
    return _window(scale.to_image(first + width / 2), width / abs(scale.slope))


def _window(centre: float, width: float) -> Window | None:
    """Return a window, at least one value wide; None where a value is too large for a number."""
    if not (math.isfinite(centre) and math.isfinite(width)):
        return None
    return Window(centre, max(1.0, width))


def _frame_groups(data: Dataset, index: int) -> list[Dataset]:
    """Return the items that hold a frame's attributes in an enhanced object, nearest first."""
    per_frame = value(data, "PerFrameFunctionalGroupsSequence") or []
    shared = value(data, "SharedFunctionalGroupsSequence") or []
    groups = [*per_frame[index : index + 1], *shared[:1]]
    macros = (
        "FrameAcquisitionSequence",
        "FramePixelDataPropertiesSequence",
        "PixelIntensityRelationshipLUTSequence",
        "FrameVOILUTSequence",
    )
    return [value(group, macro)[0] for group in groups for macro in macros if value(group, macro)]


def _positive(data: Dataset, keyword: str) -> float:
    found = number(data, keyword)
    return NAN if found is None or found <= 0 else found


def _first(places: list[Dataset], keyword: str) -> float:
    """Return the first positive number under a keyword, NaN if there is none.

    Equipment writes 0 for what it does not know.
    """
    found = (_positive(place, keyword) for place in places)
    return next((x for x in found if not math.isnan(x)), NAN)


def _tube_current_ma(places: list[Dataset]) -> float:
    candidates = (
        _first(places, "XRayTubeCurrentInuA") / 1000.0,
        _first(places, "XRayTubeCurrentInmA"),
        _first(places, "XRayTubeCurrent"),
    )
    return next((x for x in candidates if not math.isnan(x)), NAN)


def _pulse_width_ms(data: Dataset, places: list[Dataset]) -> float:
    width = _first(places, "AveragePulseWidth")
    # ExposureTime is that of the whole run, so it is a pulse width only for a single image.
    single = (number(data, "NumberOfFrames") or 1) <= 1
    return _positive(data, "ExposureTime") if math.isnan(width) and single else width


def _filters_mm(data: Dataset) -> tuple[float, float]:
    """Return the thickness of aluminium and of copper, mm, for each that is recorded."""
    materials = value(data, "FilterMaterial") or ()
    materials = [materials] if isinstance(materials, str) else list(materials)
    low = numbers(data, "FilterThicknessMinimum")
    high = numbers(data, "FilterThicknessMaximum") or low
    low = low or high
    found = {"ALUMINUM": NAN, "COPPER": NAN}
    for material, a, b in zip(materials, low, high, strict=False):
        name = str(material).strip().upper()
        if name in found:
            found[name] = (a + b) / 2
    return found["ALUMINUM"], found["COPPER"]


def _field_mm(data: Dataset) -> tuple[float, float]:
    """Return the field at the detector, width and height in mm (FieldOfViewDimensions, C.8.7.5).

    Rectangle: rows dimension (horizontal) first; round: its diameter.
    """
    size = numbers(data, "FieldOfViewDimensions") or numbers(data, "IntensifierSize")
    if not size or min(size) <= 0:
        return NAN, NAN
    return size[0], size[1] if len(size) > 1 else size[0]
