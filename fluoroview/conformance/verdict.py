"""The result of a rule: a verdict, and the finding that explains it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of one rule. WARN: allowed, but to be reviewed."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    NOT_APPLICABLE = "NOT APPLICABLE"


_WEIGHT = {Verdict.NOT_APPLICABLE: 0, Verdict.PASS: 1, Verdict.WARN: 2, Verdict.FAIL: 3}


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement for every driver: what is expected, and why it matters."""

    id: str
    expected: str
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was observed for one rule, in a sentence with its figures."""

    rule: str
    verdict: Verdict
    seen: str


def passed(rule: str, seen: str) -> Finding:
    """Return a finding that the rule is kept."""
    return Finding(rule, Verdict.PASS, seen)


def warned(rule: str, seen: str) -> Finding:
    """Return a finding to be reviewed."""
    return Finding(rule, Verdict.WARN, seen)


def failed(rule: str, seen: str) -> Finding:
    """Return a finding that the rule is broken."""
    return Finding(rule, Verdict.FAIL, seen)


def not_applicable(rule: str, reason: str) -> Finding:
    """Return a finding that the rule could not be checked, and why."""
    return Finding(rule, Verdict.NOT_APPLICABLE, reason)


def judged(rule: str, faults: list[str], otherwise: str) -> Finding:
    """Return FAIL with the first fault (and how many more there are), or PASS."""
    if not faults:
        return passed(rule, otherwise)
    more = f" And {len(faults) - 1} more of this kind." if len(faults) > 1 else ""
    return failed(rule, faults[0] + more)


def heaviest(findings: Iterable[Finding]) -> Finding:
    """Return the finding that counts where several trials checked one rule."""
    return max(findings, key=lambda finding: _WEIGHT[finding.verdict])
