"""A real GenTL SDK for 10 s: every frame is accounted for."""

import time

from fluoroview.hal.testing import until
from fluoroview.session.events import Mode

STREAM_S = 10.0


def test_viky_streams_for_ten_seconds_with_the_ledger_exact(make_session):
    session = make_session("gentl", "viky.cti:VikyTL_DEV_red")
    session.press_pedal()
    until(lambda: session.snapshot().mode is Mode.LIVE)
    end = time.monotonic() + STREAM_S
    images = 0
    while time.monotonic() < end:
        images += session.take_image() is not None
        time.sleep(0.01)
    session.release_pedal()
    until(lambda: len(session.runs) == 1)
    record = session.runs[0]
    assert record.ledger.exact
    assert record.ledger.lost == 0
    assert record.frames == record.ledger.delivered > 15 * STREAM_S
    assert images > 15 * STREAM_S
    assert record.dose.air_kerma_mgy is None, "a camera knows nothing of dose: not available"
    assert session.problems == []
