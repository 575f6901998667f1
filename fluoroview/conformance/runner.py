"""`check`: every trial of a driver in a worker process that may hang, crash and be replaced."""

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
"""Rules for which the list of devices is wanted."""
_BLOCKING = (
    "loads",
    "parameters-required",
    "frame-size",
    "slot-written",
    "continuous-run",
)
"""Rules that, once broken, make no sense of the trials that need them. (So does a hang.)"""


def check(
    driver: str,
    device: str = "",
    *,
    selection: list[str] | None = None,
    effort: Effort = STANDARD,
    progress: Progress = lambda _done, _total, _what: None,
) -> Report:
    """Check one device of an installed driver; `device` "" means the first that it finds.

    `selection` names rules (None: all); one that stood in their way is told too.
    `progress(done, total, what)` is called before each trial. Which rules there are depends on
    what the driver drives: a detector, an x-ray source or a dose meter.
    Raises DriverError for an unknown driver and FluoroError for an unknown rule; everything that
    the driver does wrong is in the report.
    """
    wanted = require_rules(selection)
    point = find_driver(driver)
    info = DriverInfo(
        driver,
        point.dist.name if point.dist else "",
        point.dist.version if point.dist else "",
        point.value,
    )
    began, date = time.monotonic(), datetime.now(UTC)
    trials = _trials(DETECTOR, wanted)
    findings = _Findings()
    with _Bench(driver, effort) as bench:
        progress(0, len(trials) + 1, "loading and discovery")
        kind = bench.run(LOADING, findings, "", ()) or DETECTOR
        trials = _trials(kind, wanted)
        asked = not device or not wanted.isdisjoint(_OF_THE_LIST)
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
        results=findings.results(kind, wanted, selection or (), bool(chosen)),
    )


def _discover(info: DriverInfo, findings: "_Findings") -> tuple[str, ...]:
    """Look for devices, unless the driver cannot even be imported; return their ids."""
    if any(finding.verdict is Verdict.FAIL for finding in findings.by_rule[LOADS.id]):
        return ()
    found = discover(info)
    for finding in judge_discovery(found):
        findings.add(finding)
    return tuple(device.id for device in found.devices)


def _trials(kind: str, wanted: set[str]) -> list[Trial]:
    """Return the trials of a kind of device that judge one of the wanted rules."""
    return [
        trial
        for trial in TRIALS
        if kind in trial.kinds and not wanted.isdisjoint(rule.id for rule in trial.rules)
    ]


@dataclass
class _Findings:
    """What was found so far, by rule; where several trials looked at a rule, the worst counts."""

    by_rule: dict[str, list[Finding]] = field(default_factory=dict)
    breaking: set[str] = field(default_factory=set)
    """Rules that ended a trial early: they are told whether or not they were asked for."""

    def add(self, finding: Finding) -> None:
        self.by_rule.setdefault(finding.rule, []).append(finding)

    def leave_out(self, trial: Trial, reason: str) -> None:
        """Say of each rule of a trial that was not judged why not."""
        for rule in trial.rules:
            if rule.id not in self.by_rule:
                self.add(not_applicable(rule.id, reason))

    def results(
        self, kind: str, wanted: set[str], named: Collection[str], has_device: bool
    ) -> tuple[Result, ...]:
        """Return the results by group; a rule `named` for another kind says so."""
        reason = (
            "It was not looked at."
            if has_device
            else "No device was found; name one with --device."
        )
        found = [
            Result(
                rule,
                group,
                heaviest(self.by_rule.get(rule.id) or [not_applicable(rule.id, reason)]),
            )
            for group, rules in groups_of(kind).items()
            for rule in rules
            if rule.id in wanted | self.breaking
        ]
        return (*found, *_foreign(kind, named))


def _foreign(kind: str, named: Collection[str]) -> Iterator[Result]:
    """Yield a result for each rule that was asked for and is of another kind of device."""
    for group, rules in GROUPS.items():
        for rule in rules:
            kinds = kinds_of(rule.id)
            if rule.id in named and kind not in kinds:
                reason = f"It is a rule for a {' and a '.join(kinds)}; this is a {kind}."
                yield Result(rule, group, not_applicable(rule.id, reason))


class _Bench:
    """Runs trials in a worker, and puts a new one in its place after anything went wrong."""

    def __init__(self, driver: str, effort: Effort) -> None:
        self._arguments = [driver, json.dumps(asdict(effort))]
        self._limit_s = effort.trial_s
        self._worker: WorkerProcess | None = None
        self._broken: dict[str, str] = {}

    def __enter__(self) -> "_Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._dismiss()

    def run(self, trial: Trial, findings: _Findings, device: str, others: tuple[str, ...]) -> str:
        """Run one trial and add what it found; return the kind of the device, "" if not known."""
        for need in ("loads", *trial.needs):
            if need in self._broken and trial is not LOADING:
                findings.leave_out(trial, f"Not looked at: {need} failed. {self._broken[need]}")
                return ""
        if trial.fresh or self._worker is None:
            self._dismiss()
            self._worker = WorkerProcess(self._arguments)
        command = {"trial": trial.name, "device": device, "others": others}
        outcome = self._worker.run(trial, command, self._limit_s)
        for finding in outcome.findings:
            findings.add(finding)
        failures = {f.rule: f.seen for f in outcome.findings if f.verdict is Verdict.FAIL}
        if outcome.broken:
            findings.breaking.add(outcome.broken)
            reason = failures[outcome.broken]
            findings.leave_out(trial, f"Not looked at: {outcome.broken} failed. {reason}")
            if outcome.fatal:
                self._broken[outcome.broken] = reason
        blocking = {rule: seen for rule, seen in failures.items() if rule in _BLOCKING}
        findings.breaking |= blocking.keys()
        self._broken |= blocking
        if outcome.fatal or failures:
            self._dismiss()
        return outcome.kind

    def _dismiss(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()
