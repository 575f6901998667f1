"""The report for people and programs, the table of rules, and what a check refuses."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from fluoroview.conformance import Finding, Report, Result, Rule, Verdict, check
from fluoroview.conformance.catalogue import GROUPS, RULES, markdown_table
from fluoroview.conformance.verdict import heaviest
from fluoroview.hal import DriverError, FluoroError
from fluoroview.hal.testing import has_code

DOCS = Path(__file__).parents[2] / "docs" / "conformance.md"


def report(*verdicts, device="r0"):
    rule = Rule("roi", "Frames have <that> size.", "An old image stays.")
    results = tuple(
        Result(rule, "geometry", Finding("roi", v, "it reported <b>")) for v in verdicts
    )
    return Report("panel", "acme-panel", "1.2", device, "quick", datetime.now(UTC), 1.0, results)


@pytest.mark.parametrize(
    ("verdicts", "device", "code"),
    [
        (["PASS", "WARN", "NOT APPLICABLE"], "r0", 0),
        (["PASS", "FAIL"], "r0", 1),
        (["NOT APPLICABLE"], "", 2),
        (["FAIL"], "", 1),
    ],
)
def test_exit_code(verdicts, device, code):
    assert report(*map(Verdict, verdicts), device=device).exit_code == code


def test_as_dict_is_json_with_everything_a_reader_needs():
    reported = json.loads(json.dumps(report(Verdict.FAIL, Verdict.PASS).as_dict()))
    assert reported["counts"] == {"PASS": 1, "WARN": 0, "FAIL": 1, "NOT APPLICABLE": 0}
    assert reported["exit_code"] == 1
    assert reported["results"][0] == {
        "rule": "roi",
        "group": "geometry",
        "verdict": "FAIL",
        "expected": "Frames have <that> size.",
        "seen": "it reported <b>",
        "why": "An old image stays.",
    }


def test_html_shows_each_rule_and_escapes_a_drivers_text():
    page = report(Verdict.FAIL, Verdict.NOT_APPLICABLE).html()
    assert page.startswith("<!doctype html>")
    assert page.count("it reported &lt;b&gt;") == 2
    assert "<b>" not in page
    assert "acme-panel 1.2" in page
    assert "1 FAIL" in page
    assert "1 NOT APPLICABLE" in page


def test_the_heaviest_verdict_counts():
    order = [Verdict.NOT_APPLICABLE, Verdict.PASS, Verdict.WARN, Verdict.FAIL]
    for lighter, heavier in pairwise(order):
        found = heaviest([Finding("roi", heavier, ""), Finding("roi", lighter, "")])
        assert found.verdict is heavier


def test_the_table_in_the_documentation_is_that_of_the_code():
    assert markdown_table() in DOCS.read_text("utf-8")


def test_every_rule_is_written_in_sentences_and_once():
    rules = [rule for group in GROUPS.values() for rule in group]
    assert len(rules) == len(RULES)
    for rule in rules:
        assert rule.expected.endswith(".")
        assert rule.why.endswith(".")


def test_an_unknown_rule_is_refused_with_a_near_name():
    with pytest.raises(FluoroError, check=has_code("FV-CHK-001")):
        check("any", selection=["bining"])


def test_an_unknown_driver_is_refused():
    with pytest.raises(DriverError, check=has_code("FV-HAL-031")):
        check("no-such-driver")
