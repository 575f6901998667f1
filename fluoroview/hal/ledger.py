"""Every frame by its fate: the equation that must hold exactly, per run.

    hardware counter delta = delivered + lost(link) + lost(sdk) + lost(ring) + lost(consumer)

The producer's side counts in control words of the ring, so that nothing is forgotten when its
process is killed. A gap of the counter for which the driver gave no cause counts as lost(link):
the frames left the detector and did not arrive. Pictures that the display skipped are no loss;
the examination counts them apart.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum

from fluoroview.hal.ring import FrameRing, Word


class LossCause(StrEnum):
    """Why a frame did not arrive."""

    LINK = "link"
    SDK = "sdk"
    RING = "ring"
    CONSUMER = "consumer"


_LOST_WORD = {
    LossCause.LINK: Word.LOST_LINK,
    LossCause.SDK: Word.LOST_SDK,
    LossCause.RING: Word.LOST_RING,
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of one run at one moment."""

    run: int = 0
    expected: int = 0
    delivered: int = 0
    lost_link: int = 0
    lost_sdk: int = 0
    lost_ring: int = 0
    lost_consumer: int = 0
    repeated: int = 0
    after_stop: int = 0

    @property
    def lost(self) -> int:
        """All frames lost, whatever the cause."""
        return self.lost_link + self.lost_sdk + self.lost_ring + self.lost_consumer

    @property
    def exact(self) -> bool:
        """Whether the equation holds."""
        return self.expected == self.delivered + self.lost

    def as_dict(self) -> dict[str, int | bool]:
        """Return the account JSON-able, with `lost` and `exact`."""
        return asdict(self) | {"lost": self.lost, "exact": self.exact}


def read_ledger(ring: FrameRing, lost_consumer: int = 0) -> Ledger:
    """Return the account of the run so far; `lost_consumer` frames were read but not used."""
    words = ring.words.copy()
    started = words[Word.STARTED] != 0
    return Ledger(
        run=int(words[Word.RUN]),
        expected=int(words[Word.ACCOUNTED] - words[Word.FIRST_NUMBER] + 1) if started else 0,
        delivered=int(words[Word.RUN_COMMITTED]) - lost_consumer,
        lost_link=int(words[Word.LOST_LINK]),
        lost_sdk=int(words[Word.LOST_SDK]),
        lost_ring=int(words[Word.LOST_RING]),
        lost_consumer=lost_consumer,
        repeated=int(words[Word.REPEATED]),
        after_stop=int(words[Word.AFTER_STOP]),
    )


class LedgerWriter:
    """The producer's pen: unwraps the hardware counter and counts. Not thread-safe by itself."""

    def __init__(self, ring: FrameRing, counter_bits: int = 64) -> None:
        self._words = ring.words
        self._modulus = 1 << min(counter_bits, 62)  # the words are signed 64-bit
        self._last_raw: int | None = None
        self._lost_before_first = 0
        for word in (
            Word.FIRST_NUMBER,
            Word.ACCOUNTED,
            Word.RUN_COMMITTED,
            Word.LOST_LINK,
            Word.LOST_SDK,
            Word.LOST_RING,
            Word.REPEATED,
            Word.AFTER_STOP,
            Word.STARTED,
        ):
            self._words[word] = 0

    def lose(self, count: int, cause: LossCause) -> None:
        """Count frames that the driver knows to be lost, in their place in the sequence."""
        if count <= 0:
            return
        words = self._words
        words[_LOST_WORD[cause]] += count
        if not words[Word.STARTED]:
            words[Word.STARTED] = 1
            words[Word.ACCOUNTED] = -1
        words[Word.ACCOUNTED] += count
        if self._last_raw is None:
            self._lost_before_first += count

    def number(self, raw_counter: int) -> int | None:
        """Return the unwrapped frame number, counting a gap before it as lost(link).

        None: the counter stood still or went back; the frame is a repetition and not counted.
        """
        words = self._words
        raw = raw_counter % self._modulus
        if self._last_raw is None:
            number = raw
            words[Word.FIRST_NUMBER] = number - self._lost_before_first
            words[Word.STARTED] = 1
        else:
            accounted = int(words[Word.ACCOUNTED])
            step = (raw - accounted) % self._modulus
            if step == 0 or step > self._modulus // 2:
                words[Word.REPEATED] += 1
                return None
            number = accounted + step
            words[Word.LOST_LINK] += step - 1
        self._last_raw = raw
        words[Word.ACCOUNTED] = number
        return number

    def count_commit(self) -> None:
        """Count one frame that went into the ring."""
        self._words[Word.RUN_COMMITTED] += 1

    def count_ring_loss(self) -> None:
        """Count one frame that found no free slot; its number is accounted already."""
        self._words[Word.LOST_RING] += 1

    def count_after_stop(self) -> None:
        """Count one commit after stop had returned."""
        self._words[Word.AFTER_STOP] += 1
