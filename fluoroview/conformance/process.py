"""The worker as the runner sees it: a process that runs trials and may hang or die."""

import json
import queue
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import Any

from fluoroview.conformance.trial import Trial
from fluoroview.conformance.verdict import Finding, Verdict, failed
from fluoroview.hal.runtime.python_child import child_environment, python_command
from fluoroview.hal.runtime.starvation import TICK_S, Patience, Starvation

_LINES_END = None


@dataclass
class Outcome:
    """The outcome of one trial. `fatal`: its process hung or died; `kind` of the device."""

    findings: list[Finding]
    broken: str = ""
    fatal: bool = False
    kind: str = ""


class WorkerProcess:
    """One worker process; `end` kills it."""

    def __init__(self, arguments: list[str]) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        self._process = subprocess.Popen(
            python_command("fluoroview.conformance.worker", *arguments),
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="conformance worker", daemon=True)
        self._reader.start()

    def run(self, trial: Trial, command: dict[str, Any], limit_s: float) -> Outcome:
        """Run one trial until it reports its end, its process dies, or the limit is reached."""
        assert self._process.stdin is not None
        outcome, step = Outcome([]), trial.rules[0].id
        patience = Patience(limit_s, Starvation(self._process.pid), time.monotonic())
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        while True:
            try:
                message = self._lines.get(timeout=TICK_S)
            except queue.Empty:
                if not patience.exhausted(0):
                    continue
                return _cut(outcome, step, f"It had not ended after {limit_s:g} s.")
            if message is _LINES_END:
                return _cut(outcome, step, f"The process of the driver died: {self._last_output()}")
            if "step" in message:
                step = message["step"]
            elif "done" in message:
                outcome.broken = message["broken"]
                outcome.fatal = message["hangs"]
                outcome.kind = message["kind"]
                return outcome
            else:
                outcome.findings.append(
                    Finding(message["rule"], Verdict(message["verdict"]), message["seen"])
                )

    def end(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join(2.0)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._stderr.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(_LINES_END)

    def _last_output(self) -> str:
        code = self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._stderr.seek(0)
        lines = [line for line in self._stderr.read().decode(errors="replace").splitlines() if line]
        return f"{how}; its last output: {lines[-1]}" if lines else f"{how}."


def _cut(outcome: Outcome, rule: str, seen: str) -> Outcome:
    outcome.findings.append(failed(rule, seen))
    outcome.broken, outcome.fatal = rule, True
    return outcome
