"""The room: which detector with which settings, the geometry, the pipeline, the hold, the loop.

A TOML file, validated; every error names the file, the key and what is allowed. Lengths, times and
the like carry their unit in the key's name.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from fluoroview.hal import FluoroError
from fluoroview.hal.suggestions import did_you_mean
from fluoroview.pipeline.settings import PipelineSettings
from fluoroview.session.last_image_hold import MAX_HOLD_FRAMES

# By the ending of a key.
_UNITS = {
    "_mgy": "mGy",
    "_gycm2": "Gy·cm²",
    "_mm": "mm",
    "_px": "pixels",
    "_counts": "counts",
    "seconds": "seconds",
}


RENAMED = {"source": "generator", "dosemeter": "dose_meter"}
"""Keys of room files of version 0.1."""


class RoomError(FluoroError):
    """A room file that cannot be used."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _one_value(given: Any) -> Any:
    if not isinstance(given, bool | int | float | str):
        raise ValueError('one value is allowed: a number, a text in "quotes", true or false')
    return given


class DeviceSection(_Section):
    """[generator], [dose_meter]: a device next to the detector; without a driver there is none."""

    driver: str = ""
    device: str = ""
    """Device id as `fluoroview devices` shows it."""
    isolation: Literal["process", "thread"] = "process"
    parameters: dict[str, Annotated[bool | int | float | str, BeforeValidator(_one_value)]] = {}
    """Values written after the device is opened, by the driver's own names and units."""


class DoseMeterSection(DeviceSection):
    """[dose_meter]: what it measures is taken from it, and not from the generator."""

    measures: list[Literal["kap", "air_kerma"]] = ["kap"]


class BeamSection(_Section):
    """[beam]: how the session detects that the beam is on."""

    detect: Literal["pedal", "signal"] = "pedal"
    threshold_counts: float | None = Field(default=None, gt=0)
    """Mean raw counts above which the beam is on; needed where it is detected from the signal."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.detect == "signal" and self.threshold_counts is None:
            raise ValueError(
                'detect = "signal" needs threshold_counts, the mean raw counts between a dark and '
                "an exposed frame: for example threshold_counts = 800.0"
            )
        return self


class GeometrySection(_Section):
    """[geometry]: where the reference point is."""

    source_to_reference_mm: float = Field(default=600.0, gt=0)


class DetectorSection(DeviceSection):
    """[detector]: the device that delivers the frames; no device id: the first one found."""

    driver: str = "simulated"
    faults: str = ""
    """A fault script, relative to the room file; empty: none."""
    restart: Literal["offer", "automatic"] = "offer"
    """After a fault the operator restarts the device, or it restarts automatically."""


class HoldSection(_Section):
    """[hold]: last-image hold."""

    frames: int = Field(default=1, ge=1, le=MAX_HOLD_FRAMES)
    """1: the last image; n: the mean of the last n."""


class LoopSection(_Section):
    """[loop]: the loop buffer, which holds the last images."""

    seconds: float = Field(default=60.0, ge=2.0, le=600.0)
    folder: str = ""
    """Empty: the user's cache folder."""


class DoseSection(_Section):
    """[dose]: notification levels."""

    air_kerma_notification_mgy: float = Field(default=2000.0, gt=0)
    kap_notification_gycm2: float = Field(default=200.0, gt=0)


class Room(_Section):
    """Everything that is set before a session."""

    name: str = "Fluoroscopy room"
    detector: DetectorSection = DetectorSection()
    generator: DeviceSection = DeviceSection()
    dose_meter: DoseMeterSection = DoseMeterSection()
    beam: BeamSection = BeamSection()
    geometry: GeometrySection = GeometrySection()
    hold: HoldSection = HoldSection()
    loop: LoopSection = LoopSection()
    dose: DoseSection = DoseSection()
    pipeline: PipelineSettings | None = None
    """None: the default settings for the detector."""
    calibration: str = ""
    """A calibration set (HDF5), or a folder of them of which the newest that fits is taken;
    relative to the room file; empty: none."""


def read_room(path: Path) -> Room:
    """Return the room of a TOML file.

    Raises RoomError naming the file, the key and what is allowed.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RoomError(
            f"The room file {path} cannot be read: {error.strerror}.",
            "Check its name.",
            code="FV-ROM-001",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RoomError(
            f"The room file {path} is not TOML: {error}.", "Correct that line.", code="FV-ROM-002"
        ) from error
    try:
        room = Room.model_validate(content)
    except ValidationError as error:
        raise RoomError(*_sentence(path, error), code="FV-ROM-003") from error
    return _relative_to(path.parent, room)


def _relative_to(folder: Path, room: Room) -> Room:
    """Return the room with its relative file names resolved against its own folder."""
    detector = room.detector
    if detector.faults:
        detector = detector.model_copy(update={"faults": str(folder / detector.faults)})
    calibration = str(folder / room.calibration) if room.calibration else ""
    return room.model_copy(update={"calibration": calibration, "detector": detector})


def _sentence(path: Path, error: ValidationError) -> tuple[str, str]:
    """Return what is wrong with the first bad key, and what is allowed."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    key = ".".join(location)
    if first["type"] == "extra_forbidden":
        allowed = _allowed(location[:-1])
        renamed = RENAMED.get(key)
        hint = f"It is now {renamed}. " if renamed else did_you_mean(location[-1], allowed, 1)
        return (
            f"The room file {path} has an unknown key {key}.",
            f"{hint}Allowed are: {', '.join(allowed)}.",
        )
    unit = _unit(location[-1])
    message = first["msg"][0].lower() + first["msg"][1:]
    if first["type"] == "value_error":
        message = str(first["ctx"]["error"])
        if isinstance(first["input"], dict):  # keys that do not go together
            return f"The room file {path}, [{key}]: {message}.", ""
    elif first["type"] in ("model_type", "dict_type"):
        message = f"it is a section: [{key}], with its keys in lines below it"
    what = f"The room file {path}: {key} = {first['input']!r} is not allowed; {message}."
    return what, f"Give a plain number in {unit}." if unit else ""


def _allowed(location: list[str]) -> list[str]:
    model: Any = Room
    for part in location:
        field = model.model_fields[part].annotation
        model = next(
            (
                kind
                for kind in getattr(field, "__args__", (field,))
                if hasattr(kind, "model_fields")
            ),
            field,
        )
    return list(model.model_fields)


def _unit(key: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if key.endswith(ending)), "")
