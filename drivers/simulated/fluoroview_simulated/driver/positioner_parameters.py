"""Parameters of the positioner, the table and the collimator."""

from __future__ import annotations

from typing import Any

from fluoroview.hal import BoolParameter, EnumParameter, FloatParameter
from fluoroview.hal.parameter import Parameter
from fluoroview.hal.roles import Role
from fluoroview_simulated.driver.room_device import RoomDevice
from fluoroview_simulated.room import technique as limits


def positioner(device: RoomDevice) -> list[Parameter]:
    """Return C-arm, table and patient position."""
    room = device.room
    return [
        _angle(
            device,
            "PositionerPrimaryAngle",
            "primary_deg",
            120.0,
            "LAO positive, RAO negative; 0: detector in front of the patient.",
            label="LAO / RAO",
            shortcut=("Ctrl+Left", "Ctrl+Right"),
            role=Role.PRIMARY_ANGLE,
        ),
        _angle(
            device,
            "PositionerSecondaryAngle",
            "secondary_deg",
            45.0,
            "Cranial positive, caudal negative.",
            label="Cranial / caudal",
            shortcut=("Ctrl+Down", "Ctrl+Up"),
            role=Role.SECONDARY_ANGLE,
        ),
        _table(
            device, "TableLateralPosition", 0, "Table lateral", "patient's left", Role.TABLE_LATERAL
        ),
        _table(
            device, "TableVerticalPosition", 1, "Table height", "posterior", Role.TABLE_VERTICAL
        ),
        _table(
            device,
            "TableLongitudinalPosition",
            2,
            "Table longitudinal",
            "cranial",
            Role.TABLE_LONGITUDINAL,
        ),
        EnumParameter(
            "PatientPosition",
            lambda: room.state.geometry.position,
            lambda v: _move_patient(device, "PatientPosition", "position", v),
            choices=list(limits.POSITIONS),
            description="How the patient lies or stands; fluid follows gravity, and the C-arm "
            "keeps its angles to the patient.",
            label="Patient position",
            role=Role.PATIENT_POSITION,
        ),
        FloatParameter(
            "TableTilt",
            lambda: room.state.geometry.tilt_deg,
            lambda v: _move_patient(device, "TableTilt", "tilt_deg", float(v)),
            minimum=-45.0,
            maximum=90.0,
            unit="deg",
            description="Head end up positive.",
            label="Table tilt",
            role=Role.TABLE_TILT,
        ),
        FloatParameter(
            "SourceImageDistance",
            lambda: room.state.geometry.source_image_mm,
            unit="mm",
            description="Focal spot to detector.",
            label="SID",
            role=Role.SOURCE_IMAGE_DISTANCE,
        ),
    ]


def collimator(device: RoomDevice) -> list[Parameter]:
    """Return field of view, blades, iris and grid."""
    room = device.room

    def fields_of_view() -> list[str]:
        own = room.state.info.geometry.detector_mm
        return [f"{mm:g}" for mm in sorted({*limits.FIELDS_OF_VIEW_MM, own}, reverse=True)]

    return [
        EnumParameter(
            "FieldOfView",
            lambda: f"{room.state.geometry.detector_mm:g}",
            lambda v: _set_geometry(device, detector_mm=float(v)),
            unit="mm",
            choices=fields_of_view,
            description="Side of the detector's input field; a smaller field magnifies.",
            label="Field of view",
            role=Role.FIELD_OF_VIEW,
        ),
        _blades(device, "FieldWidth", "field_width_mm", "Collimation width", Role.FIELD_WIDTH),
        _blades(device, "FieldHeight", "field_height_mm", "Collimation height", Role.FIELD_HEIGHT),
        FloatParameter(
            "IrisDiameter",
            lambda: min(
                room.state.geometry.iris_mm,
                2 * room.state.geometry.detector_mm,
            ),
            lambda v: _set_geometry(device, iris_mm=float(v)),
            minimum=0.0,
            maximum=lambda: 2 * room.state.geometry.detector_mm,
            unit="mm",
            description="Diameter of the round opening, measured at the detector.",
            label="Iris",
            role=Role.IRIS,
        ),
        BoolParameter(
            "AntiScatterGrid",
            lambda: room.state.geometry.grid,
            lambda v: _set_geometry(device, grid=v),
            description="Without it: less dose for the same signal, more scatter.",
            label="Anti-scatter grid",
            role=Role.ANTI_SCATTER_GRID,
        ),
    ]


def _set_geometry(device: RoomDevice, **changes: Any) -> None:
    device.room.change(lambda s: s.with_geometry(**changes))


def _move_patient(device: RoomDevice, name: str, field: str, value: Any) -> None:
    """Move table or patient, and record when: fluid takes its time to follow."""
    before = getattr(device.room.state.geometry, field)
    _set_geometry(device, **{field: value})
    scene = device.scene()
    if scene is not None:
        scene.procedure.actions.turned(device.now_s(), name, before, value)


def _angle(
    device: RoomDevice,
    name: str,
    field: str,
    max_deg: float,
    description: str,
    *,
    label: str,
    shortcut: tuple[str, str],
    role: Role,
) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: getattr(device.room.state.geometry, field),
        lambda v: _set_geometry(device, **{field: float(v)}),
        minimum=-max_deg,
        maximum=max_deg,
        unit="deg",
        description=description,
        label=label,
        shortcut=shortcut,
        step=5.0,
        role=role,
    )


def _table(
    device: RoomDevice, name: str, axis: int, label: str, positive: str, role: Role
) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: device.room.state.table_mm(axis),
        lambda v: device.room.change(lambda s: s.with_table(axis, float(v))),
        minimum=-400.0,
        maximum=400.0,
        unit="mm",
        description=f"From where the procedure began; {positive} positive.",
        label=label,
        step=10.0,
        role=role,
    )


def _blades(device: RoomDevice, name: str, field: str, label: str, role: Role) -> FloatParameter:
    return FloatParameter(
        name,
        lambda: getattr(device.room.state.geometry, field),
        lambda v: _set_geometry(device, **{field: float(v)}),
        minimum=0.0,
        maximum=lambda: device.room.state.geometry.detector_mm,
        unit="mm",
        description="Opening between the blades, measured at the detector.",
        label=label,
        role=role,
    )
