"""A detector that offers procedures, as the simulated source does; its patient is a ramp."""

import time

import numpy as np

from fluoroview.hal import (
    Access,
    BoolParameter,
    CommandParameter,
    DeviceInfo,
    EnumParameter,
    FloatParameter,
    FrameHeader,
    IntParameter,
    ParameterTree,
    PolledDetector,
    StrParameter,
)
from fluoroview.hal.roles import Role

_CATHETER = {
    "name": "CatheterAdvance",
    "kind": "step",
    "unit": "mm",
    "description": "Catheter forward and back",
    "shortcut": ["Up", "Down"],
    "default": 0.0,
    "minimum": 0.0,
    "maximum": 100.0,
    "step": 5.0,
    "choices": [],
}
PROCEDURES = [
    {
        "name": "swallow",
        "title": "Barium swallow",
        "agent": "barium",
        "teaching": "Watch the bolus.",
        "technique": {"kv": 72.0, "tube_current_ma": 7.0},
        "geometry": {"primary_deg": 90.0, "secondary_deg": 0.0},
        "rate_hz": 30.0,
        "subtraction": False,
        "bodies": ["medium", "child"],
        "cases": [
            {"name": "normal", "title": "Normal", "abnormal": False, "teaching": "All is well."},
            {
                "name": "aspiration",
                "title": "Aspiration",
                "abnormal": True,
                "teaching": "Barium runs past the cords.",
            },
        ],
        "controls": [
            {
                "name": "Swallow",
                "kind": "command",
                "unit": "",
                "description": "The patient swallows",
                "shortcut": ["S"],
                "default": 0.0,
                "minimum": 0.0,
                "maximum": 1.0,
                "step": 1.0,
                "choices": [],
            },
            {
                "name": "BreathHold",
                "kind": "switch",
                "unit": "",
                "description": "Breath held",
                "shortcut": ["H"],
                "default": False,
                "minimum": 0.0,
                "maximum": 1.0,
                "step": 1.0,
                "choices": [],
            },
            {
                "name": "Consistency",
                "kind": "choice",
                "unit": "",
                "description": "What is swallowed",
                "shortcut": [],
                "default": "thin",
                "minimum": 0.0,
                "maximum": 1.0,
                "step": 1.0,
                "choices": ["thin", "nectar", "pudding"],
            },
        ],
    },
    {
        "name": "angiogram",
        "title": "Angiography of the leg",
        "agent": "iodine",
        "teaching": "Follow the vessel.",
        "technique": {"kv": 70.0, "tube_current_ma": 20.0},
        "geometry": {"primary_deg": 0.0, "secondary_deg": 0.0},
        "rate_hz": 7.5,
        "subtraction": True,
        "bodies": ["medium"],
        "cases": [
            {"name": "stenosis", "title": "Stenosis", "abnormal": True, "teaching": "It narrows."}
        ],
        "controls": [
            _CATHETER,
            {
                **_CATHETER,
                "name": "Inject",
                "kind": "command",
                "unit": "",
                "description": "Inject contrast medium",
                "shortcut": ["I"],
            },
        ],
    },
]


def procedures():
    """What `fluoroview.procedures` gives."""
    return PROCEDURES


def gallery_frames(name, case, size=1024, frames=None):
    """A field with a dark vessel that fills from top to bottom."""
    count = frames or 24
    rows = np.arange(size)[:, None] / size
    columns = np.abs(np.arange(size)[None, :] - size / 2) < size / 20

    def pulses():
        rng = np.random.default_rng(1)
        for index in range(count):
            filled = columns & (rows < (index - 8) / 12)
            still = 8000 + 20000 * np.linspace(0, 1, size)[None, :]
            yield index / 8, rng.poisson(still * np.exp(-0.5 * filled)).astype(np.uint16)

    return {"rate_hz": 8.0, "still": 16}, pulses()


ROLES = {
    "Procedure": Role.PROCEDURE,
    "Case": Role.CASE,
    "PatientSize": Role.PATIENT_SIZE,
    "AcquisitionType": Role.ACQUISITION_TYPE,
    "HighLevelControl": Role.HIGH_LEVEL,
    "ProcedureStatus": Role.PROCEDURE_STATUS,
    "BrightnessLimit": Role.BRIGHTNESS_LIMIT,
    "AnodeHeat": Role.ANODE_HEAT_PERCENT,
    "PeakSkinDose": Role.PEAK_SKIN_DOSE,
    "TeachingText": Role.TEACHING_POINTS,
    "AcquisitionFrameRate": Role.FRAME_RATE,
    "TubeVoltage": Role.TUBE_VOLTAGE,
    "TubeCurrent": Role.TUBE_CURRENT,
    "PositionerPrimaryAngle": Role.PRIMARY_ANGLE,
    "PositionerSecondaryAngle": Role.SECONDARY_ANGLE,
    "TableLateralPosition": Role.TABLE_LATERAL,
    "TableLongitudinalPosition": Role.TABLE_LONGITUDINAL,
    "TableVerticalPosition": Role.TABLE_VERTICAL,
    "TableTilt": Role.TABLE_TILT,
    "PatientPosition": Role.PATIENT_POSITION,
    "FieldOfView": Role.FIELD_OF_VIEW,
    "IrisDiameter": Role.IRIS,
    "AntiScatterGrid": Role.ANTI_SCATTER_GRID,
    "AutomaticBrightnessControl": Role.BRIGHTNESS_CONTROL,
    "BrightnessCurve": Role.BRIGHTNESS_CURVE,
    "DoseLevel": Role.DOSE_LEVEL,
}
POLLED = ("ProcedureStatus", "BrightnessLimit", "AnodeHeat")


class _Tree(ParameterTree):
    """The parameters follow the procedure."""

    def __init__(self, make):
        self._make = make
        super().__init__(make(), "theatre")

    def renew(self):
        self._by_name = {parameter.name: parameter for parameter in self._make()}


class TheatreDetector(PolledDetector):
    """Frames of 64×64 at 100/s."""

    @classmethod
    def discover(cls):
        return [DeviceInfo("theatre", "one", model="Theatre")]

    def open(self):
        self.values = {
            "Procedure": "swallow",
            "Case": "normal",
            "PatientSize": "medium",
            "BreathHold": False,
            "Consistency": "thin",
            "CatheterAdvance": 0.0,
            "PositionerPrimaryAngle": 0.0,
            "PositionerSecondaryAngle": 0.0,
            "TableLateralPosition": 0.0,
            "TableLongitudinalPosition": 0.0,
            "TableVerticalPosition": 0.0,
            "TableTilt": 0.0,
            "PatientPosition": "supine",
            "FieldOfView": "300",
            "IrisDiameter": 300.0,
            "AntiScatterGrid": True,
            "AutomaticBrightnessControl": True,
            "BrightnessCurve": "kV first",
            "DoseLevel": "normal",
            "HighLevelControl": False,
            "AcquisitionType": "fluoroscopy",
            "TubeVoltage": 70.0,
            "TubeCurrent": 5.0,
        }
        self.written = []
        self.heat = 20.0
        self.limit = ""
        self.count = 0
        self.due_s = 0.0

    def parameters(self):
        self.tree = _Tree(self._all)
        return self.tree

    def _all(self):
        found = [*self._fixed(), *self._controls()]
        for parameter in found:
            if parameter.name in ROLES:
                parameter.presentation["role"] = ROLES[parameter.name]
            if parameter.name in POLLED:
                parameter.presentation["polling_interval_s"] = 0.1
        return found

    def _info(self):
        return next(p for p in PROCEDURES if p["name"] == self.values["Procedure"])

    def _case(self):
        return next(c for c in self._info()["cases"] if c["name"] == self.values["Case"])

    def _get(self, name):
        return lambda: self.values[name]

    def _set(self, name):
        def write(value):
            self.values[name] = value
            self.written.append((name, value))

        return write

    def _choose(self, name):
        self.values["Procedure"] = name
        self.values["Case"] = self._info()["cases"][0]["name"]
        self.tree.renew()

    def _number(self, name, low, high, unit):
        return FloatParameter(
            name, self._get(name), self._set(name), minimum=low, maximum=high, unit=unit
        )

    def _choice(self, name, choices, unit="", access=None):
        get, write = self._get(name), self._set(name)
        return EnumParameter(name, get, write, choices=choices, unit=unit, access=access)

    def _fixed(self):
        idle = Access.RW_IDLE
        return [
            IntParameter("Width", lambda: 64, unit="px"),
            IntParameter("Height", lambda: 64, unit="px"),
            EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
            EnumParameter("PixelIntensityRelationship", lambda: "LIN", choices=["LIN"]),
            FloatParameter("AcquisitionFrameRate", lambda: 100.0, unit="Hz"),
            EnumParameter(
                "Procedure",
                self._get("Procedure"),
                self._choose,
                choices=[p["name"] for p in PROCEDURES],
                access=idle,
            ),
            self._choice("Case", lambda: [c["name"] for c in self._info()["cases"]], access=idle),
            self._choice("PatientSize", lambda: self._info()["bodies"], access=idle),
            self._number("TubeVoltage", 40.0, 125.0, "kV"),
            self._number("TubeCurrent", 0.5, 100.0, "mA"),
            self._number("PositionerPrimaryAngle", -120.0, 120.0, "deg"),
            self._number("PositionerSecondaryAngle", -50.0, 50.0, "deg"),
            self._number("TableLateralPosition", -150.0, 150.0, "mm"),
            self._number("TableLongitudinalPosition", -500.0, 500.0, "mm"),
            self._number("TableVerticalPosition", -150.0, 150.0, "mm"),
            self._number("TableTilt", -20.0, 90.0, "deg"),
            self._choice("PatientPosition", ["supine", "prone", "left side", "standing"]),
            self._choice("FieldOfView", ["420", "300", "220", "160"], unit="mm"),
            self._number("IrisDiameter", 20.0, 430.0, "mm"),
            BoolParameter(
                "AntiScatterGrid", self._get("AntiScatterGrid"), self._set("AntiScatterGrid")
            ),
            BoolParameter(
                "AutomaticBrightnessControl",
                self._get("AutomaticBrightnessControl"),
                self._set("AutomaticBrightnessControl"),
            ),
            self._choice("BrightnessCurve", ["kV first", "mA first"]),
            self._choice("DoseLevel", ["low", "normal", "high", "boost"]),
            BoolParameter(
                "HighLevelControl", self._get("HighLevelControl"), self._set("HighLevelControl")
            ),
            self._choice("AcquisitionType", ["fluoroscopy", "single image", "DSA run"]),
            StrParameter("BrightnessLimit", lambda: self.limit),
            FloatParameter("AnodeHeat", lambda: self.heat, unit="%"),
            FloatParameter("PeakSkinDose", lambda: 0.12, unit="mGy"),
            StrParameter("TeachingText", lambda: self._case()["teaching"]),
            StrParameter("ProcedureStatus", lambda: f"image {self.count}"),
        ]

    def _controls(self):
        return [self._control(control) for control in self._info()["controls"]]

    def _control(self, control):
        name, keys, description = control["name"], control["shortcut"], control["description"]
        if control["kind"] == "command":
            return CommandParameter(
                name,
                lambda: self.written.append((name, None)),
                description=description,
                shortcut=keys,
            )
        get, write = self._get(name), self._set(name)
        if control["kind"] == "switch":
            return BoolParameter(name, get, write, description=description, shortcut=keys)
        if control["kind"] == "choice":
            return EnumParameter(
                name, get, write, choices=control["choices"], description=description, shortcut=keys
            )
        return FloatParameter(
            name,
            get,
            write,
            minimum=control["minimum"],
            maximum=control["maximum"],
            unit=control["unit"],
            description=description,
            shortcut=keys,
            step=control["step"],
        )

    def read(self, pixels, timeout_s):
        """A ramp that brightens with the angle; after 0.01 s."""
        now_s = time.monotonic()
        if now_s < self.due_s:
            time.sleep(min(self.due_s - now_s, timeout_s))
        self.due_s = max(self.due_s, now_s) + 0.01
        self.count += 1
        pixels[:] = np.linspace(2000, 30000, pixels.shape[1]).astype(pixels.dtype)
        return FrameHeader(self.count, time.monotonic_ns())

    def close(self):
        self.stop()
