"""One continuous run with a prompt consumer: the evidence for the rules about frames."""

import threading
from collections.abc import Iterator

import numpy as np

from fluoroview.conformance import counting, images, pulses, timing
from fluoroview.conformance.rig import stall_s
from fluoroview.conformance.trial import TO_OPEN, Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, judged, not_applicable, passed
from fluoroview.conformance.watch import Watched, watch

CONTINUOUS = Rule(
    "continuous-run",
    "Frames come until stop, without a pause of ten periods (at least 1 s), and nothing fails.",
    "A stream that ends unnoticed looks like a patient who holds still.",
)
ERRORS_REPORTED = Rule(
    "errors-reported",
    "No thread of the driver dies of an exception that it does not report to `sink.fail`.",
    "A thread that dies unnoticed leaves a device that is running and delivers nothing.",
)


def _stream(context: TrialContext) -> Iterator[Finding]:
    died: list[str] = []
    before, threading.excepthook = threading.excepthook, lambda args: died.append(_obituary(args))
    try:
        with context.open_rig() as rig:
            rig.arm(poison=True)
            seen = watch(rig, context, context.effort.stream_s)
    finally:
        threading.excepthook = before
    yield _continuous(seen)
    yield judged(ERRORS_REPORTED.id, died, "No thread died of an exception.")
    yield from images.judge(seen)
    yield from counting.judge(seen)
    yield from timing.judge(seen)
    yield from pulses.judge(seen)


def _obituary(args: threading.ExceptHookArgs) -> str:
    name = args.thread.name if args.thread else "a thread"
    return f"Thread {name!r} died of {args.exc_type.__name__}: {args.exc_value}."


def _continuous(seen: Watched) -> Finding:
    rule, log, count = CONTINUOUS.id, seen.log, len(seen.log.frames)
    if log.wrong_sizes:
        return not_applicable(rule, "It ended at a frame of the wrong size; see frame-size.")
    if log.failures:
        return failed(rule, f"After {count} frames the driver reported: {log.failures[0]}")
    if seen.ended or count < 2:
        return failed(rule, f"{count} frames came, then none.")
    times_s = np.array([commit.at_ns for commit in log.frames]) / 1e9
    longest_s = float(np.max(np.diff(times_s)))
    text = (
        f"{count} frames in {times_s[-1] - times_s[0]:.2f} s; "
        f"the longest pause was {1e3 * longest_s:.0f} ms."
    )
    return (failed if longest_s > stall_s(seen.rate_hz) else passed)(rule, text)


STREAM = Trial(
    "continuous run",
    _stream,
    (
        CONTINUOUS,
        ERRORS_REPORTED,
        *images.RULES,
        *counting.RULES,
        *timing.RULES,
        *pulses.RULES,
    ),
    needs=TO_OPEN,
)
