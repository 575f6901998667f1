"""What the camera offers is what it does: the conformance kit's rules about size and values."""

from fluoroview.conformance import QUICK, check

RULES = ["roi", "binning", "parameter-readback", "parameter-refusal"]


def test_the_camera_of_aravis_breaks_no_rule_about_its_image():
    report = check("aravis", "Fake_1", selection=RULES, effort=QUICK)
    assert {result.rule.id: result.finding.seen for result in report.failed} == {}
    assert report["binning"].finding.seen == "There is no binning by 2."
