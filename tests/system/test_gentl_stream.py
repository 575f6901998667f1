"""A real GenTL SDK for 10 s: every frame is accounted for."""

import time

from fluoroview.exam.events import Mode
from fluoroview.hal.testing import until

STREAM_S = 10.0


def test_viky_streams_for_ten_seconds_with_the_ledger_exact(make_exam):
    exam = make_exam("gentl", "viky.cti:VikyTL_DEV_red")
    exam.press_pedal()
    until(lambda: exam.snapshot().mode is Mode.LIVE)
    end = time.monotonic() + STREAM_S
    pictures = 0
    while time.monotonic() < end:
        pictures += exam.take_picture() is not None
        time.sleep(0.01)
    exam.release_pedal()
    until(lambda: len(exam.runs) == 1)
    record = exam.runs[0]
    assert record.ledger.exact
    assert record.ledger.lost == 0
    assert record.frames == record.ledger.delivered > 15 * STREAM_S
    assert pictures > 15 * STREAM_S
    assert record.dose.air_kerma_mgy is None, "a camera knows nothing of dose: not available"
    assert exam.problems == []
