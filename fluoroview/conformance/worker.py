"""The process that runs trials: `python -m fluoroview.conformance.worker DRIVER EFFORT`.

Trials come on standard input, one JSON line each; what they find goes out as JSON lines. The
worker also reports which rule is being tried, so that a crash can be attributed to it.
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
        """Report which rule is being tried now."""
        if rule != self.rule:
            self.rule = rule
            self._channel.send({"step": rule})

    def send(self, finding: Finding) -> None:
        """Send one finding."""
        self._channel.send(
            {"rule": finding.rule, "verdict": str(finding.verdict), "seen": finding.seen}
        )

    def done(self, *, broken: str, hangs: bool, kind: str) -> None:
        """Report that the trial is over; `broken` is the rule that ended it early."""
        self._channel.send({"done": True, "broken": broken, "hangs": hangs, "kind": kind})


def run_trial(trial: Trial, context: TrialContext, reporter: Reporter) -> bool:
    """Run one trial; return whether this process can be used further."""
    reporter.step(trial.rules[0].id)
    broken, hangs = "", False
    try:
        for finding in trial.run(context):
            reporter.send(finding)
    except Violation as violation:
        broken, hangs = violation.rule, isinstance(violation, Hang)
        reporter.send(failed(violation.rule, violation.seen))
    except Exception as error:  # the driver returned something that the trial cannot interpret
        broken = reporter.rule
        reporter.send(failed(broken, f"It cannot be judged: {type(error).__name__}: {error}"))
    reporter.done(broken=broken, hangs=hangs, kind=context.kind)
    return not hangs


def main() -> None:
    """Run the trials named on standard input until it ends."""
    faulthandler.enable()
    driver, effort = sys.argv[1:]
    reporter = Reporter(Channel())
    arguments: dict[str, Any] = json.loads(effort)
    by_name = {trial.name: trial for trial in (LOADING, *TRIALS)}
    for line in sys.stdin:
        command = json.loads(line)
        context = TrialContext(
            driver,
            command["device"],
            Effort(**arguments),
            others=tuple(command["others"]),
            step=reporter.step,
        )
        if not run_trial(by_name[command["trial"]], context, reporter):
            break
    os._exit(0)  # regardless of threads that a driver left behind


if __name__ == "__main__":
    main()
