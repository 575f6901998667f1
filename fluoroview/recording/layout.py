"""How a recording is stored in HDF5: names, tables, and rows to and from the records of the HAL.

Datasets: `images` (frames × rows × columns, one frame a chunk, bitshuffle + LZ4), `frames` (one
row an image: its whole header), `pulses`, `runs` (the account of each run) and `ending` (one row).
An image counts once its row in `frames` exists. Attributes of the file state what was
recorded and with what; see `RecordingInfo`.
"""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

import numpy as np

from fluoroview.hal import (
    DeviceHost,
    DoseOrigin,
    Exposure,
    FrameHeader,
    Ledger,
    PixelIntensityRelationship,
    Pulse,
)
from fluoroview.hal.foreign_text import plain

FORMAT = "fluoroview recording"
VERSION = 1
SUFFIX = ".fluoro.h5"
MAX_BIT_DEPTH = 16
TABLE_BLOCK = 256
"""Rows in a chunk of the tables: the size of one extension on disk."""

_EXPOSURE = [(part.name, "<f8") for part in fields(Exposure)]
_ORIGIN_CODES = {
    DoseOrigin.NOT_AVAILABLE: 0,
    DoseOrigin.MEASURED: 1,
    DoseOrigin.RECORDED: 2,
    DoseOrigin.COMPUTED: 3,
    DoseOrigin.SIMULATED: 4,
}
_ORIGINS = {code: origin for origin, code in _ORIGIN_CODES.items()}

FRAME_ROW = np.dtype(
    [
        ("stored", "u1"),  # 1; a row that was never written reads 0
        ("exposed", "u1"),  # 0: a dark frame, or the exposure is unknown
        ("run", "<i8"),
        ("frame_number", "<i8"),
        ("hardware_counter", "<i8"),
        ("hardware_time_ns", "<i8"),
        ("host_time_ns", "<i8"),
        ("pulse_index", "<i8"),
        ("gain_mode", "<i8"),
        ("binning", "<i8"),
        ("temperature_c", "<f8"),
        *_EXPOSURE,
        ("crc32", "<u4"),  # of the pixels as they lay in memory
    ]
)
PULSE_ROW = np.dtype(
    [
        ("stored", "u1"),
        ("origin", "u1"),  # the attribute origins of the dataset names the codes
        ("run", "<i8"),
        ("pulse_index", "<i8"),
        ("host_time_ns", "<i8"),
        *_EXPOSURE,
        ("air_kerma_ugy", "<f8"),
        ("kap_ugym2", "<f8"),
    ]
)
ORIGIN_NAMES = json.dumps({code: str(origin) for code, origin in _ORIGINS.items()})


class Ending(StrEnum):
    """Why a recording ended."""

    OPEN = "not closed"
    CLOSED = "closed"
    DISK_FULL = "disk full"
    FAILED = "writing failed"


ENDINGS = tuple(Ending)
ENDING_ROW = np.dtype([("ending", "u1"), ("frames", "<i8"), ("pulses", "<i8")])


@dataclass(frozen=True, slots=True)
class RunAccount:
    """The account of one run: the device's ledger and the recorder's own counts.

    `closed`: the ledger is final. Until then it is the last one seen, and a run that was cut off
    keeps that one. `left_out` frames were delivered but not recorded, because the disk was slow;
    `pulses_missed` likewise.
    """

    run: int
    closed: bool = False
    expected: int = 0
    delivered: int = 0
    lost_link: int = 0
    lost_sdk: int = 0
    lost_ring: int = 0
    lost_consumer: int = 0
    repeated: int = 0
    after_stop: int = 0
    recorded: int = 0
    left_out: int = 0
    pulses_missed: int = 0

    @property
    def ledger(self) -> Ledger:
        """The device's ledger of the run."""
        return Ledger(**{part.name: getattr(self, part.name) for part in fields(Ledger)})


RUN_ROW = np.dtype([(part.name, "<i8") for part in fields(RunAccount)])


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """The recorded device and its settings: written once, as attributes of the file.

    `parameters` holds name, value and unit of each parameter of the device.
    """

    driver: str
    device_id: str
    relationship: PixelIntensityRelationship = PixelIntensityRelationship.DISP
    bit_depth: int = 16
    rate_hz: float = math.nan
    parameters: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return "driver:device", for people."""
        return plain(f"{self.driver}:{self.device_id}")

    @classmethod
    def of(cls, host: DeviceHost) -> "RecordingInfo":
        """Return the description of an armed device. Raises DeviceError."""
        parameters = host.parameters()
        rate_hz = parameters.number("AcquisitionFrameRate")
        return cls(
            host.driver,
            host.device_id,
            host.relationship,
            host.bit_depth,
            math.nan if rate_hz is None else rate_hz,
            [{"name": p.name, "value": p.value, "unit": p.unit} for p in parameters],
        )

    def attributes(self) -> dict[str, Any]:
        """Return the attributes, each of a plain type."""
        return asdict(self) | {
            "relationship": str(self.relationship),
            "parameters": json.dumps(self.parameters),
        }

    @classmethod
    def from_attributes(cls, found: dict[str, Any]) -> "RecordingInfo":
        """Read the attributes back. Raises KeyError, ValueError or TypeError for foreign ones."""
        bit_depth, rate_hz = int(found["bit_depth"]), float(found["rate_hz"])
        if not 1 <= bit_depth <= MAX_BIT_DEPTH or math.isinf(rate_hz):
            raise ValueError(f"{bit_depth} bits at {rate_hz} Hz are not possible")
        parameters = json.loads(found["parameters"])
        if not isinstance(parameters, list):
            raise ValueError("its list of parameters is none")
        return cls(
            str(found["driver"]),
            str(found["device_id"]),
            PixelIntensityRelationship(found["relationship"]),
            bit_depth,
            rate_hz,
            parameters,
        )


def frame_row(header: FrameHeader, crc32: int) -> tuple[Any, ...]:
    """Return a header as a row of `frames`."""
    exposure = header.exposure
    return (
        1,
        int(exposure is not None),
        header.run,
        header.frame_number,
        header.hardware_counter,
        header.hardware_time_ns,
        header.host_time_ns,
        header.pulse_index,
        header.gain_mode,
        header.binning,
        header.temperature_c,
        *(exposure or Exposure()).values(),
        crc32,
    )


def header_of(row: Any) -> FrameHeader:
    """Return the header that a row of `frames` holds."""
    return FrameHeader(
        hardware_counter=int(row["hardware_counter"]),
        hardware_time_ns=int(row["hardware_time_ns"]),
        pulse_index=int(row["pulse_index"]),
        exposure=_exposure_of(row) if row["exposed"] else None,
        temperature_c=float(row["temperature_c"]),
        gain_mode=int(row["gain_mode"]),
        binning=int(row["binning"]),
        run=int(row["run"]),
        frame_number=int(row["frame_number"]),
        host_time_ns=int(row["host_time_ns"]),
    )


def pulse_row(run: int, pulse: Pulse) -> tuple[Any, ...]:
    """Return a pulse as a row of `pulses`."""
    return (
        1,
        _ORIGIN_CODES[pulse.origin],
        run,
        pulse.pulse_index,
        pulse.host_time_ns,
        *pulse.exposure.values(),
        pulse.air_kerma_ugy,
        pulse.kap_ugym2,
    )


def pulse_of(row: Any) -> Pulse:
    """Return the pulse that a row of `pulses` holds."""
    return Pulse(
        int(row["pulse_index"]),
        int(row["host_time_ns"]),
        _exposure_of(row),
        float(row["air_kerma_ugy"]),
        float(row["kap_ugym2"]),
        _ORIGINS.get(int(row["origin"]), DoseOrigin.NOT_AVAILABLE),
    )


def run_row(account: RunAccount) -> tuple[int, ...]:
    """Return an account as a row of `runs`."""
    return tuple(int(getattr(account, part.name)) for part in fields(RunAccount))


def account_of(row: Any) -> RunAccount:
    """Return the account that a row of `runs` holds."""
    values = {part.name: int(row[part.name]) for part in fields(RunAccount)}
    closed = bool(values.pop("closed"))
    return RunAccount(closed=closed, **values)


def _exposure_of(row: Any) -> Exposure:
    return Exposure(*(float(row[name]) for name, _ in _EXPOSURE))
