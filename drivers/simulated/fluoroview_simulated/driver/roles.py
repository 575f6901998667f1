"""What the parameters of the simulated room are for, and which of them change on their own."""

from collections.abc import Iterable

from fluoroview.hal.parameter import Parameter
from fluoroview.hal.roles import Role

ROLES = {
    "AcquisitionFrameRate": Role.FRAME_RATE,
    "Scene": Role.FIELD_CONTENT,
    "Procedure": Role.PROCEDURE,
    "Case": Role.CASE,
    "Body": Role.PATIENT_SIZE,
    "Seed": Role.PATIENT_SEED,
    "ProcedureStatus": Role.PROCEDURE_STATUS,
    "StatusMessage": Role.STATUS_MESSAGE,
    "TeachingText": Role.TEACHING_POINTS,
    "DsaDefault": Role.DSA_DEFAULT,
    "TubeVoltage": Role.TUBE_VOLTAGE,
    "TubeCurrent": Role.TUBE_CURRENT,
    "PulseWidth": Role.PULSE_WIDTH,
    "CopperFilter": Role.COPPER_FILTER,
    "AluminiumFilter": Role.ALUMINIUM_FILTER,
    "AcquisitionType": Role.ACQUISITION_TYPE,
    "AutomaticBrightnessControl": Role.BRIGHTNESS_CONTROL,
    "BrightnessCurve": Role.BRIGHTNESS_CURVE,
    "BrightnessLimit": Role.BRIGHTNESS_LIMIT,
    "DoseLevel": Role.DOSE_LEVEL,
    "HighLevelControl": Role.HIGH_LEVEL,
    "PeakSkinDose": Role.PEAK_SKIN_DOSE,
    "PeakSkinDosePlace": Role.PEAK_SKIN_DOSE_PLACE,
    "SkinDoseMapFile": Role.SKIN_DOSE_MAP,
    "SkinDoseReset": Role.SKIN_DOSE_RESET,
    "AnodeHeat": Role.ANODE_HEAT_PERCENT,
    "PositionerPrimaryAngle": Role.PRIMARY_ANGLE,
    "PositionerSecondaryAngle": Role.SECONDARY_ANGLE,
    "SourceImageDistance": Role.SOURCE_IMAGE_DISTANCE,
    "TableLateralPosition": Role.TABLE_LATERAL,
    "TableLongitudinalPosition": Role.TABLE_LONGITUDINAL,
    "TableVerticalPosition": Role.TABLE_VERTICAL,
    "TableTilt": Role.TABLE_TILT,
    "PatientPosition": Role.PATIENT_POSITION,
    "FieldOfView": Role.FIELD_OF_VIEW,
    "FieldWidth": Role.FIELD_WIDTH,
    "FieldHeight": Role.FIELD_HEIGHT,
    "IrisDiameter": Role.IRIS,
    "AntiScatterGrid": Role.ANTI_SCATTER_GRID,
}
POLLED = frozenset(
    {
        "ProcedureStatus",
        "StatusMessage",
        "AnodeHeat",
        "PeakSkinDose",
        "BrightnessLimit",
        "TubeVoltage",
        "TubeCurrent",
        "PulseWidth",
    }
)
POLLING_INTERVAL_S = 0.25


def with_roles(parameters: Iterable[Parameter]) -> list[Parameter]:
    """Return the parameters, each with its role and how often it is to be read."""
    found = list(parameters)
    for parameter in found:
        if parameter.name in ROLES:
            parameter.presentation["role"] = ROLES[parameter.name]
        if parameter.name in POLLED:
            parameter.presentation["polling_interval_s"] = POLLING_INTERVAL_S
    return found
