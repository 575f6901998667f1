"""Open and close: a hundred times, twice, before open, while streaming, after a fault."""

import statistics
import time
from collections.abc import Iterator

from fluoroview.conformance.rig import Hang, Rig, until
from fluoroview.conformance.trial import KINDS, Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, passed, warned
from fluoroview.hal.errors import FluoroError

NOWHERE = "no-such-device-7f3a"
"""A device id that no driver has."""

OPEN_CLOSE = Rule(
    "open-close",
    "Open and close work as often as they are called, each within its deadline.",
    "An operator who must restart the program to use the device again loses the patient's time.",
)
CLOSE_UNOPENED = Rule(
    "close-unopened",
    "Close of a device that is not open, or whose open failed, does nothing.",
    "The HAL closes after a failed open; an error there hides why it failed.",
)
CLOSE_TWICE = Rule(
    "close-twice",
    "A second close does nothing.",
    "Two paths out of the program may both close the device; the second must not crash.",
)
UNKNOWN_DEVICE = Rule(
    "unknown-device",
    "Open of a device that is not there raises DeviceError with a sentence.",
    "A mistyped id or a disconnected cable must be distinguishable from a program error.",
)
CLOSE_STREAMING = Rule(
    "close-streaming",
    "Close during a run ends it: no frame and no pulse follows, and the device opens again.",
    "The window may be closed with the pedal down.",
)
CLOSE_IN_FAULT = Rule(
    "close-in-fault",
    "After a fault the device closes within its deadline, and opens and streams again.",
    "Restarting after a fault is the operator's only remedy.",
)


def _openings(context: TrialContext) -> Iterator[Finding]:
    yield _open_close(context)
    yield _close_twice(context)
    yield from _unknown_device(context)
    yield _close_unopened(context)


def _open_close(context: TrialContext) -> Finding:
    took_s: list[float] = []
    end = time.monotonic() + context.effort.budget_s
    for _ in range(context.effort.opens):
        with context.open_rig() as rig:
            pass
        took_s.append(rig.took_s["open"] + rig.took_s["close"])
        if time.monotonic() > end:
            break
    return passed(
        OPEN_CLOSE.id,
        f"Opened and closed {len(took_s)} times, {1e3 * statistics.median(took_s):.1f} ms each "
        f"(longest {1e3 * max(took_s):.1f} ms).",
    )


def _close_twice(context: TrialContext) -> Finding:
    with context.open_rig() as rig:
        rig.call("close", OPEN_CLOSE.id)
        rig.close(CLOSE_TWICE.id)
    return passed(CLOSE_TWICE.id, "Two calls of close in a row returned.")


def _close_unopened(context: TrialContext) -> Finding:
    with context.rig() as rig:
        rig.call("close", CLOSE_UNOPENED.id)
    return passed(CLOSE_UNOPENED.id, "Close returned on a device that was never opened.")


def _unknown_device(context: TrialContext) -> Iterator[Finding]:
    rule = UNKNOWN_DEVICE.id
    with context.rig(NOWHERE) as rig:
        context.step(rule)
        try:
            rig.do("open", rig.device.open, rule)
        except FluoroError as error:
            yield passed(rule, f"It reported: {error}")
        except Hang:
            raise
        except Exception as error:
            kind = type(error).__name__
            yield failed(rule, f"Open of {NOWHERE!r} raised {kind} instead of DeviceError: {error}")
        else:
            yield warned(rule, f"Open of {NOWHERE!r} was accepted.")
        rig.call("close", CLOSE_UNOPENED.id)


def _closings(context: TrialContext) -> Iterator[Finding]:
    yield _close_streaming(context)
    yield _close_in_fault(context)


def _close_streaming(context: TrialContext) -> Finding:
    rule = CLOSE_STREAMING.id
    with context.open_rig() as rig:
        _stream(rig)
        context.step(rule)
        try:
            rig.do("close", rig.device.close, rule)
        except Hang:
            raise
        except Exception as error:
            return failed(rule, f"Close while streaming raised {type(error).__name__}: {error}")
        before = len(rig.log.commits)
        rig.drain()
        until(lambda: False, context.effort.settle_s)
        late = len(rig.log.commits) - before
        rig.close(CLOSE_TWICE.id)
    if late:
        return failed(rule, f"{late} frames were committed after close had returned.")
    return _streams_again(context, rule)


def _close_in_fault(context: TrialContext) -> Finding:
    """Simulate a fault: the HAL accepts nothing more, forbids pulses, and closes."""
    rule = CLOSE_IN_FAULT.id
    with context.open_rig() as rig:
        _stream(rig)
        rig.sink.close()
        rig.release_pedal()
        rig.close(rule)
    return _streams_again(context, rule)


def _streams_again(context: TrialContext, rule: str) -> Finding:
    with context.open_rig() as rig:
        rig.arm()
        rig.start()
        rig.wait_frames(1, rule)
        rig.stop()
    return passed(rule, "It closed, opened again and streamed.")


def _stream(rig: Rig) -> None:
    rig.arm()
    rig.start()
    rig.wait_frames(2)


OPENINGS = Trial(
    "open and close",
    _openings,
    (OPEN_CLOSE, CLOSE_TWICE, CLOSE_UNOPENED, UNKNOWN_DEVICE),
    needs=(),
    kinds=KINDS,
)
CLOSINGS = Trial(
    "close in a run",
    _closings,
    (CLOSE_STREAMING, CLOSE_IN_FAULT),
)
