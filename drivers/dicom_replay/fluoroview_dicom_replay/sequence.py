"""In which order the frames of a loop are played."""

from collections.abc import Iterator
from itertools import chain, cycle

from fluoroview.hal.sequencing import Sequencing


def playback_order(first: int, last: int, sequencing: Sequencing) -> Iterator[tuple[int, bool]]:
    """Yield (frame, seen before in this run) from `first` to `last`, both included.

    A sweep turns at its ends without showing the end frame twice. Endless unless `ONCE`.
    """
    forward = range(first, last + 1)
    yield from ((frame, False) for frame in forward)
    if sequencing is Sequencing.ONCE:
        return
    back = range(last - 1, first, -1) if sequencing is Sequencing.SWEEP else range(0)
    again = chain(back, forward)
    yield from ((frame, True) for frame in cycle(list(again)))
