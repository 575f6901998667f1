"""The device's parameters: detector, source, stand and the choice of the examination."""

from __future__ import annotations

import time
from dataclasses import replace
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
from fluoroview_simulated import procedures, skin_picture
from fluoroview_simulated import technique as limits
from fluoroview_simulated.brightness import CURVES, LEVELS
from fluoroview_simulated.detector.panel import MATRICES
from fluoroview_simulated.detector.settings import NOISE_KINDS
from fluoroview_simulated.skin import PeakSkinDose
from fluoroview_simulated.suite import (
    CONTINUOUS,
    DARK,
    DETECTOR_DOSE,
    OPEN_FIELD,
    PATIENT,
    PULSED,
)
from fluoroview_simulated.truth import checked_folder
from fluoroview_simulated.tube import FOCAL_SPOTS

if TYPE_CHECKING:
    from fluoroview_simulated.device import SimulatedDetector


def detector(device: SimulatedDetector) -> list[Parameter]:
    """Format, matrix and what stands before the detector."""
    suite = device.suite
    return [
        IntParameter("Width", lambda: suite.size, unit="px", doc="columns; see Matrix"),
        IntParameter("Height", lambda: suite.size, unit="px", doc="rows; see Matrix"),
        EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
        EnumParameter(
            "PixelIntensityRelationship",
            lambda: "LIN",
            choices=["LIN"],
            doc="pixel values are linear in exposure",
        ),
        IntParameter("BitDepth", lambda: 14 if suite.settings.saturation else 16, unit="bit"),
        StrParameter(
            "DeviceSerialNumber",
            lambda: f"SIM{suite.seed:05d}",
            doc="another Seed is another panel",
        ),
        FloatParameter(
            "AcquisitionFrameRate",
            lambda: suite.pulses_per_s,
            unit="Hz",
            doc="one frame per pulse; see PulseRate and RadiationMode",
        ),
        _remakes(
            device,
            "Matrix",
            lambda: str(suite.size),
            lambda v: setattr(suite, "size", int(v)),
            [str(m) for m in MATRICES],
            "rows and columns of the detector",
            "px",
        ),
        _remakes(
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
            doc="open field: no patient, shutters beyond the detector; dark: no x-ray pulses",
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
            doc="the examination; brings its start technique and view",
        ),
        _remakes(
            device,
            "Case",
            lambda: suite.case,
            suite.choose_case,
            lambda: [c.name for c in suite.info.cases],
            "the patient's finding",
        ),
        _remakes(
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
            doc="another patient, another noise",
        ),
        StrParameter("Situation", situation, doc="what happens now"),
        StrParameter(
            "TeachingText",
            teaching,
            doc="what to see",
        ),
        BoolParameter(
            "SubtractionUsual",
            lambda: suite.info.subtraction,
            doc="whether the examination is usually read subtracted (DSA)",
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
            doc="continuous: the beam stays on, 30 frames/s are read out, motion is blurred",
        ),
        EnumParameter(
            "RunKind",
            lambda: suite.run_kind,
            lambda v: setattr(suite, "run_kind", v),
            choices=list(DETECTOR_DOSE),
            doc="acquisition (cine, DSA) has 8 times the detector dose per pulse of fluoroscopy, a "
            "spot image 16 times and one pulse per press of the pedal",
        ),
        _remakes(
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
            doc="entrance surface air kerma with backscatter of the most exposed patch of skin, "
            "simulated; another patient starts at none",
        ),
        StrParameter(
            "PeakSkinDosePlace",
            lambda: f"{p.side}, z = {p.height_mm:.0f} mm" if (p := peak()) else "",
            doc="where that patch lies",
        ),
        _SkinFile(device),
        CommandParameter(
            "SkinDoseReset",
            device.reset_skin,
            doc="another procedure begins: the skin has had no dose",
        ),
        FloatParameter(
            "AnodeHeat",
            lambda: round(100.0 * suite.tube.heat_share(time.monotonic_ns() / 1e9), 1),
            unit="%",
            doc="of what the anode may hold; at 100 no pulse is made until it has cooled",
        ),
        FloatParameter(
            "AirKermaPerPulse",
            device.kerma_ugy,
            unit="µGy",
            doc="at the reference point, simulated",
        ),
        FloatParameter(
            "AirKermaRate",
            device.kerma_rate_mgy_min,
            unit="mGy/min",
            doc="at the reference point, simulated",
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
            doc="chooses voltage, current and pulse width by itself; setting one of them ends it",
        ),
        EnumParameter(
            "BrightnessCurve",
            lambda: suite.curve,
            lambda v: setattr(suite, "curve", v),
            choices=list(CURVES),
            doc="which factor gives way first when the patient is thicker",
        ),
        EnumParameter(
            "DoseLevel",
            lambda: suite.level,
            lambda v: setattr(suite, "level", v),
            choices=list(LEVELS),
            doc="detector dose per pulse; boost needs the high-level control held down",
        ),
        BoolParameter(
            "HighLevelControl",
            lambda: suite.high_level,
            lambda v: setattr(suite, "high_level", v),
            doc="while held, 176 instead of 88 mGy/min are allowed (21 CFR 1020.32)",
            keys=("K",),
        ),
        StrParameter(
            "BrightnessLimit",
            lambda: suite.limit,
            doc="what keeps the picture from its dose level; empty when nothing does",
        ),
    ]


def panel(device: SimulatedDetector) -> list[Parameter]:
    """What of the detector is simulated, each to be switched off by itself; and the truth."""
    suite = device.suite

    def switch(name: str, field: str, doc: str) -> BoolParameter:
        def write(on: bool) -> None:
            suite.settings = replace(suite.settings, **{field: on})
            device.prepare()

        return BoolParameter(
            name,
            lambda: bool(getattr(suite.settings, field)),
            write,
            access=Access.RW_IDLE,
            doc=doc,
        )

    def jitter(ms: float) -> None:
        suite.settings = replace(suite.settings, jitter_ms=float(ms))
        device.prepare()

    return [
        switch("ScintillatorAbsorption", "absorption", "off: every photon is detected"),
        switch("ScintillatorBlur", "mtf", "light spreads in the scintillator"),
        _remakes(
            device,
            "QuantumNoise",
            lambda: suite.settings.noise,
            lambda v: setattr(suite, "settings", replace(suite.settings, noise=v)),
            list(NOISE_KINDS),
            "compound: Poisson noise over Swank's factor",
        ),
        switch("NoiseCorrelation", "correlated", "the scintillator joins neighbours' noise"),
        switch("ElectronicNoise", "electronic_noise", "noise of the read-out"),
        switch("PanelPatterns", "patterns", "gains and offsets of single pixels"),
        switch("PanelDefects", "defects", "dead, hot and weak pixels of a raw panel"),
        switch("Saturation", "saturation", "on: 14 bits; off: 16 bits"),
        switch("Lag", "lag", "a share of a pulse comes with the next frame"),
        FloatParameter(
            "FrameJitter",
            lambda: suite.settings.jitter_ms,
            jitter,
            minimum=0.0,
            maximum=20.0,
            unit="ms",
            access=Access.RW_IDLE,
            doc="spread of the frames' times, root mean square",
        ),
        _Folder(
            "TruthFolder",
            lambda: suite.truth_folder,
            lambda v: setattr(suite, "truth_folder", v),
            doc="each frame's noiseless picture, material maps and facts are written there; "
            "slows the pulses down; empty: no truth",
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
            doc="the map of the skin's dose is written to the file named here (.png or .npz)",
        )

    def check(self, value: Any) -> str:
        """Write the map, or raise ValueError saying why it cannot be written."""
        text = str(super().check(value))
        scene = self._device.scene()
        if text and scene is None:
            raise ValueError("the patient is still being prepared; try again in a moment")
        return str(skin_picture.save(text, scene.skin)) if text and scene else ""


class _Folder(StrParameter):
    """A folder that can be written to, or none."""

    def check(self, value: Any) -> str:
        """Return the folder, or raise ValueError saying why it cannot be used."""
        return checked_folder(str(super().check(value)))


def stand(device: SimulatedDetector) -> list[Parameter]:
    """C-arm, table, patient's position, shutters, grid."""
    suite = device.suite
    return [
        _geometry(
            device,
            "PositionerPrimaryAngle",
            "primary_deg",
            (-120.0, 120.0),
            "deg",
            "LAO positive, RAO negative; 0: detector in front of the patient",
            ("Ctrl+Left", "Ctrl+Right"),
            5.0,
        ),
        _geometry(
            device,
            "PositionerSecondaryAngle",
            "secondary_deg",
            (-45.0, 45.0),
            "deg",
            "cranial positive, caudal negative",
            ("Ctrl+Down", "Ctrl+Up"),
            5.0,
        ),
        _table(device, "TableLateralPosition", 0, "to the patient's left positive"),
        _table(device, "TableVerticalPosition", 1, "towards the patient's back positive"),
        _table(device, "TableLongitudinalPosition", 2, "towards the patient's head positive"),
        EnumParameter(
            "PatientPosition",
            lambda: suite.geometry.position,
            lambda v: suite.set_geometry(position=v),
            choices=list(limits.POSITIONS),
            doc="how the patient lies or stands: where fluid goes; the C-arm turns with them",
        ),
        _geometry(device, "TableTilt", "tilt_deg", (-45.0, 90.0), "deg", "head end up positive"),
        EnumParameter(
            "FieldOfView",
            lambda: f"{suite.geometry.detector_mm:g}",
            lambda v: suite.set_geometry(detector_mm=float(v)),
            unit="mm",
            choices=lambda: [
                f"{mm:g}"
                for mm in sorted(
                    {*limits.FIELDS_OF_VIEW_MM, suite.info.geometry.detector_mm}, reverse=True
                )
            ],
            doc="side of the detector's input field: smaller magnifies",
        ),
        _shutter(device, "FieldWidth", "field_width_mm"),
        _shutter(device, "FieldHeight", "field_height_mm"),
        FloatParameter(
            "IrisDiameter",
            lambda: min(suite.geometry.iris_mm, 2 * suite.geometry.detector_mm),
            lambda v: suite.set_geometry(iris_mm=float(v)),
            minimum=0.0,
            maximum=lambda: 2 * suite.geometry.detector_mm,
            unit="mm",
            doc="round opening, measured at the detector",
        ),
        BoolParameter(
            "AntiScatterGrid",
            lambda: suite.geometry.grid,
            lambda v: suite.set_geometry(grid=v),
            doc="out: less dose for the same signal, more scatter",
        ),
        FloatParameter("SourceImageDistance", lambda: suite.geometry.source_image_mm, unit="mm"),
    ]


def _remakes(
    device: SimulatedDetector,
    name: str,
    read: Any,
    write: Any,
    choices: Any,
    doc: str,
    unit: str = "",
) -> EnumParameter:
    """A choice after which the patient is prepared anew."""

    def chosen(value: str) -> None:
        write(value)
        device.prepare()

    return EnumParameter(
        name, read, chosen, choices=choices, access=Access.RW_IDLE, doc=doc, unit=unit
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


def _geometry(
    device: SimulatedDetector,
    name: str,
    field: str,
    span: tuple[float, float],
    unit: str,
    doc: str,
    keys: tuple[str, ...] = (),
    step: float | None = None,
) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: getattr(device.suite.geometry, field),
        lambda v: device.suite.set_geometry(**{field: float(v)}),
        minimum=span[0],
        maximum=span[1],
        unit=unit,
        doc=doc,
        keys=keys,
        step=step,
    )


def _table(device: SimulatedDetector, name: str, axis: int, doc: str) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: device.suite.table_mm(axis),
        lambda v: device.suite.set_isocentre(axis, float(v)),
        minimum=-400.0,
        maximum=400.0,
        unit="mm",
        doc=f"from where the examination began; {doc}",
        step=10.0,
    )


def _shutter(device: SimulatedDetector, name: str, field: str) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: getattr(device.suite.geometry, field),
        lambda v: device.suite.set_geometry(**{field: float(v)}),
        minimum=0.0,
        maximum=lambda: device.suite.geometry.detector_mm,
        unit="mm",
        doc="open field, measured at the detector",
    )
