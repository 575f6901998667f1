"""The conformance kit on the driver, with the emulated meter at the other end of the line."""

from fluoroview.conformance import Effort, Verdict, check

SMALL = Effort("small", opens=5, runs=12, stream_s=0.3, settle_s=0.08, first_frame_s=15.0)


def test_the_driver_breaks_no_rule(emulate):
    report = check("kapmeter", emulate().port, effort=SMALL)
    assert {result.rule.id: result.finding.seen for result in report.failed} == {}
    assert report["meter-readings"].verdict is Verdict.PASS
    assert report["kill-9"].verdict is Verdict.PASS, "the port is free again"
