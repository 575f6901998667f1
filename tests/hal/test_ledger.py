"""The equation of the ledger holds whatever a device counts, and whatever is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoroview.hal import FakeClock, FrameHeader, LossCause
from fluoroview.hal.frame import FrameFormat
from fluoroview.hal.ledger import LedgerWriter, read_ledger
from fluoroview.hal.ring import FrameRing
from fluoroview.hal.sink import FrameSink, SlotPool


def make_ring(slots=8):
    return FrameRing.create(FrameFormat(4, 4), slots)


def make_sink(ring, bits=64):
    return FrameSink(
        SlotPool(ring), clock=FakeClock(), run=1, counter_bits=bits,
        bell=ring.ring_bell, on_fail=lambda _text: None,
    )  # fmt: skip


# What may happen to the next frames of a detector.
fates = st.one_of(
    st.just(("deliver", 1)),
    st.tuples(st.just("gap"), st.integers(1, 300)),
    st.tuples(st.just("sdk"), st.integers(1, 5)),
    st.tuples(st.just("link"), st.integers(1, 5)),
    st.just(("repeat", 1)),
    st.just(("release", 1)),
)


@given(st.lists(fates, max_size=80), st.integers(0, 2**20), st.sampled_from([12, 16, 32, 64]))
def test_the_equation_is_exact_whatever_happens(events, start, bits):
    ring = make_ring()
    reader = ring.reader()
    sink = make_sink(ring, bits)
    counter, told, delivered_last = start, 0, False
    for fate, count in events:
        if fate == "release":
            if reader.next(0):
                reader.release()
        elif fate == "deliver":
            counter += 1
            sink.acquire().commit(FrameHeader(counter % 2**bits))
            told, delivered_last = counter, True
        elif fate == "gap":
            counter += count
        elif fate == "repeat" and delivered_last and counter == told:
            sink.acquire().commit(FrameHeader(counter % 2**bits))
        elif fate in ("sdk", "link") and counter == told:
            counter += count
            told = counter
            sink.lost(count, LossCause(fate))
    ledger = read_ledger(ring)
    assert ledger.exact
    assert ledger.delivered + ledger.lost_ring <= len(events)
    reader.close()
    ring.close()


def test_a_16_bit_counter_is_unwrapped():
    ring = make_ring()
    writer = LedgerWriter(ring, 16)
    assert [writer.number(raw) for raw in (65534, 65535, 0, 2)] == [65534, 65535, 65536, 65538]
    assert read_ledger(ring).lost_link == 1
    ring.close()


@pytest.mark.parametrize("raw", [5, 4, 0])
def test_a_counter_that_stands_still_or_goes_back_is_a_repetition(raw):
    ring = make_ring()
    writer = LedgerWriter(ring)
    writer.number(5)
    assert writer.number(raw) is None
    assert read_ledger(ring).repeated == 1
    assert read_ledger(ring).expected == 1
    ring.close()


def test_losses_before_the_first_frame_count():
    ring = make_ring()
    sink = make_sink(ring)
    sink.lost(3, LossCause.LINK)
    assert read_ledger(ring).expected == 3
    sink.acquire().commit(FrameHeader(100))
    ledger = read_ledger(ring)
    assert (ledger.expected, ledger.delivered, ledger.lost_link) == (4, 1, 3)
    ring.close()


def test_a_commit_after_stop_is_counted_and_not_delivered():
    ring = make_ring()
    sink = make_sink(ring)
    slot = sink.acquire()
    sink.close()
    slot.commit(FrameHeader(1))
    ledger = read_ledger(ring)
    assert (ledger.delivered, ledger.after_stop) == (0, 1)
    ring.close()
