"""The result of a check: for people (HTML) and for programs (a dict that is JSON)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

from fluoroview.conformance.verdict import Finding, Rule, Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """One rule, its group and its finding."""

    rule: Rule
    group: str
    finding: Finding

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.finding.verdict

    def as_dict(self) -> dict[str, str]:
        """Return the result JSON-able."""
        return {
            "rule": self.rule.id,
            "group": self.group,
            "verdict": str(self.verdict),
            "expected": self.rule.expected,
            "seen": self.finding.seen,
            "why": self.rule.why,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All results of one check. `date` is UTC."""

    driver: str
    distribution: str
    version: str
    device: str
    effort: str
    date: datetime
    duration_s: float
    results: tuple[Result, ...]

    def __getitem__(self, rule: str) -> Result:
        """Return the result of a rule; KeyError where it was not requested."""
        return {result.rule.id: result for result in self.results}[rule]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many rules had which verdict."""
        counted = Counter(result.verdict for result in self.results)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def failed(self) -> tuple[Result, ...]:
        """The rules that are broken."""
        return tuple(result for result in self.results if result.verdict is Verdict.FAIL)

    @property
    def exit_code(self) -> int:
        """0: nothing failed; 1: a rule failed; 2: there was no device to check."""
        return 1 if self.failed else 0 if self.device else 2

    @property
    def summary(self) -> str:
        """One line: the device and the count of each verdict."""
        counted = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items() if count)
        return f"{self.driver}:{self.device or 'no device'}: {counted} ({self.duration_s:.1f} s)"

    def as_dict(self) -> dict[str, Any]:
        """Return the report JSON-able."""
        return {
            "driver": self.driver,
            "distribution": self.distribution,
            "version": self.version,
            "device": self.device,
            "effort": self.effort,
            "date": self.date.isoformat(timespec="seconds"),
            "duration_s": round(self.duration_s, 2),
            "counts": {str(verdict): count for verdict, count in self.counts.items()},
            "exit_code": self.exit_code,
            "results": [result.as_dict() for result in self.results],
        }

    def html(self) -> str:
        """Return the report as one self-contained HTML page."""
        from jinja2 import Environment  # only who wants HTML waits for it

        template = files(__package__).joinpath("report.html").read_text("utf-8")
        environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        return environment.from_string(template).render(report=self, groups=_by_group(self.results))


def _by_group(results: tuple[Result, ...]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.group, []).append(result)
    return groups
