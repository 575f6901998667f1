"""What a parameter is for, so that nobody has to recognise it by its name.

A driver gives a parameter a role; the session, the viewer and the calibration look for roles. The
name stays the driver's own (GenICam SFNC where it has one). A device without a role does not have
that function.
"""

from enum import StrEnum


class Role(StrEnum):
    """The function of a parameter in the room. Words are DICOM's, IEC's or SFNC's."""

    # detector
    FRAME_RATE = "frame rate"
    """Frames or pulses per second."""
    PLAYBACK_SPEED = "playback speed"
    """The device plays a recording; there is no beam."""
    FIELD_CONTENT = "field content"
    """What is in the field: patient, open field, dark. Lets a calibration run unattended."""
    PATIENT_ORIENTATION = "patient orientation"
    """PatientOrientation (PS3.3 C.7.6.1.1.1) of the image as it is delivered."""

    # generator
    TUBE_VOLTAGE = "tube voltage"
    TUBE_CURRENT = "tube current"
    PULSE_WIDTH = "pulse width"
    COPPER_FILTER = "copper filter"
    ALUMINIUM_FILTER = "aluminium filter"
    GENERATOR_STATE = "generator state"
    ANODE_HEAT = "anode heat"
    ANODE_HEAT_PERCENT = "anode heat percent"
    ACQUISITION_TYPE = "acquisition type"
    """What the next run is: fluoroscopy, cine, DSA, single image."""
    DSA_DEFAULT = "DSA default"
    """Whether runs of this procedure are usually read subtracted."""
    DOSE_LEVEL = "dose level"
    BRIGHTNESS_CONTROL = "brightness control"
    BRIGHTNESS_CURVE = "brightness curve"
    BRIGHTNESS_LIMIT = "brightness limit"
    HIGH_LEVEL = "high level"
    """High-level control (21 CFR 1020.32): active while it is held."""
    TECHNIQUE_STATED = "technique stated"
    """Whether the operator has stated the technique of a generator without a link."""
    PEAK_SKIN_DOSE = "peak skin dose"
    PEAK_SKIN_DOSE_PLACE = "peak skin dose place"
    SKIN_DOSE_MAP = "skin dose map"
    SKIN_DOSE_RESET = "skin dose reset"

    # positioner and table
    PRIMARY_ANGLE = "positioner primary angle"
    SECONDARY_ANGLE = "positioner secondary angle"
    SOURCE_IMAGE_DISTANCE = "source image distance"
    TABLE_LATERAL = "table lateral position"
    TABLE_LONGITUDINAL = "table longitudinal position"
    TABLE_VERTICAL = "table vertical position"
    TABLE_TILT = "table tilt"
    PATIENT_POSITION = "patient position"

    # collimator
    FIELD_OF_VIEW = "field of view"
    FIELD_WIDTH = "field width"
    FIELD_HEIGHT = "field height"
    IRIS = "iris diameter"
    ANTI_SCATTER_GRID = "anti-scatter grid"

    # procedure
    PROCEDURE = "procedure"
    CASE = "case"
    PATIENT_SIZE = "patient size"
    PATIENT_SEED = "patient seed"
    PROCEDURE_STATUS = "procedure status"
    """What happens in the patient now."""
    STATUS_MESSAGE = "status message"
    """What the operator should know of: a new text is shown as a warning."""
    TEACHING_POINTS = "teaching points"
    OPERATOR_CONTROL = "operator control"
    """What the operator can do in this procedure, apart from the pedal."""


PATIENT_ROLES = frozenset({Role.PROCEDURE, Role.CASE, Role.PATIENT_SIZE, Role.PATIENT_SEED})
"""Another value of one of these is another patient, whose dose and images begin at zero."""
POSITIONER_ROLES = frozenset(
    {
        Role.PRIMARY_ANGLE,
        Role.SECONDARY_ANGLE,
        Role.SOURCE_IMAGE_DISTANCE,
        Role.TABLE_LATERAL,
        Role.TABLE_LONGITUDINAL,
        Role.TABLE_VERTICAL,
        Role.TABLE_TILT,
        Role.PATIENT_POSITION,
    }
)
"""A device with one of these serves as a positioner."""
COLLIMATOR_ROLES = frozenset(
    {
        Role.FIELD_OF_VIEW,
        Role.FIELD_WIDTH,
        Role.FIELD_HEIGHT,
        Role.IRIS,
        Role.ANTI_SCATTER_GRID,
    }
)
"""A device with one of these serves as a collimator."""
