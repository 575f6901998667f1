"""Stop, provoked: from the thread that commits, and while a commit is being held up."""

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
    "Abort from an SDK's callback is the classic deadlock; a driver must see it coming.",
)
STOP_HELD = Rule(
    "stop-while-committing",
    "Stop waits for a commit that is under way, and returns soon after it.",
    "On a busy computer a commit can take a while; stop must neither overtake it nor deadlock.",
)
_HOLD_S = 0.3


def _provoked(desk: TrialContext) -> Iterator[Finding]:
    yield from _held(desk)
    yield _from_commit(desk)


def _held(desk: TrialContext) -> Iterator[Finding]:
    """Hold the driver's thread in its second commit, call stop, let go a moment later."""
    inside, let_go = threading.Event(), threading.Event()
    commits = iter(range(1 << 30))

    def hold() -> None:
        if next(commits) == 1:
            inside.set()
            let_go.wait(5.0)

    with desk.open_rig() as rig:
        rig.before_commit = hold
        rig.arm()
        rig.start()
        if not inside.wait(desk.effort.first_frame_s):
            yield not_applicable(STOP_HELD.id, "No two frames came.")
            return
        threading.Timer(_HOLD_S, let_go.set).start()
        rig.stop(STOP_HELD.id)
        took_s = rig.took_s["stop"]
        let_go.wait(2 * _HOLD_S)
        until(lambda: False, desk.effort.settle_s)
        late = rig.log.late
    if late:
        yield failed(
            AFTER_STOP.id,
            f"Stop returned after {took_s:.2f} s while a commit was held up for {_HOLD_S:g} s, "
            f"and {late} commits followed.",
        )
    yield passed(STOP_HELD.id, f"Stop returned after {took_s:.2f} s; {_HOLD_S:g} s were the hold.")


def _from_commit(desk: TrialContext) -> Finding:
    rule = STOP_IN_COMMIT.id
    done = threading.Event()
    raised: list[Exception] = []
    with desk.open_rig() as rig:
        rig.after_commit = lambda: _stop_once(rig, done, raised)
        rig.arm()
        desk.step(rule)
        rig.start()
        if not until(lambda: bool(rig.log.commits), desk.effort.first_frame_s):
            return not_applicable(rule, "No frame came.")
        limit_s = DEADLINE_S["stop"] * desk.effort.deadline_scale
        if not done.wait(limit_s):
            raise Hang(rule, f"Stop from the committing thread did not return in {limit_s:g} s.")
        until(lambda: False, desk.effort.settle_s)
        late = rig.log.late
    if raised:
        return failed(rule, f"Stop from the committing thread raised: {raised[0]}")
    if late:
        return failed(rule, f"{late} commits followed on stop from the committing thread.")
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
    "stop, provoked",
    _provoked,
    (STOP_IN_COMMIT, STOP_HELD),
)
