"""The evidence of one run: what a prompt consumer and the recording sink observed."""

import time
from dataclasses import dataclass, field

import numpy as np

from fluoroview.conformance.probe import RunLog
from fluoroview.conformance.rig import Rig, checksum, until
from fluoroview.conformance.trial import TrialContext
from fluoroview.hal.frame import Frame, FrameFormat
from fluoroview.hal.runtime.ledger import Ledger

_RELEASED_PERIODS = 3


@dataclass(frozen=True, slots=True)
class Image:
    """What was observed of the pixels of one frame."""

    counter: int
    low: int
    high: int
    checksum: int
    untouched_rows: int
    untouched_columns: int


@dataclass
class Watched:
    """The evidence of one run. `ended`: frames had ceased before the pedal was released."""

    format: FrameFormat
    pixel_format: str
    bit_depth: int
    counter_bits: int
    rate_hz: float
    triggered: bool
    log: RunLog = field(default_factory=RunLog)
    ledger: Ledger = field(default_factory=Ledger)
    images: list[Image] = field(default_factory=list)
    released_ns: int = 0
    ended: bool = False


def watch(rig: Rig, context: TrialContext, seconds: float) -> Watched:
    """Run the armed device for `seconds` and record what it does."""
    seen = _stated(rig)
    rig.start()
    for frame in rig.frames(seconds, at_least=6):
        if rig.pending <= 2:  # a frame is examined only when there is time
            seen.images.append(_image(rig, frame))
    seen.log = rig.log
    so_far = len(rig.log.commits)
    seen.ended = not until(lambda: len(rig.log.commits) > so_far, rig.stall_s)
    _release(rig, seen, context)
    seen.ledger = rig.stop()
    rig.drain()
    return seen


def _stated(rig: Rig) -> Watched:
    tree = rig.tree
    ring_format = rig.ring.layout.format
    return Watched(
        ring_format,
        str(tree["PixelFormat"].read()),
        rig.bit_depth,
        int(tree["FrameCounterBits"].read()) if "FrameCounterBits" in tree else 64,
        rig.rate_hz,
        "TriggerMode" in tree and str(tree["TriggerMode"].read()) == "On",
    )


def _image(rig: Rig, frame: Frame) -> Image:
    return Image(
        frame.header.hardware_counter,
        int(np.min(frame.pixels)),
        int(np.max(frame.pixels)),
        checksum(frame.pixels),
        *rig.untouched(frame),
    )


def _release(rig: Rig, seen: Watched, context: TrialContext) -> None:
    """Release the pedal and wait a few periods before stop, to see whether the driver notices."""
    rig.release_pedal()
    seen.released_ns = time.monotonic_ns()
    period_s = 1.0 / seen.rate_hz if seen.rate_hz > 0 else 0.1
    until(lambda: False, max(context.effort.settle_s, min(1.0, _RELEASED_PERIODS * period_s)))
