"""The process that runs trials: `python -m fluoroview.conformance.worker DRIVER EFFORT`.

Trials come on standard input, one JSON line each; what they find goes out as JSON lines. The
parent is told which rule is being tried, so that it knows whose fault a crash is.
"""

import faulthandler
import json
import os
import sys
from typing import Any

from fluoroview.conformance.catalogue import TRIALS
from fluoroview.conformance.effort import Effort
from fluoroview.conformance.loading import LOADING
from fluoroview.conformance.rig import Hang, Violation
from fluoroview.conformance.trial import Trial, TrialContext
from fluoroview.conformance.verdict import Finding, failed
from fluoroview.hal.runtime.child import Channel


class Reporter:
    """Sends steps and findings to the parent; remembers the step."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.rule = ""

    def step(self, rule: str) -> None:
        """Say which rule is being tried now."""
        if rule != self.rule:
            self.rule = rule
            self._channel.send({"step": rule})

    def send(self, finding: Finding) -> None:
        """Send one finding."""
        self._channel.send(
            {"rule": finding.rule, "verdict": str(finding.verdict), "seen": finding.seen}
        )

    def done(self, *, broken: str, hangs: bool, kind: str) -> None:
        """Say that the trial is over; `broken` is the rule that ended it early."""
        self._channel.send({"done": True, "broken": broken, "hangs": hangs, "kind": kind})


def run_trial(trial: Trial, desk: TrialContext, reporter: Reporter) -> bool:
    """Run one trial; return whether this process can be used further."""
    reporter.step(trial.rules[0].id)
    broken, hangs = "", False
    try:
        for finding in trial.run(desk):
            reporter.send(finding)
    except Violation as violation:
        broken, hangs = violation.rule, isinstance(violation, Hang)
        reporter.send(failed(violation.rule, violation.seen))
    except Exception as error:  # what a driver returned made no sense to the trial
        broken = reporter.rule
        reporter.send(failed(broken, f"It cannot be judged: {type(error).__name__}: {error}"))
    reporter.done(broken=broken, hangs=hangs, kind=desk.kind)
    return not hangs


def main() -> None:
    """Run as the command line says, until standard input ends."""
    faulthandler.enable()
    driver, effort = sys.argv[1:]
    reporter = Reporter(Channel())
    arguments: dict[str, Any] = json.loads(effort)
    by_name = {trial.name: trial for trial in (LOADING, *TRIALS)}
    for line in sys.stdin:
        command = json.loads(line)
        desk = TrialContext(
            driver,
            command["device"],
            Effort(**arguments),
            others=tuple(command["others"]),
            step=reporter.step,
        )
        if not run_trial(by_name[command["trial"]], desk, reporter):
            break
    os._exit(0)  # whatever threads a driver left behind


if __name__ == "__main__":
    main()
