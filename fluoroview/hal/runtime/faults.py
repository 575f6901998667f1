"""Scripted faults on any detector: what goes wrong and when, repeatable by seed.

A script is a TOML file:

    seed = 7

    [[fault]]
    kind = "drop"          # one of the kinds below
    at_frame = 100         # once, at the 100th frame of the run (counted from 0) ...
    # every = 50           # ... or at every 50th frame ...
    # probability = 0.01   # ... or at random, by the seed
    from_frame = 0         # not before this frame
    until_frame = 500      # and not from this one on
    runs = [1]             # only in these runs of the device; all, where not given

The faults happen in the driver's own process, between the driver and the ring, so that host,
ledger and viewer react as they would to a bad detector.
"""

import math
import os
import signal
import time
import tomllib
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fluoroview.hal.errors import FluoroError
from fluoroview.hal.frame import FrameFormat, FrameHeader, Pixels
from fluoroview.hal.sink import FrameSink

_FOREVER_S = 3600.0
_FLOOD_FRAMES = 100_000


class FaultScriptError(FluoroError):
    """A fault script that is invalid."""


class FaultKind(StrEnum):
    """What can go wrong."""

    DROP = "drop"
    """The frame never arrives; its counter value is missing."""
    DUPLICATE = "duplicate"
    """The frame arrives twice under one counter value."""
    REORDER = "reorder"
    """The frame arrives after the next one."""
    DELAY = "delay"
    """The frame arrives `delay_ms` late."""
    TEAR = "tear"
    """The lower half is that of the frame before."""
    SATURATE = "saturate"
    """All pixels are at their maximum."""
    DEAD_LINE = "dead_line"
    """Row `row` is 0."""
    GAIN_DRIFT = "gain_drift"
    """Pixels grow by `percent_per_frame` with each frame of the fault."""
    TEMPERATURE_DRIFT = "temperature_drift"
    """The stated temperature rises by `celsius_per_frame`, from 30 °C where none is stated."""
    UNPLUG = "unplug"
    """The cable is disconnected: the driver reports it and delivers no further frame."""
    HANG_IN_STOP = "hang_in_stop"
    """The next stop does not return."""
    CRASH = "crash"
    """The driver's process dies of SIGSEGV (in a thread: the whole program)."""
    FLOOD = "flood"
    """The same image is committed as fast as possible."""
    WRONG_SIZE = "wrong_size"
    """A frame of half the size is offered."""
    COUNTER_WRAP = "counter_wrap"
    """The hardware counter has 16 bits and wraps at this frame."""


_KIND_OF = {
    "delay_ms": FaultKind.DELAY,
    "row": FaultKind.DEAD_LINE,
    "percent_per_frame": FaultKind.GAIN_DRIFT,
    "celsius_per_frame": FaultKind.TEMPERATURE_DRIFT,
}
"""Keys that belong to one kind."""
_WRAP_FRAME = 100
_COUNTER = 1 << 16

Run = Annotated[int, Field(ge=1)]


class Fault(BaseModel):
    """One fault of a script."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: FaultKind = Field(strict=False)
    at_frame: int | None = Field(default=None, ge=0)
    every: int | None = Field(default=None, ge=1)
    probability: float | None = Field(default=None, gt=0, le=1)
    from_frame: int = Field(default=0, ge=0)
    until_frame: int | None = Field(default=None, ge=1)
    runs: list[Run] | None = Field(default=None, min_length=1)
    delay_ms: float = Field(default=100.0, gt=0, le=60_000)
    row: int = Field(default=0, ge=0)
    percent_per_frame: float = Field(default=0.1, ge=-50, le=50)
    celsius_per_frame: float = Field(default=0.01, ge=-10, le=10)

    @model_validator(mode="after")
    def _one_moment(self) -> "Fault":
        moments = ("at_frame", "every", "probability")
        given = [name for name in moments if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other; keep one of them")
        if self.until_frame is not None and self.until_frame <= self.from_frame:
            raise ValueError("until_frame must be after from_frame")
        if self.at_frame is not None and not self._within(self.at_frame):
            raise ValueError("at_frame must be at or after from_frame and before until_frame")
        return self

    @model_validator(mode="after")
    def _own_keys(self) -> "Fault":
        for key, kind in _KIND_OF.items():
            if key in self.model_fields_set and kind is not self.kind:
                raise ValueError(f"{key} belongs to {kind}, not to {self.kind}")
        if self.kind is FaultKind.COUNTER_WRAP:
            others = sorted(self.model_fields_set - {"kind", "at_frame"})
            if others:
                raise ValueError(f"counter_wrap takes at_frame alone, not {' and '.join(others)}")
            if self.at_frame is not None and not 0 < self.at_frame < _COUNTER:
                raise ValueError(f"at_frame of counter_wrap is 1 to {_COUNTER - 1}")
        return self

    def _within(self, frame: int) -> bool:
        return self.from_frame <= frame and (self.until_frame is None or frame < self.until_frame)

    def strikes(self, frame: int, run: int, chance: float) -> bool:
        """Return whether it happens at this frame; `chance` is uniform in [0, 1)."""
        if self.runs is not None and run not in self.runs:
            return False
        if not self._within(frame):
            return False
        if self.at_frame is not None:
            return frame == self.at_frame
        if self.every is not None:
            return (frame - self.from_frame) % self.every == self.every - 1
        return self.probability is None or chance < self.probability


class FaultScript(BaseModel):
    """A list of faults and the seed of their chances."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    seed: int = Field(default=0, ge=0)
    fault: list[Fault] = []

    @model_validator(mode="after")
    def _one_wrap(self) -> "FaultScript":
        if sum(fault.kind is FaultKind.COUNTER_WRAP for fault in self.fault) > 1:
            raise ValueError("a counter wraps at one place; keep one counter_wrap")
        return self

    def striking(self, frame: int, run: int) -> list[Fault]:
        """Return the faults of this frame of this run; always the same ones for one seed."""
        chances = np.random.default_rng((self.seed, run, frame)).random(len(self.fault))
        pairs = zip(self.fault, chances, strict=True)
        return [fault for fault, chance in pairs if fault.strikes(frame, run, float(chance))]

    def require_fit(self, path: Path, stated: FrameFormat) -> None:
        """Raise FaultScriptError where a fault of the script at `path` lies outside the image."""
        for number, fault in enumerate(self.fault):
            if fault.kind is FaultKind.DEAD_LINE and fault.row >= stated.rows:
                raise FaultScriptError(
                    f"The fault script {path}: fault.{number}.row = {fault.row} is not allowed; "
                    f"the images of this device have {stated.rows} rows.",
                    f"Allowed is 0 to {stated.rows - 1}.",
                    code="FV-HAL-018",
                )

    @property
    def wraps(self) -> Fault | None:
        """The counter wrap, if the script has one."""
        return next((f for f in self.fault if f.kind is FaultKind.COUNTER_WRAP), None)


def read_faults(path: Path) -> FaultScript:
    """Return the script of a TOML file. Raises FaultScriptError naming file, key and remedy."""
    try:
        return FaultScript.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FaultScriptError(
            f"The fault script {path} cannot be read: {error.strerror}.",
            "Check its name.",
            code="FV-HAL-019",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FaultScriptError(
            f"The fault script {path} is not TOML: {error}.", code="FV-HAL-020"
        ) from error
    except ValidationError as error:
        raise FaultScriptError(*_sentence(path, error), code="FV-HAL-021") from error


def _sentence(path: Path, error: ValidationError) -> tuple[str, str]:
    """Return what is wrong with the first invalid key of a script, and what is allowed."""
    first = error.errors()[0]
    location, problem = first["loc"], first["type"]
    what = f"The fault script {path}"
    if location:
        what += f": {'.'.join(map(str, location))}"
    if problem == "extra_forbidden":
        model = FaultScript if len(location) == 1 else Fault
        return f"{what} is an unknown key.", f"Keys are: {', '.join(model.model_fields)}."
    if problem == "missing":
        return f"{what} is missing.", f"Kinds are: {', '.join(FaultKind)}."
    if problem == "value_error":  # a fault, or a script, whose keys contradict each other
        return f"{what} is not allowed: {first['ctx']['error']}.", ""
    sentence = f"{what} = {first['input']!r} is not allowed"
    if problem == "enum":
        return f"{sentence}.", f"Kinds are: {', '.join(FaultKind)}."
    if problem == "model_type" or location == ("fault",):
        return (
            f"{sentence}.",
            "Each fault is a section: [[fault]], followed by its keys.",
        )
    return f"{sentence}; {first['msg'][0].lower()}{first['msg'][1:]}.", ""


def faulty_sink(script: FaultScript) -> type[FrameSink]:
    """Return a type of sink that applies the script to a driver's frames."""

    class ScriptedSink(FaultySink):
        faults = script

    return ScriptedSink


class FaultySink(FrameSink):
    """A sink that applies its script to frames before the HAL sees them."""

    faults = FaultScript()

    def __init__(self, *args: Any, **keywords: Any) -> None:
        if self.faults.wraps is not None:
            keywords["counter_bits"] = 16
        super().__init__(*args, **keywords)
        self._frame = -1
        self._first: int | None = None
        self._before: Pixels | None = None
        self._late: tuple[int | None, FrameHeader] | None = None
        self._unplugged = False
        self._hang = False
        self._drifting = 0

    def _commit(self, index: int | None, header: FrameHeader, *, again: bool) -> None:
        if self._unplugged:
            return
        self._frame += 1
        header = self._wrapped(header)
        striking = self.faults.striking(self._frame, self._run)
        pixels = self._pool.scratch if index is None else self._ring.pixels[index]
        kinds = {fault.kind for fault in striking}
        for fault in striking:
            header = self._apply(fault, pixels, header)
        if self._unplugged:
            return
        if any(fault.kind is FaultKind.TEAR for fault in self.faults.fault):
            self._before = pixels.copy()
        if FaultKind.DROP in kinds:
            self._discard(index)
        elif FaultKind.REORDER in kinds and self._late is None:
            self._late = (index, header)
            return
        else:
            super()._commit(index, header, again=again)
            if FaultKind.DUPLICATE in kinds:
                super()._commit(None, header, again=again)
        if self._late is not None:
            (late_index, late_header), self._late = self._late, None
            super()._commit(late_index, late_header, again=False)
        if FaultKind.FLOOD in kinds:
            self._flood(pixels.copy(), header)

    def _apply(self, fault: Fault, pixels: Pixels, header: FrameHeader) -> FrameHeader:
        """Apply one fault to a frame before its commit."""
        kind = fault.kind
        if kind is FaultKind.DELAY:
            time.sleep(fault.delay_ms / 1e3)
        elif kind is FaultKind.TEAR and self._before is not None:
            half = pixels.shape[0] // 2
            pixels[half:] = self._before[half:]
        elif kind is FaultKind.SATURATE:
            pixels.fill(np.iinfo(pixels.dtype).max)
        elif kind is FaultKind.DEAD_LINE:
            pixels[fault.row] = 0
        elif kind is FaultKind.GAIN_DRIFT:
            self._drifting += 1
            _multiply(pixels, 1 + fault.percent_per_frame / 100 * self._drifting)
        elif kind is FaultKind.TEMPERATURE_DRIFT:
            stated = 30.0 if math.isnan(header.temperature_c) else header.temperature_c
            return replace(header, temperature_c=stated + fault.celsius_per_frame * self._frame)
        elif kind is FaultKind.UNPLUG:
            self._unplugged = True
            self.fail("the cable was disconnected (fault script)")
        elif kind is FaultKind.HANG_IN_STOP:
            self._hang = True
        elif kind is FaultKind.CRASH:
            os.kill(os.getpid(), signal.SIGSEGV)
        elif kind is FaultKind.WRONG_SIZE:
            self.offer(pixels[::2, ::2].copy(), header)
        return header

    def _wrapped(self, header: FrameHeader) -> FrameHeader:
        """Return the header with a counter that wraps at the frame of the script."""
        wrap = self.faults.wraps
        if wrap is None:
            return header
        if self._first is None:
            self._first = header.hardware_counter
        counter = header.hardware_counter - self._first - (wrap.at_frame or _WRAP_FRAME)
        return replace(header, hardware_counter=counter % _COUNTER)

    def _flood(self, pixels: Pixels, header: FrameHeader) -> None:
        for step in range(1, _FLOOD_FRAMES):
            if self.stopping:
                return
            slot = self.acquire()
            slot.pixels[:] = pixels
            flooded = replace(header, hardware_counter=header.hardware_counter + step)
            super()._commit(slot.index, flooded, again=False)

    def close(self) -> None:
        """End the run, or hang where the script asks for it."""
        if self._hang:
            time.sleep(_FOREVER_S)
        if self._late is not None:
            (index, header), self._late = self._late, None
            super()._commit(index, header, again=False)
        super().close()


def _multiply(pixels: Pixels, factor: float) -> None:
    limit = np.iinfo(pixels.dtype).max
    pixels[:] = np.clip(pixels * factor, 0, limit).astype(pixels.dtype)
