"""The fate of every frame: an equation that holds exactly, per run.

    hardware counter delta = delivered + lost(link) + lost(sdk) + lost(ring) + lost(consumer)

The producer's side counts in control words of the ring, so that no count is lost when its
process is killed. A gap of the counter for which the driver gave no cause counts as lost(link):
the frames left the detector and did not arrive. Images that the display skips are not lost;
the session counts them separately.
"""

from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum

from fluoroview.hal.runtime.ring import FrameRing, Word


class LossCause(StrEnum):
    """Why a frame did not arrive."""

    LINK = "link"
    SDK = "sdk"
    RING = "ring"
    CONSUMER = "consumer"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger of one run at one moment."""

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
        """Return the ledger JSON-able, with `lost` and `exact`."""
        return asdict(self) | {"lost": self.lost, "exact": self.exact}


class _Entry(IntEnum):
    """The entries of a bank."""

    STARTED = 0
    FIRST = 1
    ACCOUNTED = 2
    DELIVERED = 3
    LINK = 4
    SDK = 5
    RING = 6
    REPEATED = 7
    AFTER_STOP = 8
    COMMITTED = 9  # the ring's count of commits that this ledger includes


_LOST = {LossCause.LINK: _Entry.LINK, LossCause.SDK: _Entry.SDK, LossCause.RING: _Entry.RING}


def read_ledger(ring: FrameRing, lost_consumer: int = 0) -> Ledger:
    """Return the ledger of the run so far; `lost_consumer` frames were read but not used.

    A producer that is killed between publishing a frame and counting it leaves a frame that is not
    in the ledger yet; its header holds what is missing.
    """
    words = ring.words
    while True:
        transaction = int(words[Word.LEDGER])
        bank = Word.BANK_1 if transaction % 2 else Word.BANK_0
        entry = [int(value) for value in words[bank : bank + len(_Entry)]]
        committed = int(words[Word.COMMITTED])
        late = committed == entry[_Entry.COMMITTED] + 1
        number = ring.header(committed - 1).frame_number if late else -1
        if int(words[Word.LEDGER]) == transaction:  # else it changed while it was read
            break
    if late:
        _count_late(entry, number)
    return Ledger(
        run=int(words[Word.RUN]),
        expected=entry[_Entry.ACCOUNTED] - entry[_Entry.FIRST] + 1 if entry[_Entry.STARTED] else 0,
        delivered=entry[_Entry.DELIVERED] - lost_consumer,
        lost_link=entry[_Entry.LINK],
        lost_sdk=entry[_Entry.SDK],
        lost_ring=entry[_Entry.RING],
        lost_consumer=lost_consumer,
        repeated=entry[_Entry.REPEATED],
        after_stop=entry[_Entry.AFTER_STOP],
    )


def _account(entry: list[int], number: int) -> None:
    """Count frame `number`, and the gap before it as lost(link)."""
    if entry[_Entry.STARTED]:
        entry[_Entry.LINK] += number - entry[_Entry.ACCOUNTED] - 1
    else:
        entry[_Entry.STARTED] = 1
        entry[_Entry.FIRST] = number
    entry[_Entry.ACCOUNTED] = number


def _count_late(entry: list[int], number: int) -> None:
    """Count a frame that was published but not counted."""
    if not entry[_Entry.STARTED] or number > entry[_Entry.ACCOUNTED]:
        _account(entry, number)
    entry[_Entry.DELIVERED] += 1


class LedgerWriter:
    """The producer's side: unwraps the hardware counter and counts. Not thread-safe.

    Each change is written completely into the bank that is not in use, then one store makes that
    bank current: whenever the process is killed, the ledger adds up.
    """

    def __init__(self, ring: FrameRing, counter_bits: int = 64) -> None:
        self._words = ring.words
        self._modulus = 1 << min(counter_bits, 62)  # the words are signed 64-bit
        self._counted = False  # whether the counter is known, so that losses have a place in it
        self._entry = [0] * len(_Entry)
        self._write()

    def lose(self, count: int, cause: LossCause) -> None:
        """Count frames that the driver knows to be lost, in their place in the sequence."""
        if count <= 0:
            return
        entry = self._entry
        if not entry[_Entry.STARTED]:
            entry[_Entry.STARTED] = 1
            entry[_Entry.ACCOUNTED] = -1
        # only the reading side counts CONSUMER; a driver that reports it means its own SDK
        entry[_LOST.get(cause, _Entry.SDK)] += count
        entry[_Entry.ACCOUNTED] += count
        self._write()

    def number(self, raw_counter: int) -> int | None:
        """Return the unwrapped frame number, counting a gap before it as lost(link).

        None: the counter stood still or went back; the frame is a repetition and not counted.
        What follows is `count_commit` or `count_ring_loss`.
        """
        entry = self._entry
        raw = int(raw_counter) % self._modulus  # int: an SDK's counter may be a numpy number
        if not self._counted:
            self._counted = True
            # frames lost before the first one lie before it
            before = entry[_Entry.ACCOUNTED] + 1 if entry[_Entry.STARTED] else 0
            entry[_Entry.STARTED] = 1
            entry[_Entry.FIRST] = raw - before
            entry[_Entry.ACCOUNTED] = raw
            return raw
        step = (raw - entry[_Entry.ACCOUNTED]) % self._modulus
        if step == 0 or step > self._modulus // 2:
            self.count_repeated()
            return None
        number = entry[_Entry.ACCOUNTED] + step
        _account(entry, number)
        return number

    def count_commit(self) -> None:
        """Count one frame that went into the ring."""
        self._entry[_Entry.DELIVERED] += 1
        self._write()

    def count_ring_loss(self) -> None:
        """Count one frame that found no free slot; its number is accounted already."""
        self._entry[_Entry.RING] += 1
        self._write()

    def count_repeated(self) -> None:
        """Count one frame that came again; it is not delivered."""
        self._entry[_Entry.REPEATED] += 1
        self._write()

    def count_after_stop(self) -> None:
        """Count one commit after stop had returned."""
        self._entry[_Entry.AFTER_STOP] += 1
        self._write()

    def _write(self) -> None:
        words, entry = self._words, self._entry
        transaction = int(words[Word.LEDGER]) + 1
        entry[_Entry.COMMITTED] = int(words[Word.COMMITTED])
        bank = Word.BANK_1 if transaction % 2 else Word.BANK_0
        words[bank : bank + len(_Entry)] = entry
        words[Word.LEDGER] = transaction
