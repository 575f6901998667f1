"""A panel's settings as FluoroView's parameters: name, unit, limits, access."""

from fluoroview.hal import (
    Access,
    EnumParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    ParameterTree,
    StrParameter,
)
from fluoroview_xisl.frame_account import COUNTER_BITS
from fluoroview_xisl.sensors import Sensor
from fluoroview_xisl.settings import LAST_GAIN, SYNC_MODES, Settings


def parameter_tree(settings: Settings, sensor: Sensor) -> ParameterTree:
    """Return the parameters of `sensor`; what changes the format or the calibration waits for idle.

    An offset map holds for one camera mode, binning, gain and exposure time.
    """
    return ParameterTree(
        [*_image(settings), *_timing(settings), *_readout(settings), *_identity(sensor)],
        f"xisl:{sensor.id}",
    )


def _image(settings: Settings) -> list[Parameter]:
    return [
        IntParameter("Width", lambda: settings.size.columns, unit="px"),
        IntParameter("Height", lambda: settings.size.rows, unit="px"),
        EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
        IntParameter("BitDepth", lambda: 16, unit="bit"),
        IntParameter("FrameCounterBits", lambda: COUNTER_BITS, unit="bit"),
        EnumParameter("PixelIntensityRelationship", lambda: "LIN", choices=["LIN"]),
    ]


def _timing(settings: Settings) -> list[Parameter]:
    return [
        EnumParameter(
            "FrameSyncMode",
            lambda: settings.sync_mode,
            settings.set_sync_mode,
            choices=list(SYNC_MODES),
            access=Access.RW_IDLE,
            description="What starts a frame: the panel's timer (ExposureTime), the readout as "
            "fast as "
            "CameraMode lets it, or a trigger, for example the generator's.",
        ),
        FloatParameter(
            "ExposureTime",
            settings.exposure_time_us,
            settings.set_exposure_time_us,
            minimum=lambda: settings.exposure_limits_us()[0],
            maximum=lambda: settings.exposure_limits_us()[1],
            unit="µs",
            description="Integration time of a frame, which is its period too. Can be set with the "
            "internal timer only.",
        ),
        FloatParameter(
            "AcquisitionFrameRate",
            lambda: 1e6 / settings.exposure_time_us(),
            lambda rate_hz: settings.set_exposure_time_us(1e6 / rate_hz),
            minimum=lambda: 1e6 / settings.exposure_limits_us()[1],
            maximum=lambda: 1e6 / settings.exposure_limits_us()[0],
            unit="Hz",
            description="ExposureTime the other way round; with an external trigger, the most "
            "the readout "
            "allows.",
        ),
    ]


def _readout(settings: Settings) -> list[Parameter]:
    return [
        IntParameter(
            "CameraMode",
            lambda: settings.camera_mode,
            settings.set_camera_mode,
            minimum=0,
            maximum=lambda: len(settings.frame_times_us) - 1,
            access=Access.RW_IDLE,
            description="Readout timing of the panel, 0 the fastest.",
        ),
        IntParameter(
            "CameraGain",
            lambda: settings.gain,
            settings.set_gain,
            minimum=0,
            maximum=lambda: max(LAST_GAIN, settings.gain),
            access=Access.RW_IDLE,
            description="XISL's number of the amplifier's capacitance: 0 to 5 are 0.25, 0.5, 1, "
            "2, 4 and "
            "8 pF on panels of types xN, xO and xP; a smaller one gives more counts.",
        ),
        EnumParameter(
            "BinningMode",
            lambda: settings.binning,
            settings.set_binning,
            choices=lambda: settings.binnings,
            access=Access.RW_IDLE,
            description="Columns × rows that make one pixel; Width and Height follow.",
        ),
        IntParameter("BinningHorizontal", lambda: settings.binning_factors()[0], unit="px"),
        IntParameter("BinningVertical", lambda: settings.binning_factors()[1], unit="px"),
    ]


def _identity(sensor: Sensor) -> list[Parameter]:
    return [
        StrParameter("DeviceModelName", lambda: sensor.model),
        StrParameter("DeviceSerialNumber", lambda: sensor.serial),
    ]
