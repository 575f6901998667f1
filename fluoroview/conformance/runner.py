"""`check`: every trial of a driver, in a worker process that may hang, crash and be replaced."""

import json
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from fluoroview.conformance.catalogue import GROUPS, TRIALS, groups_of, kinds_of, require_rules
from fluoroview.conformance.effort import STANDARD, Effort
from fluoroview.conformance.loading import DISCOVER, IDS, LOADING, LOADS, judge_discovery
from fluoroview.conformance.multi_device import TWO
from fluoroview.conformance.process import WorkerProcess
from fluoroview.conformance.report import Report, Result
from fluoroview.conformance.trial import DETECTOR, Trial
from fluoroview.conformance.verdict import (
    Finding,
    Verdict,
    heaviest,
    not_applicable,
)
from fluoroview.hal.runtime.registry import DriverInfo, discover, find_driver

Progress = Callable[[int, int, str], None]
_OF_THE_LIST = {DISCOVER.id, IDS.id, TWO.id}
"""Rules that need the list of devices."""
_BLOCKING = (
    "loads",
    "parameters-required",
    "frame-size",
    "slot-written",
    "continuous-run",
)
"""Rules that, once broken, make the trials that need them meaningless, as a hang does."""


def check(
    driver: str,
    device: str = "",
    *,
    selection: list[str] | None = None,
    effort: Effort = STANDARD,
    progress: Progress = lambda _done, _total, _what: None,
) -> Report:
    """Check one device of an installed driver; `device` "" means the first one found.

    `selection` names rules (None: all); a rule that prevented them is reported too.
    `progress(done, total, what)` is called before each trial. Which rules apply depends on the
    kind of device: a detector, a generator or a dose meter.
    Raises DriverError for an unknown driver and FluoroError for an unknown rule; everything that
    the driver does wrong is in the report.
    """
    requested = require_rules(selection)
    point = find_driver(driver)
    info = DriverInfo(
        driver,
        point.dist.name if point.dist else "",
        point.dist.version if point.dist else "",
        point.value,
    )
    began, date = time.monotonic(), datetime.now(UTC)
    trials = _trials(DETECTOR, requested)
    findings = _Findings()
    with _Bench(driver, effort) as bench:
        progress(0, len(trials) + 1, "loading and discovery")
        kind = bench.run(LOADING, findings, "", ()) or DETECTOR
        trials = _trials(kind, requested)
        asked = not device or not requested.isdisjoint(_OF_THE_LIST)
        devices = _discover(info, findings) if asked else ()
        chosen = device or next(iter(devices), "")
        for number, trial in enumerate(trials if chosen else [], 1):
            progress(number, len(trials) + 1, trial.name)
            bench.run(trial, findings, chosen, devices)
    progress(len(trials) + 1, len(trials) + 1, "done")
    return Report(
        driver=driver,
        distribution=info.distribution,
        version=info.version,
        device=chosen,
        effort=effort.name,
        date=date,
        duration_s=time.monotonic() - began,
        results=findings.results(kind, requested, selection or (), bool(chosen)),
    )


def _discover(info: DriverInfo, findings: "_Findings") -> tuple[str, ...]:
    """Discover devices, unless the driver cannot be imported; return their ids."""
    if any(finding.verdict is Verdict.FAIL for finding in findings.by_rule[LOADS.id]):
        return ()
    found = discover(info)
    for finding in judge_discovery(found):
        findings.add(finding)
    return tuple(device.id for device in found.devices)


def _trials(kind: str, requested: set[str]) -> list[Trial]:
    """Return the trials of a kind of device that judge one of the requested rules."""
    return [
        trial
        for trial in TRIALS
        if kind in trial.kinds and not requested.isdisjoint(rule.id for rule in trial.rules)
    ]


@dataclass
class _Findings:
    """The findings so far, by rule; where several trials checked a rule, the worst counts."""

    by_rule: dict[str, list[Finding]] = field(default_factory=dict)
    breaking: set[str] = field(default_factory=set)
    """Rules that ended a trial early: they are reported whether requested or not."""

    def add(self, finding: Finding) -> None:
        self.by_rule.setdefault(finding.rule, []).append(finding)

    def skip(self, trial: Trial, reason: str) -> None:
        """Record for each unjudged rule of a trial why it was not judged."""
        for rule in trial.rules:
            if rule.id not in self.by_rule:
                self.add(not_applicable(rule.id, reason))

    def results(
        self, kind: str, requested: set[str], named: Collection[str], has_device: bool
    ) -> tuple[Result, ...]:
        """Return the results by group; a rule `named` for another kind is not applicable."""
        reason = (
            "It was not checked." if has_device else "No device was found; name one with --device."
        )
        found = [
            Result(
                rule,
                group,
                heaviest(self.by_rule.get(rule.id) or [not_applicable(rule.id, reason)]),
            )
            for group, rules in groups_of(kind).items()
            for rule in rules
            if rule.id in requested | self.breaking
        ]
        return (*found, *_foreign(kind, named))


def _foreign(kind: str, named: Collection[str]) -> Iterator[Result]:
    """Yield a result for each requested rule that is for another kind of device."""
    for group, rules in GROUPS.items():
        for rule in rules:
            kinds = kinds_of(rule.id)
            if rule.id in named and kind not in kinds:
                reason = f"It is a rule for a {' and a '.join(kinds)}; this is a {kind}."
                yield Result(rule, group, not_applicable(rule.id, reason))


class _Bench:
    """Runs trials in a worker, and replaces the worker after any failure."""

    def __init__(self, driver: str, effort: Effort) -> None:
        self._arguments = [driver, json.dumps(asdict(effort))]
        self._limit_s = effort.trial_s
        self._worker: WorkerProcess | None = None
        self._broken: dict[str, str] = {}

    def __enter__(self) -> "_Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._end_worker()

    def run(self, trial: Trial, findings: _Findings, device: str, others: tuple[str, ...]) -> str:
        """Run one trial and add its findings; return the kind of device, "" if not known."""
        for need in ("loads", *trial.needs):
            if need in self._broken and trial is not LOADING:
                findings.skip(trial, f"Not checked: {need} failed. {self._broken[need]}")
                return ""
        if trial.fresh or self._worker is None:
            self._end_worker()
            self._worker = WorkerProcess(self._arguments)
        command = {"trial": trial.name, "device": device, "others": others}
        outcome = self._worker.run(trial, command, self._limit_s)
        for finding in outcome.findings:
            findings.add(finding)
        failures = {f.rule: f.seen for f in outcome.findings if f.verdict is Verdict.FAIL}
        if outcome.broken:
            findings.breaking.add(outcome.broken)
            reason = failures[outcome.broken]
            findings.skip(trial, f"Not checked: {outcome.broken} failed. {reason}")
            if outcome.fatal:
                self._broken[outcome.broken] = reason
        blocking = {rule: seen for rule, seen in failures.items() if rule in _BLOCKING}
        findings.breaking |= blocking.keys()
        self._broken |= blocking
        if outcome.fatal or failures:
            self._end_worker()
        return outcome.kind

    def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()
