"""`check`: every trial of a driver in a worker process that may hang, crash and be replaced."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from fluoroview.hal.conformance.catalogue import GROUPS, TRIALS, require_rules
from fluoroview.hal.conformance.companions import TWO
from fluoroview.hal.conformance.effort import STANDARD, Effort
from fluoroview.hal.conformance.loading import DISCOVER, IDS, LOADING, LOADS, judge_discovery
from fluoroview.hal.conformance.process import WorkerProcess
from fluoroview.hal.conformance.report import Report, Result
from fluoroview.hal.conformance.trial import Trial
from fluoroview.hal.conformance.verdict import (
    Finding,
    Verdict,
    heaviest,
    not_applicable,
)
from fluoroview.hal.detector import Detector
from fluoroview.hal.errors import DriverError
from fluoroview.hal.registry import DriverInfo, discover, find_driver

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
    `progress(done, total, what)` is called before each trial.
    Raises DriverError for an unknown driver or one of no detector, and FluoroError for an unknown
    rule; everything that the driver does wrong is in the report.
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
    trials = [trial for trial in TRIALS if _is_wanted(trial, wanted)]
    findings = _Findings()
    with _Bench(driver, effort) as bench:
        progress(0, len(trials) + 1, "loading and discovery")
        bench.run(LOADING, findings, "", ())
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
        results=findings.results(wanted, bool(chosen)),
    )


def _discover(info: DriverInfo, findings: "_Findings") -> tuple[str, ...]:
    """Look for devices, unless the driver cannot even be imported; return their ids."""
    if any(finding.verdict is Verdict.FAIL for finding in findings.by_rule[LOADS.id]):
        return ()
    found = discover(info)
    if found.kind not in ("", Detector.kind):
        raise DriverError(
            f"Driver {info.name} drives a {found.kind}.",
            "The conformance kit checks detectors only.",
            info.name,
        )
    for finding in judge_discovery(found):
        findings.add(finding)
    return tuple(device.id for device in found.devices)


def _is_wanted(trial: Trial, wanted: set[str]) -> bool:
    return any(rule.id in wanted for rule in trial.rules)


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

    def results(self, wanted: set[str], has_device: bool) -> tuple[Result, ...]:
        reason = (
            "It was not looked at."
            if has_device
            else "No device was found; name one with --device."
        )
        return tuple(
            Result(
                rule,
                group,
                heaviest(self.by_rule.get(rule.id) or [not_applicable(rule.id, reason)]),
            )
            for group, rules in GROUPS.items()
            for rule in rules
            if rule.id in wanted | self.breaking
        )


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

    def run(self, trial: Trial, findings: _Findings, device: str, others: tuple[str, ...]) -> None:
        """Run one trial and add what it found."""
        for need in ("loads", *trial.needs):
            if need in self._broken and trial is not LOADING:
                findings.leave_out(trial, f"Not looked at: {need} failed. {self._broken[need]}")
                return
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

    def _dismiss(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()
