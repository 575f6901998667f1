"""Stop under provocation: from the thread that commits, and while a commit is delayed."""

import threading
from collections.abc import Iterator

from fluoroview.conformance.endurance import AFTER_STOP
from fluoroview.conformance.rig import Hang, Rig, until
from fluoroview.conformance.trial import Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, not_applicable, passed
from fluoroview.hal.states import DEADLINE_S

STOP_IN_COMMIT = Rule(
    "stop-in-commit",
    "Stop called from the thread that commits returns, and no commit follows.",
    "Abort from an SDK's callback is the classic deadlock; a driver must avoid it.",
)
STOP_HELD = Rule(
    "stop-while-committing",
    "Stop waits for a commit in progress, and returns soon after it.",
    "On a busy computer a commit can take a while; stop must neither overtake it nor deadlock.",
)
_HOLD_S = 0.3


def _provoked(context: TrialContext) -> Iterator[Finding]:
    yield from _held(context)
    yield _from_commit(context)


def _held(context: TrialContext) -> Iterator[Finding]:
    """Hold the driver's thread in its second commit, call stop, release it a moment later."""
    inside, let_go = threading.Event(), threading.Event()
    commits = iter(range(1 << 30))

    def hold() -> None:
        if next(commits) == 1:
            inside.set()
            let_go.wait(5.0)

    with context.open_rig() as rig:
        rig.before_commit = hold
        rig.arm()
        rig.start()
        if not inside.wait(context.effort.first_frame_s):
            yield not_applicable(STOP_HELD.id, "No two frames came.")
            return
        threading.Timer(_HOLD_S, let_go.set).start()
        rig.stop(STOP_HELD.id)
        took_s = rig.took_s["stop"]
        let_go.wait(2 * _HOLD_S)
        until(lambda: False, context.effort.settle_s)
        late = rig.log.late
    if late:
        yield failed(
            AFTER_STOP.id,
            f"Stop returned after {took_s:.2f} s while a commit was delayed for {_HOLD_S:g} s, "
            f"and {late} commits followed.",
        )
    yield passed(STOP_HELD.id, f"Stop returned after {took_s:.2f} s; the delay was {_HOLD_S:g} s.")


def _from_commit(context: TrialContext) -> Finding:
    rule = STOP_IN_COMMIT.id
    done = threading.Event()
    raised: list[Exception] = []
    with context.open_rig() as rig:
        rig.after_commit = lambda: _stop_once(rig, done, raised)
        rig.arm()
        context.step(rule)
        rig.start()
        if not until(lambda: bool(rig.log.commits), context.effort.first_frame_s):
            return not_applicable(rule, "No frame came.")
        limit_s = DEADLINE_S["stop"] * context.effort.deadline_scale
        if not done.wait(limit_s):
            raise Hang(rule, f"Stop from the committing thread did not return in {limit_s:g} s.")
        until(lambda: False, context.effort.settle_s)
        late = rig.log.late
    if raised:
        return failed(rule, f"Stop from the committing thread raised: {raised[0]}")
    if late:
        return failed(rule, f"{late} commits followed a stop from the committing thread.")
    return passed(rule, "Stop from the committing thread returned, and nothing followed.")


def _stop_once(rig: Rig, done: threading.Event, raised: list[Exception]) -> None:
    if done.is_set() or not rig.running:
        return
    rig.running = False
    rig.release_pedal()
    try:
        rig.server.handle("stop", {})
    except Exception as error:
        raised.append(error)
    finally:
        done.set()


PROVOKED = Trial(
    "provoked stop",
    _provoked,
    (STOP_IN_COMMIT, STOP_HELD),
)
