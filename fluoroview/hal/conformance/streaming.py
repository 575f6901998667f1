"""One continuous run, watched by a prompt consumer: what the rules about frames are judged from."""

import threading
from collections.abc import Iterator

import numpy as np

from fluoroview.hal.conformance import counting, pictures, pulses, timing
from fluoroview.hal.conformance.trial import Desk, Trial
from fluoroview.hal.conformance.verdict import Finding, Rule, failed, judged, passed
from fluoroview.hal.conformance.watch import Watched, watch

CONTINUOUS = Rule(
    "continuous-run",
    "Frames come until stop, without a pause of ten periods (at least 1 s), and nothing fails.",
    "A stream that ends by itself looks like a patient who holds still.",
)
ERRORS_TOLD = Rule(
    "errors-told",
    "No thread of the driver dies of an exception that `sink.fail` was not told.",
    "A thread that dies unseen leaves a device that is running and delivers nothing.",
)


def _stream(desk: Desk) -> Iterator[Finding]:
    died: list[str] = []
    before, threading.excepthook = threading.excepthook, lambda args: died.append(_obituary(args))
    try:
        with desk.open_rig() as rig:
            rig.arm(poison=True)
            seen = watch(rig, desk, desk.effort.stream_s)
    finally:
        threading.excepthook = before
    yield _continuous(seen)
    yield judged(ERRORS_TOLD.id, died, "No thread died of an exception.")
    yield from pictures.judge(seen)
    yield from counting.judge(seen)
    yield from timing.judge(seen)
    yield from pulses.judge(seen)


def _obituary(args: threading.ExceptHookArgs) -> str:
    name = args.thread.name if args.thread else "a thread"
    return f"Thread {name!r} died of {args.exc_type.__name__}: {args.exc_value}."


def _continuous(seen: Watched) -> Finding:
    rule, log = CONTINUOUS.id, seen.log
    others = [text for text in log.failures if not log.wrong_sizes]
    if others:
        return failed(
            rule, f"The driver reported a failure after {len(log.frames)} frames: {others[0]}"
        )
    if log.wrong_sizes:
        return passed(rule, "It ended at a frame of a wrong size.")
    times = np.array([commit.at_ns for commit in log.frames]) / 1e9
    if times.size < 2:
        return failed(rule, f"{times.size} frames came in all.")
    longest_s = float(np.max(np.diff(np.append(times, seen.released_ns / 1e9))))
    allowed_s = max(1.0, 10.0 / seen.rate_hz) if seen.rate_hz > 0 else 3.0
    text = (
        f"{times.size} frames in {times[-1] - times[0]:.2f} s; "
        f"the longest pause was {1e3 * longest_s:.0f} ms."
    )
    return (failed if longest_s > allowed_s else passed)(rule, text)


STREAM = Trial(
    "continuous run",
    _stream,
    (
        CONTINUOUS,
        ERRORS_TOLD,
        *pictures.RULES,
        *counting.RULES,
        *timing.RULES,
        *pulses.RULES,
    ),
    needs=("open-close", "start-at-once"),
)
