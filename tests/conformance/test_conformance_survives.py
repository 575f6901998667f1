"""A driver that hangs or dies costs its trial, not the check."""

import pytest

from fluoroview.conformance import Effort, check

pytestmark = pytest.mark.usefixtures("test_drivers")
IMPATIENT = Effort(
    "impatient",
    opens=2,
    runs=9,
    stream_s=0.1,
    settle_s=0.02,
    first_frame_s=0.3,
    reopen_s=0.5,
    deadline_scale=0.08,
)


@pytest.mark.parametrize(
    ("device", "rule", "seen"),
    [
        ("hang-open", "open-close", "open did not return within 1.6 s."),
        ("hang-close", "open-close", "close did not return within 0.4 s."),
        ("crash-open", "open-close", "The process of the driver died: signal SIGSEGV"),
        ("crash-start", "start-stop", "The process of the driver died: signal SIGSEGV"),
        ("fail", "continuous-run", "the driver reported: the cable was pulled"),
    ],
)
def test_the_rule_that_was_tried_fails_and_the_rest_states_why_not(device, rule, seen):
    report = check("rude", device, effort=IMPATIENT)
    assert seen in report[rule].finding.seen
    assert report[rule].verdict == "FAIL"
    assert report["roi"].verdict == "NOT APPLICABLE"
    assert rule in report["roi"].finding.seen
    assert report["loads"].verdict == "PASS"


def test_a_rule_that_prevents_the_requested_one_is_reported_too():
    report = check("rude", "raise-open", selection=["roi"], effort=IMPATIENT)
    reported = {result.rule.id: str(result.verdict) for result in report.results}
    assert reported == {"open-close": "FAIL", "roi": "NOT APPLICABLE"}
    assert report.exit_code == 1
