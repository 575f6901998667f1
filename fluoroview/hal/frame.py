"""What a frame carries: its header, its exposure factors, and its pulse.

Every record here has a fixed binary layout (`pack_into` / `unpack_from`), because it lives in
shared memory next to the pixels and is read by another process.
"""

import math
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]
NAN = math.nan


class DoseOrigin(StrEnum):
    """Where a dose figure comes from; shown with every figure."""

    MEASURED = "measured"
    RECORDED = "recorded"
    COMPUTED = "computed"
    SIMULATED = "simulated"
    NOT_AVAILABLE = "not available"


class PixelIntensityRelationship(StrEnum):
    """How pixel values follow x-ray intensity (DICOM PS3.3 C.8.7.1.1.2)."""

    LIN = "LIN"
    LOG = "LOG"
    DISP = "DISP"


@dataclass(frozen=True, slots=True)
class Exposure:
    """Exposure factors of one pulse. NaN means unknown; the field is measured at the detector."""

    tube_voltage_kv: float = NAN
    tube_current_ma: float = NAN
    pulse_width_ms: float = NAN
    filter_al_mm: float = NAN
    filter_cu_mm: float = NAN
    sid_mm: float = NAN
    field_width_mm: float = NAN
    field_height_mm: float = NAN

    def values(self) -> tuple[float, ...]:
        """Return the eight figures in field order."""
        return (
            self.tube_voltage_kv,
            self.tube_current_ma,
            self.pulse_width_ms,
            self.filter_al_mm,
            self.filter_cu_mm,
            self.sid_mm,
            self.field_width_mm,
            self.field_height_mm,
        )


_ORIGINS = tuple(DoseOrigin)


@dataclass(frozen=True, slots=True)
class Pulse:
    """One x-ray pulse as its generator reports it, whether or not its image arrives.

    `air_kerma_ugy` (µGy, at the reference point, free in air) and `kap_ugym2` (µGy·m²) are NaN
    where the generator does not state them.
    """

    pulse_index: int
    host_time_ns: int
    exposure: Exposure
    air_kerma_ugy: float = NAN
    kap_ugym2: float = NAN
    origin: DoseOrigin = DoseOrigin.NOT_AVAILABLE

    LAYOUT = struct.Struct("<qqq8ddd")

    def pack_into(self, buffer: memoryview, offset: int) -> None:
        """Write the record at `offset` bytes."""
        self.LAYOUT.pack_into(
            buffer,
            offset,
            self.pulse_index,
            self.host_time_ns,
            _ORIGINS.index(self.origin),
            *self.exposure.values(),
            self.air_kerma_ugy,
            self.kap_ugym2,
        )

    @classmethod
    def unpack_from(cls, buffer: memoryview, offset: int) -> "Pulse":
        """Read the record at `offset` bytes."""
        index, time_ns, origin, *rest = cls.LAYOUT.unpack_from(buffer, offset)
        return cls(index, time_ns, Exposure(*rest[:8]), rest[8], rest[9], _ORIGINS[origin])


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What is known about one frame.

    The driver fills the counter and time of its hardware, the pulse and the exposure (None: a
    dark frame, or unknown). The HAL fills `run`, `frame_number` (the counter, unwrapped) and
    `host_time_ns` (monotonic, at commit).
    """

    hardware_counter: int
    hardware_time_ns: int = 0
    pulse_index: int = -1
    exposure: Exposure | None = None
    temperature_c: float = NAN
    gain_mode: int = 0
    binning: int = 1
    run: int = -1
    frame_number: int = -1
    host_time_ns: int = 0

    LAYOUT = struct.Struct("<qqqqqqqqqd8d")

    def pack_into(self, buffer: memoryview, offset: int, sequence: int) -> None:
        """Write the header at `offset` bytes, under the ring's sequence number."""
        exposure = self.exposure
        self.LAYOUT.pack_into(
            buffer,
            offset,
            sequence,
            self.hardware_counter,
            self.hardware_time_ns,
            self.pulse_index,
            self.gain_mode | (0 if exposure is None else 1 << 32),
            self.binning,
            self.run,
            self.frame_number,
            self.host_time_ns,
            self.temperature_c,
            *(exposure or _NO_EXPOSURE).values(),
        )

    @classmethod
    def unpack_from(cls, buffer: memoryview, offset: int) -> tuple[int, "FrameHeader"]:
        """Return the sequence number and the header at `offset` bytes."""
        (sequence, counter, time_ns, pulse, mode, binning, run, number, host_ns, temp, *ex) = (
            cls.LAYOUT.unpack_from(buffer, offset)
        )
        exposure = Exposure(*ex) if mode >> 32 else None
        return sequence, cls(
            counter,
            time_ns,
            pulse,
            exposure,
            temp,
            mode & 0xFFFFFFFF,
            binning,
            run,
            number,
            host_ns,
        )


_NO_EXPOSURE = Exposure()


class Frame(NamedTuple):
    """A committed frame as a consumer sees it: the pixels are a read-only view of the ring."""

    header: FrameHeader
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """Shape and type of the frames a device delivers while armed."""

    rows: int
    columns: int
    dtype: str = "uint16"

    @property
    def frame_bytes(self) -> int:
        """Size of one frame in bytes."""
        return self.rows * self.columns * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One device that a driver found."""

    driver: str
    id: str
    vendor: str = ""
    model: str = ""
    serial: str = ""
    note: str = ""
