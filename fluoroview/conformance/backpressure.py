"""A stalled consumer: the ring fills, the driver continues, no held frame is overwritten."""

from collections.abc import Iterator

from fluoroview.conformance.rig import until
from fluoroview.conformance.trial import Trial, TrialContext
from fluoroview.conformance.verdict import (
    Finding,
    Rule,
    failed,
    judged,
    not_applicable,
    passed,
)

SLOW = Rule(
    "slow-consumer",
    "With a full ring the driver continues, each loss is counted, and frames flow again "
    "afterwards.",
    "A slow disk or screen may cost counted images, but not the run.",
)
KEPT = Rule(
    "kept-frame",
    "The driver does not write to a frame that the consumer still holds.",
    "An image that changes while it is processed or saved is torn, and nothing shows it.",
)
_SLOTS = 4
_LOSSES = 5


def _stand_still(context: TrialContext) -> Iterator[Finding]:
    with context.open_rig() as rig:
        rig.arm(slots=_SLOTS)
        rig.start()
        context.step(SLOW.id)
        patience_s = max(context.effort.first_frame_s, 20.0 / max(rig.rate_hz, 1e-3))
        if not until(lambda: rig.pending == _SLOTS or bool(rig.log.failures), patience_s):
            yield not_applicable(KEPT.id, f"No {_SLOTS} frames came.")
            yield failed(SLOW.id, f"{rig.pending} frames came while the consumer was stalled.")
            return
        before = rig.held()
        went_on = until(lambda: rig.ledger.lost_ring >= _LOSSES, rig.stall_s * 2)
        after = {k: v for k, v in rig.held().items() if k in before}
        yield judged(
            KEPT.id,
            [f"{_changed(before, after)} of {len(before)} frames changed while they were held."]
            if _changed(before, after)
            else [],
            f"{len(before)} frames were held and did not change.",
        )
        if not went_on:
            sentence = f" It reported: {rig.log.failures[0]}" if rig.log.failures else ""
            yield failed(
                SLOW.id,
                f"With the ring of {_SLOTS} full, {rig.ledger.lost_ring} more frames came in "
                f"{rig.stall_s * 2:.1f} s, then none.{sentence}",
            )
            return
        rig.drain()
        flowed = until(lambda: rig.pending >= 2, rig.stall_s)
        ledger = rig.stop()
        rig.drain()
    if not flowed:
        yield failed(SLOW.id, f"After {ledger.lost_ring} losses no further frame came.")
    elif not ledger.exact:
        yield failed(SLOW.id, f"The ledger does not add up: {ledger.as_dict()}.")
    else:
        yield passed(
            SLOW.id,
            f"{ledger.expected} expected = {ledger.delivered} delivered + {ledger.lost_ring} "
            f"lost(ring) + {ledger.lost - ledger.lost_ring} lost otherwise; it continued.",
        )


def _changed(before: dict[int, int], after: dict[int, int]) -> int:
    return sum(after[sequence] != before[sequence] for sequence in after)


STAND_STILL = Trial(
    "slow consumer",
    _stand_still,
    (SLOW, KEPT),
)
