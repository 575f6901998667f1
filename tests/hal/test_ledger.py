"""The equation of the ledger holds whatever a device counts, and whatever is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoroview.hal import FakeClock, FrameHeader, LossCause
from fluoroview.hal.frame import FrameFormat
from fluoroview.hal.runtime.ledger import LedgerWriter, read_ledger
from fluoroview.hal.runtime.ring import FrameRing
from fluoroview.hal.sink import FrameSink, SlotPool


def make_ring(slots=8):
    return FrameRing.create(FrameFormat(4, 4), slots)


def make_sink(ring, bits=64, pool=None):
    return FrameSink(
        pool or SlotPool(ring), clock=FakeClock(), run=1, counter_bits=bits,
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
    counter, last, delivered_last = start, 0, False
    for fate, count in events:
        if fate == "release":
            if reader.next(0):
                reader.release()
        elif fate == "deliver":
            counter += 1
            sink.acquire().commit(FrameHeader(counter % 2**bits))
            last, delivered_last = counter, True
        elif fate == "gap":
            counter += count
        elif fate == "repeat" and delivered_last and counter == last:
            sink.acquire().commit(FrameHeader(counter % 2**bits))
        elif fate in ("sdk", "link") and counter == last:
            counter += count
            last = counter
            sink.lost(count, LossCause(fate))
    ledger = read_ledger(ring)
    assert ledger.exact
    assert ledger.delivered + ledger.lost_ring <= len(events)
    reader.close()
    ring.close()


def test_a_16_bit_counter_is_unwrapped():
    ring = make_ring()
    reader, sink = ring.reader(), make_sink(ring, 16)
    for raw in (65534, 65535, 0, 2):
        sink.acquire().commit(FrameHeader(raw))
    numbers = []
    while frame := reader.next(0):
        numbers.append(frame.header.frame_number)
        reader.release()
    assert numbers == [65534, 65535, 65536, 65538]
    assert read_ledger(ring).lost_link == 1
    ring.close()


@pytest.mark.parametrize("raw", [5, 4, 0])
def test_a_counter_that_stands_still_or_goes_back_is_a_repetition(raw):
    ring = make_ring()
    writer = LedgerWriter(ring)
    writer.number(5)
    writer.count_ring_loss()
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


@pytest.mark.parametrize(
    ("cause", "counted"),
    [
        (LossCause.LINK, "lost_link"),
        (LossCause.SDK, "lost_sdk"),
        (LossCause.RING, "lost_ring"),
        (LossCause.CONSUMER, "lost_sdk"),
    ],
)
def test_every_cause_that_a_driver_may_report_is_counted(cause, counted):
    ring = make_ring()
    make_sink(ring).lost(2, cause)
    ledger = read_ledger(ring)
    assert ledger.exact
    assert getattr(ledger, counted) == 2
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


def test_a_commit_that_comes_in_the_next_run_leaves_its_account_whole():
    ring = make_ring()
    pool = SlotPool(ring)
    first = make_sink(ring, pool=pool)
    first.acquire().commit(FrameHeader(1))
    late = first.acquire()
    first.close()
    pool.renew()
    second = make_sink(ring, pool=pool)
    second.acquire().commit(FrameHeader(7))
    second.acquire().commit(FrameHeader(9))
    late.commit(FrameHeader(2))
    ledger = read_ledger(ring)
    assert (ledger.expected, ledger.delivered, ledger.lost_link) == (3, 2, 1)
    assert ledger.after_stop == 1
    ring.close()


def test_a_slot_that_is_released_in_the_next_run_is_not_handed_out_twice():
    ring = make_ring()
    pool = SlotPool(ring)
    first = make_sink(ring, pool=pool)
    late = first.acquire()
    first.close()
    pool.renew()
    second = make_sink(ring, pool=pool)
    held = [second.acquire().index for _ in range(ring.layout.slots)]
    late.discard()
    assert sorted(held) == list(range(ring.layout.slots))
    assert second.acquire().index is None
    ring.close()


@pytest.mark.parametrize("before", [[], [100], [100, 103]])
def test_a_producer_killed_between_publishing_and_writing_leaves_an_exact_account(before):
    ring = make_ring()
    writer = LedgerWriter(ring)
    for raw in before:
        ring.put_header(0, FrameHeader(raw, frame_number=writer.number(raw)))
        writer.count_commit()
    ring.put_header(1, FrameHeader(110, frame_number=writer.number(110)))
    ledger = read_ledger(ring)  # and count_commit never came
    assert ledger.exact
    assert ledger.delivered == len(before) + 1
    ring.close()


def test_every_state_that_a_kill_can_leave_is_exact():
    ring = make_ring()
    real, seen = ring.words, []

    class Watched:
        """Reads the account after each single store of the producer."""

        def __getitem__(self, key):
            return real[key]

        def __setitem__(self, key, value):
            real[key] = value
            seen.append(read_ledger(ring).exact)

    sink = make_sink(ring)
    sink._ledger._words = Watched()
    for counter in (5, 6, 9, 9, 12):
        sink.acquire().commit(FrameHeader(counter))
    sink.lost(2, LossCause.SDK)
    for counter in range(15, 30):
        sink.acquire().commit(FrameHeader(counter))
    assert len(seen) > 40
    assert all(seen)
    ring.close()


@pytest.mark.parametrize(
    "header",
    [
        FrameHeader(1, 1.5),
        FrameHeader(1, 2**70),
        FrameHeader(1.0, 0),
        FrameHeader(1, 0, gain_mode=""),
    ],
)
def test_a_header_that_cannot_be_stored_is_reported_and_not_counted(header):
    ring, failed = make_ring(), []
    sink = FrameSink(
        SlotPool(ring), clock=FakeClock(), run=1, counter_bits=64,
        bell=lambda: None, on_fail=failed.append,
    )  # fmt: skip
    sink.acquire().commit(FrameHeader(0, 0))
    sink.acquire().commit(header)
    account = read_ledger(ring)
    assert "header cannot be stored" in failed[0]
    assert (account.delivered, account.expected, account.exact) == (1, 1, True)


def test_a_counter_may_be_a_numpy_number():
    ring = make_ring()
    sink = make_sink(ring, bits=64)
    for counter in (np.uint16(65534), np.uint16(65535)):
        sink.acquire().commit(FrameHeader(counter, np.int64(3)))
    assert read_ledger(ring).delivered == 2
