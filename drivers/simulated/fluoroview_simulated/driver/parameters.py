"""Parameters of the detector's format and of the choice of patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Unpack

from fluoroview.hal import (
    Access,
    BoolParameter,
    EnumParameter,
    FloatParameter,
    IntParameter,
    StrParameter,
)
from fluoroview.hal.parameter import Parameter, Presentation, Visibility
from fluoroview.hal.roles import Role
from fluoroview_simulated import procedures
from fluoroview_simulated.driver.room_device import RoomDevice
from fluoroview_simulated.driver.status_messages import POLLING_S
from fluoroview_simulated.panel.panel import MATRICES
from fluoroview_simulated.room.state import DARK, OPEN_FIELD, PATIENT, RoomState


def detector(device: RoomDevice) -> list[Parameter]:
    """Return format, matrix and what is in the field."""
    room = device.room
    return [
        IntParameter(
            "Width",
            lambda: room.state.size,
            unit="px",
            description="Columns; set by Matrix.",
            visibility=Visibility.EXPERT,
        ),
        IntParameter(
            "Height",
            lambda: room.state.size,
            unit="px",
            description="Rows; set by Matrix.",
            visibility=Visibility.EXPERT,
        ),
        EnumParameter(
            "PixelFormat", lambda: "Mono16", choices=["Mono16"], visibility=Visibility.EXPERT
        ),
        EnumParameter(
            "PixelIntensityRelationship",
            lambda: "LIN",
            choices=["LIN"],
            description="Pixel values are linear in exposure.",
            visibility=Visibility.EXPERT,
        ),
        IntParameter(
            "BitDepth",
            lambda: 14 if room.state.settings.saturation else 16,
            unit="bit",
            visibility=Visibility.EXPERT,
        ),
        StrParameter(
            "DeviceSerialNumber",
            lambda: f"SIM{room.state.seed:05d}",
            description="Another Seed is another panel.",
            visibility=Visibility.EXPERT,
        ),
        FloatParameter(
            "AcquisitionFrameRate",
            lambda: room.state.pulses_per_s,
            unit="Hz",
            description="One frame per pulse; set by PulseRate and RadiationMode.",
            label="Frame rate",
        ),
        new_patient(
            device,
            "Matrix",
            lambda: str(room.state.size),
            lambda s, v: replace(s, size=int(v)),
            [str(m) for m in MATRICES],
            "Rows and columns of the detector.",
            "px",
        ),
        new_patient(
            device,
            "PanelCorrection",
            lambda: "off" if room.state.raw else "on",
            lambda s, v: replace(s, raw=v == "off"),
            ["on", "off"],
            "Offset and gain correction in the panel; off delivers raw pixels.",
            visibility=Visibility.EXPERT,
        ),
        EnumParameter(
            "FieldContent",
            lambda: room.state.field_content,
            lambda v: room.change(lambda s: replace(s, field_content=v)),
            choices=[PATIENT, OPEN_FIELD, DARK],
            description="Open field: no patient, blades outside the detector; dark: no x-ray "
            "pulses.",
            label="In the field",
            role=Role.FIELD_CONTENT,
        ),
    ]


def procedure(device: RoomDevice) -> list[Parameter]:
    """Return which procedure and patient, and what is known of them."""
    room = device.room

    def status() -> str:
        scene = device.scene()
        return scene.procedure.status(device.now_s()) if scene is not None else "Preparing"

    def teaching_points() -> str:
        info = room.state.info
        return f"{info.teaching}\n\n{info.case(room.state.case).teaching}".strip()

    def set_seed(value: int) -> None:
        room.change(lambda s: replace(s, seed=int(value)))
        device.prepare()

    return [
        EnumParameter(
            "Procedure",
            lambda: room.state.procedure,
            device.choose,
            choices=procedures.names(),
            access=Access.RW_IDLE,
            description="Sets its start technique and view too.",
            role=Role.PROCEDURE,
        ),
        new_patient(
            device,
            "Case",
            lambda: room.state.case,
            lambda s, v: s.with_patient(case=v),
            lambda: [c.name for c in room.state.info.cases],
            "The patient's finding.",
            role=Role.CASE,
        ),
        new_patient(
            device,
            "PatientSize",
            lambda: room.state.patient_size,
            lambda s, v: s.with_patient(patient_size=v),
            lambda: list(room.state.info.bodies),
            "The patient's build.",
            label="Patient size",
            role=Role.PATIENT_SIZE,
        ),
        IntParameter(
            "Seed",
            lambda: room.state.seed,
            set_seed,
            minimum=0,
            maximum=2**31 - 1,
            access=Access.RW_IDLE,
            description="Another patient of the same kind, another panel, other noise.",
            visibility=Visibility.EXPERT,
            role=Role.PATIENT_SEED,
        ),
        StrParameter(
            "ProcedureStatus",
            status,
            description="What happens in the patient now.",
            label="Status",
            polling_interval_s=POLLING_S,
            role=Role.PROCEDURE_STATUS,
        ),
        StrParameter(
            "TeachingText",
            teaching_points,
            description="Teaching points of the procedure and of the case.",
            label="Teaching points",
            role=Role.TEACHING_POINTS,
        ),
        BoolParameter(
            "DsaDefault",
            lambda: room.state.info.subtraction,
            description="Whether this procedure is usually read subtracted (DSA).",
            label="DSA by default",
            role=Role.DSA_DEFAULT,
        ),
    ]


def new_patient(
    device: RoomDevice,
    name: str,
    read: Callable[[], str],
    change: Callable[[RoomState, str], RoomState],
    choices: Sequence[str] | Callable[[], Sequence[str]],
    description: str,
    unit: str = "",
    **presentation: Unpack[Presentation],
) -> EnumParameter:
    """Return a choice after which the patient is prepared again."""

    def chosen(value: Any) -> None:
        device.room.change(lambda s: change(s, value))
        device.prepare()

    return EnumParameter(
        name,
        read,
        chosen,
        choices=choices,
        access=Access.RW_IDLE,
        description=description,
        unit=unit,
        **presentation,
    )
