"""Rules about numbers: the hardware counter, the losses reported, the slots."""

from collections.abc import Iterator
from itertools import pairwise

from fluoroview.conformance.probe import Commit
from fluoroview.conformance.verdict import (
    Finding,
    Rule,
    failed,
    judged,
    not_applicable,
    passed,
    warned,
)
from fluoroview.conformance.watch import Watched

CONTINUITY = Rule(
    "counter-continuity",
    "The hardware counter of each frame is one more than the last, plus the losses reported "
    "between.",
    "The counter is the only witness of frames that never arrived.",
)
WRAP = Rule(
    "counter-wrap",
    "Counters lie in 0 to 2^FrameCounterBits - 1 and wrap only there.",
    "A 16-bit counter wraps every 36 minutes at 30/s; unwrapped wrongly, frames vanish.",
)
LEDGER = Rule(
    "ledger-exact",
    "Counter delta = delivered + lost by cause; no loss is reported that the counter does not "
    "show.",
    "A figure that does not add up cannot be trusted when frames do go missing.",
)
COMMIT_ONCE = Rule(
    "commit-once",
    "Each slot is committed at most once.",
    "After its commit a slot belongs to the consumers, which may be showing it.",
)
SLOTS_RETURNED = Rule(
    "slots-returned",
    "Each acquired slot is committed or discarded.",
    "One forgotten slot per frame stops the stream after as many frames as the ring has slots.",
)
RULES = (CONTINUITY, WRAP, LEDGER, COMMIT_ONCE, SLOTS_RETURNED)
_COMMON_BITS = (8, 10, 12, 14, 16, 20, 24, 30, 31, 32)


def judge(seen: Watched) -> Iterator[Finding]:
    """Judge the rules of this file by one run."""
    yield _continuity(seen)
    yield _wrap(seen)
    yield _ledger(seen)
    again = sum(commit.again for commit in seen.log.commits)
    yield judged(
        COMMIT_ONCE.id,
        [f"{again} commits used a slot that had been committed or discarded before."]
        if again
        else [],
        f"{len(seen.log.frames)} slots, each committed once.",
    )
    yield _slots(seen)


def _steps(frames: list[Commit]) -> list[tuple[int, int]]:
    counters = [commit.header.hardware_counter for commit in frames]
    return list(pairwise(counters))


def _is_undeclared_wrap(before: int, after: int, bits: int) -> bool:
    """Whether a counter fell from the top of a usual width that was not declared to its bottom."""
    return any(
        before == (1 << width) - 1 and after in (0, 1) for width in _COMMON_BITS if width != bits
    )


def _continuity(seen: Watched) -> Finding:
    rule, frames = CONTINUITY.id, seen.log.frames
    if len(frames) < 2:
        return not_applicable(rule, "Fewer than two frames came.")
    modulus = 1 << min(seen.counter_bits, 62)
    back, gaps, missing = [], 0, 0
    for place, (before, after) in enumerate(_steps(frames)):
        if _is_undeclared_wrap(before, after, seen.counter_bits):
            continue
        step = (after - before) % modulus
        if step == 0 or step > modulus // 2:
            back.append(f"After counter {before} came {after}.")
        elif step > 1:
            reported = sum(
                loss.count for loss in seen.log.losses if loss.after_commits == place + 1
            )
            if reported < step - 1:
                gaps, missing = gaps + 1, missing + step - 1 - reported
    if back:
        return judged(rule, back, "")
    if gaps:
        return warned(
            rule,
            f"{missing} frames are missing in {gaps} gaps for which the driver reported no loss; "
            "the HAL counts them as lost(link).",
        )
    return passed(rule, f"{len(frames)} counters; every gap was reported.")


def _wrap(seen: Watched) -> Finding:
    rule, bits, frames = WRAP.id, seen.counter_bits, seen.log.frames
    if not 1 <= bits <= 64:
        return failed(rule, f"FrameCounterBits is {bits}.")
    modulus = 1 << bits
    outside = [
        c.header.hardware_counter for c in frames if not 0 <= c.header.hardware_counter < modulus
    ]
    if outside:
        return failed(rule, f"Counter {outside[0]} does not fit into {bits} bits.")
    falls = [(a, b) for a, b in _steps(frames) if _is_undeclared_wrap(a, b, bits)]
    if falls:
        return failed(
            rule,
            f"The counter fell from {falls[0][0]} to {falls[0][1]}, but FrameCounterBits "
            f"is {bits}.",
        )
    wrapped = any(b < a and a - b > modulus // 2 for a, b in _steps(frames))
    return passed(rule, f"{bits} bits; a wrap was {'seen' if wrapped else 'not reached'}.")


def _ledger(seen: Watched) -> Finding:
    rule, ledger = LEDGER.id, seen.ledger
    figures = f"{ledger.expected} expected = {ledger.delivered} delivered + {ledger.lost} lost"
    if not ledger.exact:
        return failed(rule, f"The ledger does not add up: {figures}.")
    excess = _excess_losses(seen)
    if excess:
        return failed(rule, excess)
    return passed(rule, f"{figures}.")


def _excess_losses(seen: Watched) -> str:
    """Return a sentence where more losses were reported than the counter shows, else nothing."""
    modulus = 1 << min(seen.counter_bits, 62)
    for place, (before, after) in enumerate(_steps(seen.log.frames)):
        reported = sum(loss.count for loss in seen.log.losses if loss.after_commits == place + 1)
        step = (after - before) % modulus
        if reported and reported > step - 1:
            return (
                f"{reported} losses were reported between counters {before} and {after}, "
                f"where {step - 1} frames are missing."
            )
    return ""


def _slots(seen: Watched) -> Finding:
    rule, log = SLOTS_RETURNED.id, seen.log
    text = f"{log.acquired} slots were acquired, {log.used_up} committed or discarded."
    if log.forgotten > 1:
        return failed(rule, text)
    if log.forgotten == 1:
        return warned(rule, f"{text} The slot in use at stop was not discarded.")
    return passed(rule, text)
