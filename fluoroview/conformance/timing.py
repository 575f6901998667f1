"""Rules about time: the hardware clock, the rate, the intervals."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from fluoroview.conformance.probe import Commit
from fluoroview.conformance.verdict import (
    Finding,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    warned,
)
from fluoroview.conformance.watch import Watched

MONOTONIC = Rule(
    "time-monotonic",
    "The hardware time of each frame is later than that of the previous frame.",
    "Latency, jitter and the pairing with other signals depend on it.",
)
UNIT = Rule(
    "time-unit",
    "Hardware time runs in nanoseconds: as fast as the host's clock (5 %; tenfold is a fault).",
    "Ticks, µs or ms mistaken for ns make every duration wrong by a power of ten.",
)
RATE = Rule(
    "rate",
    "Frames come at AcquisitionFrameRate (5 %; 20 % is a fault).",
    "Dose per second, playback speed and timing measurements are computed from it.",
)
JITTER = Rule(
    "jitter",
    "Frames are evenly spaced: the typical interval deviates by less than a quarter of the period.",
    "Bursts of frames mean a buffer between detector and screen: a late image.",
)
RULES = (MONOTONIC, UNIT, RATE, JITTER)
_SKIP = 1
"""The first interval of a run is often longer or shorter: the first frame is partly exposed."""


def judge(seen: Watched) -> Iterator[Finding]:
    """Judge the rules of this file by one run."""
    frames = seen.log.frames[_SKIP:]
    yield _monotonic(frames)
    if len(frames) < 4:
        for rule in (UNIT, RATE, JITTER):
            yield not_applicable(rule.id, f"Only {len(seen.log.frames)} frames came.")
        return
    yield _unit(_clock_ratio(frames))
    yield rate_finding(RATE.id, frames, seen.rate_hz, triggered=seen.triggered)
    yield _jitter(frames, seen)


def _monotonic(frames: list[Commit]) -> Finding:
    rule = MONOTONIC.id
    times = [commit.header.hardware_time_ns for commit in frames]
    if len(times) < 2:
        return not_applicable(rule, "Fewer than two frames came.")
    if not any(times):
        return warned(rule, "The driver states no hardware time; latency cannot be known.")
    back = [(a, b) for a, b in pairwise(times) if b < a]
    if back:
        a, b = back[0]
        return failed(rule, f"It went back {len(back)} times, first from {a} to {b} ns.")
    still = sum(a == b for a, b in pairwise(times))
    if still:
        return warned(rule, f"It stood still {still} times in {len(times)} frames.")
    return passed(rule, f"{len(times)} times, each later than the previous one.")


def _clock_ratio(frames: list[Commit]) -> float | None:
    """Return hardware seconds per host second, by a line fit; None without a hardware time."""
    hardware = np.array([c.header.hardware_time_ns for c in frames], np.float64)
    host = np.array([c.at_ns for c in frames], np.float64)
    if not hardware.any() or np.ptp(host) == 0:
        return None
    host -= host[0]
    return float(np.polyfit(host, hardware - hardware[0], 1)[0])


def _unit(ratio: float | None) -> Finding:
    if ratio is None:
        return not_applicable(UNIT.id, "The driver states no hardware time.")
    text = f"Hardware time advances {ratio:.6g} s per second of the host."
    if 0.95 <= ratio <= 1.05:
        return passed(UNIT.id, text)
    return (warned if 0.1 <= ratio <= 10 else failed)(UNIT.id, text)


def rate_finding(rule: str, frames: list[Commit], stated_hz: float, *, triggered: bool) -> Finding:
    """Judge the rate of `frames` by hardware time, or by the host's time where that is unusable."""
    if triggered:
        return not_applicable(rule, "TriggerMode is On: the trigger sets the rate.")
    if not stated_hz > 0:
        return not_applicable(rule, "The driver states no AcquisitionFrameRate.")
    measured_hz = _rate_hz(frames, hardware=_hardware_time_is_fit(frames))
    off = abs(measured_hz / stated_hz - 1.0)
    text = f"{measured_hz:.2f} Hz where {stated_hz:.2f} Hz are set ({100 * off:.1f} % off)."
    return (passed if off <= 0.05 else warned if off <= 0.2 else failed)(rule, text)


def _hardware_time_is_fit(frames: list[Commit]) -> bool:
    ratio = _clock_ratio(frames)
    good = _monotonic(frames).verdict is Verdict.PASS
    return good and ratio is not None and 0.1 <= ratio <= 10


def _rate_hz(frames: list[Commit], *, hardware: bool) -> float:
    """Return frames per second; lost frames count, because the device made them."""
    counters = [c.header.hardware_counter for c in frames]
    steps = counters[-1] - counters[0]
    count = steps if steps >= len(frames) - 1 else len(frames) - 1
    first, last = frames[0], frames[-1]
    span_ns = (
        last.header.hardware_time_ns - first.header.hardware_time_ns
        if hardware
        else last.at_ns - first.at_ns
    )
    return count * 1e9 / max(1, span_ns)


def _jitter(frames: list[Commit], seen: Watched) -> Finding:
    rule = JITTER.id
    if seen.triggered:
        return not_applicable(rule, "TriggerMode is On: the trigger sets the intervals.")
    intervals_ms = np.diff([commit.at_ns for commit in frames]) / 1e6
    period_ms = float(
        np.mean(intervals_ms)
    )  # the rule `rate` judges whether it is the period that was set
    off = np.abs(intervals_ms - period_ms)
    typical, worst = float(np.median(off)), float(np.max(off))
    text = (
        f"Intervals deviate from {period_ms:.1f} ms by {typical:.2f} ms (median), "
        f"at most {worst:.1f} ms."
    )
    share = typical / period_ms
    return (passed if share < 0.25 else warned if share < 0.5 else failed)(rule, text)
