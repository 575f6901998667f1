"""Parameters: C-arm, table, patient's position, shutters, grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluoroview.hal import BoolParameter, EnumParameter, FloatParameter
from fluoroview.hal.parameter import Parameter
from fluoroview_simulated.room import technique as limits

if TYPE_CHECKING:
    from fluoroview_simulated.driver.device import SimulatedDetector


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
            lambda v: _lay(device, "PatientPosition", "position", v),
            choices=list(limits.POSITIONS),
            description="how the patient lies or stands: where fluid goes; the C-arm turns with "
            "them",
        ),
        FloatParameter(
            "TableTilt",
            lambda: suite.geometry.tilt_deg,
            lambda v: _lay(device, "TableTilt", "tilt_deg", float(v)),
            minimum=-45.0,
            maximum=90.0,
            unit="deg",
            description="head end up positive",
        ),
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
            description="side of the detector's input field: smaller magnifies",
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
            description="round opening, measured at the detector",
        ),
        BoolParameter(
            "AntiScatterGrid",
            lambda: suite.geometry.grid,
            lambda v: suite.set_geometry(grid=v),
            description="out: less dose for the same signal, more scatter",
        ),
        FloatParameter("SourceImageDistance", lambda: suite.geometry.source_image_mm, unit="mm"),
    ]


def _lay(device: SimulatedDetector, name: str, field: str, value: Any) -> None:
    """Turns table or patient, and lets the patient know when: fluid takes its time to follow."""
    before = getattr(device.suite.geometry, field)
    device.suite.set_geometry(**{field: value})
    scene = device.scene()
    if scene is not None:
        scene.procedure.actions.turned(device.now_s(), name, before, value)


def _geometry(
    device: SimulatedDetector,
    name: str,
    field: str,
    span: tuple[float, float],
    unit: str,
    description: str,
    shortcut: tuple[str, ...] = (),
    step: float | None = None,
) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: getattr(device.suite.geometry, field),
        lambda v: device.suite.set_geometry(**{field: float(v)}),
        minimum=span[0],
        maximum=span[1],
        unit=unit,
        description=description,
        shortcut=shortcut,
        step=step,
    )


def _table(device: SimulatedDetector, name: str, axis: int, description: str) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: device.suite.table_mm(axis),
        lambda v: device.suite.set_isocentre(axis, float(v)),
        minimum=-400.0,
        maximum=400.0,
        unit="mm",
        description=f"from where the examination began; {description}",
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
        description="open field, measured at the detector",
    )
