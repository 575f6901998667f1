"""The device's parameters: detector, source and the choice of the examination."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fluoroview.hal import (
    Access,
    BoolParameter,
    CommandParameter,
    EnumParameter,
    FloatParameter,
    IntParameter,
    StrParameter,
)
from fluoroview.hal.parameter import Parameter
from fluoroview_simulated import procedures
from fluoroview_simulated.panel.panel import MATRICES
from fluoroview_simulated.room import skin_map
from fluoroview_simulated.room import technique as limits
from fluoroview_simulated.room.brightness import CURVES, LEVELS
from fluoroview_simulated.room.skin import PeakSkinDose
from fluoroview_simulated.room.state import (
    CONTINUOUS,
    DARK,
    DETECTOR_DOSE,
    OPEN_FIELD,
    PATIENT,
    PULSED,
)
from fluoroview_simulated.room.tube import FOCAL_SPOTS

if TYPE_CHECKING:
    from fluoroview_simulated.driver.device import SimulatedDetector


def detector(device: SimulatedDetector) -> list[Parameter]:
    """Format, matrix and what stands before the detector."""
    suite = device.suite
    return [
        IntParameter("Width", lambda: suite.size, unit="px", description="columns; see Matrix"),
        IntParameter("Height", lambda: suite.size, unit="px", description="rows; see Matrix"),
        EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
        EnumParameter(
            "PixelIntensityRelationship",
            lambda: "LIN",
            choices=["LIN"],
            description="pixel values are linear in exposure",
        ),
        IntParameter("BitDepth", lambda: 14 if suite.settings.saturation else 16, unit="bit"),
        StrParameter(
            "DeviceSerialNumber",
            lambda: f"SIM{suite.seed:05d}",
            description="another Seed is another panel",
        ),
        FloatParameter(
            "AcquisitionFrameRate",
            lambda: suite.pulses_per_s,
            unit="Hz",
            description="one frame per pulse; see PulseRate and RadiationMode",
        ),
        remakes(
            device,
            "Matrix",
            lambda: str(suite.size),
            lambda v: setattr(suite, "size", int(v)),
            [str(m) for m in MATRICES],
            "rows and columns of the detector",
            "px",
        ),
        remakes(
            device,
            "PanelCorrection",
            lambda: "off" if suite.raw else "on",
            lambda v: setattr(suite, "raw", v == "off"),
            ["on", "off"],
            "offset and gain corrected in the panel; off gives raw pixels",
        ),
        EnumParameter(
            "Scene",
            lambda: suite.before_detector,
            lambda v: setattr(suite, "before_detector", v),
            choices=[PATIENT, OPEN_FIELD, DARK],
            description="open field: no patient, shutters beyond the detector; dark: no x-ray "
            "pulses",
        ),
    ]


def examination(device: SimulatedDetector) -> list[Parameter]:
    """Which patient, and what there is to know of them."""
    suite = device.suite

    def situation() -> str:
        scene = device.scene()
        return scene.procedure.note(device.now_s()) if scene is not None else "preparing"

    def teaching() -> str:
        return f"{suite.info.teaching}\n\n{suite.info.case(suite.case).teaching}".strip()

    def seed(value: int) -> None:
        suite.seed = int(value)
        device.prepare()

    return [
        EnumParameter(
            "Procedure",
            lambda: suite.procedure,
            device.choose,
            choices=procedures.names(),
            access=Access.RW_IDLE,
            description="the examination; brings its start technique and view",
        ),
        remakes(
            device,
            "Case",
            lambda: suite.case,
            suite.choose_case,
            lambda: [c.name for c in suite.info.cases],
            "the patient's finding",
        ),
        remakes(
            device,
            "Body",
            lambda: suite.body,
            suite.choose_body,
            lambda: list(suite.info.bodies),
            "the patient's size",
        ),
        IntParameter(
            "Seed",
            lambda: suite.seed,
            seed,
            minimum=0,
            maximum=2**31 - 1,
            access=Access.RW_IDLE,
            description="another patient, another noise",
        ),
        StrParameter("ProcedureStatus", situation, description="what happens now"),
        StrParameter(
            "TeachingText",
            teaching,
            description="what to see",
        ),
        BoolParameter(
            "DsaDefault",
            lambda: suite.info.subtraction,
            description="whether the examination is usually read subtracted (DSA)",
        ),
    ]


def source(device: SimulatedDetector) -> list[Parameter]:
    """Tube, filter and dose per pulse."""
    suite = device.suite

    def peak() -> PeakSkinDose | None:
        scene = device.scene()
        return scene.skin.peak() if scene is not None else None

    return [
        _technique(device, "TubeVoltage", "kv", limits.KV_MIN, limits.KV_MAX, "kV"),
        _technique(
            device,
            "TubeCurrent",
            "tube_current_ma",
            limits.TUBE_CURRENT_MA_MIN,
            limits.TUBE_CURRENT_MA_MAX,
            "mA",
        ),
        _technique(
            device,
            "PulseWidth",
            "pulse_width_ms",
            limits.PULSE_WIDTH_MS_MIN,
            limits.PULSE_WIDTH_MS_MAX,
            "ms",
        ),
        EnumParameter(
            "PulseRate",
            lambda: f"{suite.rate_hz:g}",
            lambda v: setattr(suite, "rate_hz", float(v)),
            unit="1/s",
            choices=[f"{r:g}" for r in limits.PULSE_RATES_HZ],
        ),
        EnumParameter(
            "CopperFilter",
            lambda: f"{suite.technique.filter_cu_mm:g}",
            lambda v: device.set_technique(filter_cu_mm=float(v)),
            unit="mm",
            choices=[f"{c:g}" for c in limits.COPPER_MM],
        ),
        FloatParameter("AluminiumFilter", lambda: suite.technique.filter_al_mm, unit="mm"),
        EnumParameter(
            "RadiationMode",
            lambda: suite.radiation_mode,
            lambda v: setattr(suite, "radiation_mode", v),
            choices=[PULSED, CONTINUOUS],
            description="continuous: the beam stays on, 30 frames/s are read out, motion is "
            "blurred",
        ),
        EnumParameter(
            "AcquisitionType",
            lambda: suite.acquisition_type,
            lambda v: setattr(suite, "acquisition_type", v),
            choices=list(DETECTOR_DOSE),
            description="acquisition (cine, DSA) has 8 times the detector dose per pulse of "
            "fluoroscopy, a "
            "spot image 16 times and one pulse per press of the pedal",
        ),
        remakes(
            device,
            "FocalSpot",
            lambda: suite.focal_spot,
            suite.choose_focal_spot,
            list(FOCAL_SPOTS),
            "nominal size: smaller is sharper and takes less power",
            "mm",
        ),
        *_brightness(device),
        FloatParameter(
            "PeakSkinDose",
            lambda: round(p.kerma_mgy, 4) if (p := peak()) else 0.0,
            unit="mGy",
            description="entrance surface air kerma with backscatter of the most exposed patch "
            "of skin, "
            "simulated; another patient starts at none",
        ),
        StrParameter(
            "PeakSkinDosePlace",
            lambda: f"{p.side}, z = {p.height_mm:.0f} mm" if (p := peak()) else "",
            description="where that patch lies",
        ),
        _SkinFile(device),
        CommandParameter(
            "SkinDoseReset",
            device.reset_skin,
            description="another procedure begins: the skin has had no dose",
        ),
        FloatParameter(
            "AnodeHeat",
            lambda: round(100.0 * suite.tube.heat_share(time.monotonic_ns() / 1e9), 1),
            unit="%",
            description="of what the anode may hold; at 100 no pulse is made until it has cooled",
        ),
        FloatParameter(
            "AirKermaPerPulse",
            device.kerma_ugy,
            unit="µGy",
            description="at the reference point, simulated",
        ),
        FloatParameter(
            "AirKermaRate",
            device.kerma_rate_mgy_min,
            unit="mGy/min",
            description="at the reference point, simulated",
        ),
    ]


def _brightness(device: SimulatedDetector) -> list[Parameter]:
    """The automatic brightness control."""
    suite = device.suite

    def automatic(on: bool) -> None:
        suite.control.reset()
        suite.automatic = on

    return [
        BoolParameter(
            "AutomaticBrightnessControl",
            lambda: suite.automatic,
            automatic,
            description="chooses voltage, current and pulse width by itself; setting one of them "
            "ends it",
        ),
        EnumParameter(
            "BrightnessCurve",
            lambda: suite.curve,
            lambda v: setattr(suite, "curve", v),
            choices=list(CURVES),
            description="which factor gives way first when the patient is thicker",
        ),
        EnumParameter(
            "DoseLevel",
            lambda: suite.level,
            lambda v: setattr(suite, "level", v),
            choices=list(LEVELS),
            description="detector dose per pulse; boost needs the high-level control held down",
        ),
        BoolParameter(
            "HighLevelControl",
            lambda: suite.high_level,
            lambda v: setattr(suite, "high_level", v),
            description="while held, 176 instead of 88 mGy/min are allowed (21 CFR 1020.32)",
        ),
        StrParameter(
            "BrightnessLimit",
            lambda: suite.limit,
            description="what keeps the image from its dose level; empty when nothing does",
        ),
    ]


class _SkinFile(StrParameter):
    """Writes the map of the skin's dose when a file is named."""

    def __init__(self, device: SimulatedDetector) -> None:
        self._device, self._written = device, ""
        super().__init__(
            "SkinDoseMapFile",
            lambda: self._written,
            lambda v: setattr(self, "_written", v),
            description="the map of the skin's dose is written to the file named here (.png or "
            ".npz)",
        )

    def check(self, value: Any) -> str:
        """Write the map, or raise ValueError saying why it cannot be written."""
        text = str(super().check(value))
        scene = self._device.scene()
        if text and scene is None:
            raise ValueError("the patient is still being prepared; try again in a moment")
        return str(skin_map.save(text, scene.skin)) if text and scene else ""


def remakes(
    device: SimulatedDetector,
    name: str,
    read: Any,
    write: Any,
    choices: Any,
    description: str,
    unit: str = "",
) -> EnumParameter:
    """A choice after which the patient is prepared anew."""

    def chosen(value: str) -> None:
        write(value)
        device.prepare()

    return EnumParameter(
        name,
        read,
        chosen,
        choices=choices,
        access=Access.RW_IDLE,
        description=description,
        unit=unit,
    )


def _technique(
    device: SimulatedDetector, name: str, field: str, low: float, high: float, unit: str
) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: getattr(device.suite.technique, field),
        lambda v: device.set_technique(**{field: float(v)}),
        minimum=low,
        maximum=high,
        unit=unit,
    )
