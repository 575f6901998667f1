"""Rules about the x-ray pulses that the driver reports. Dose counts these."""

import math
from collections.abc import Iterator
from itertools import pairwise

from fluoroview.conformance.probe import ReportedPulse
from fluoroview.conformance.verdict import Finding, Rule, failed, judged, not_applicable
from fluoroview.conformance.watch import Watched
from fluoroview.hal.frame import DoseOrigin, Pulse

INDEX = Rule(
    "pulse-index",
    "Pulse indices increase, and a frame names a pulse that was reported.",
    "Dose is counted by pulse: a repeated index counts dose twice, an unreported one loses it.",
)
VALUES = Rule(
    "pulse-values",
    "Pulses carry the host's monotonic time; kerma and KAP are not negative and state their "
    "origin.",
    "A dose figure without an origin cannot be shown, and must not be shown as zero.",
)
RELEASED = Rule(
    "pulse-after-release",
    "No pulse is reported once `sink.stopping` is true (20 ms for a pulse that has begun).",
    "The pedal is up: any further pulse is dose without a reason.",
)
RULES = (INDEX, VALUES, RELEASED)
_UNDER_WAY_NS = 20_000_000
_CLOCK_NS = 1_000_000_000


def judge(seen: Watched) -> Iterator[Finding]:
    """Judge the rules of this file by one run."""
    named = [c.header.pulse_index for c in seen.log.frames if c.header.pulse_index >= 0]
    yield from judge_pulses(seen.log.pulses, named, seen.released_ns)


def judge_pulses(
    reported: list[ReportedPulse], named: list[int], released_ns: int
) -> Iterator[Finding]:
    """Judge what was reported, which pulses frames named, and what came after the release."""
    if not reported and not named:
        for rule in RULES:
            yield not_applicable(rule.id, "The driver reports no pulses.")
        return
    yield _index(reported, named)
    yield judged(
        VALUES.id,
        [fault for entry in reported if (fault := value_fault(entry))],
        f"{len(reported)} pulses, origin {reported[0].pulse.origin if reported else 'not stated'}.",
    )
    late = [entry for entry in reported if entry.at_ns > released_ns + _UNDER_WAY_NS]
    yield judged(
        RELEASED.id,
        [
            f"{len(late)} pulses were reported after the pedal was released, the last "
            f"{(late[-1].at_ns - released_ns) / 1e6:.0f} ms after."
        ]
        if late
        else [],
        f"None of {len(reported)} pulses came after the release.",
    )


def _index(reported: list[ReportedPulse], named: list[int]) -> Finding:
    indices = [entry.pulse.pulse_index for entry in reported]
    back = [f"After pulse {a} came {b}." for a, b in pairwise(indices) if b <= a]
    if back:
        return judged(INDEX.id, back, "")
    unreported = sorted(set(named) - set(indices))
    if unreported:
        return failed(
            INDEX.id,
            f"{len(unreported)} frames name a pulse that was not reported, the first "
            f"{unreported[0]}.",
        )
    return judged(INDEX.id, [], f"{len(indices)} pulses, {len(named)} frames name theirs.")


def value_fault(entry: ReportedPulse) -> str:
    """Return what is wrong with time and dose of a pulse, or nothing."""
    pulse = entry.pulse
    off_ns = entry.at_ns - pulse.host_time_ns
    if abs(off_ns) > _CLOCK_NS:
        return (
            f"Pulse {pulse.pulse_index} is dated {off_ns / 1e9:+.1f} s away from the host's "
            "monotonic clock."
        )
    return _dose_fault(pulse)


def _dose_fault(pulse: Pulse) -> str:
    for name, value in (("air kerma", pulse.air_kerma_ugy), ("KAP", pulse.kap_ugym2)):
        if math.isnan(value):
            continue
        if not (math.isfinite(value) and value >= 0):
            return f"Pulse {pulse.pulse_index} states {value} as its {name}."
        if pulse.origin is DoseOrigin.NOT_AVAILABLE:
            return f"Pulse {pulse.pulse_index} states a {name} of {value} without an origin."
    return ""
