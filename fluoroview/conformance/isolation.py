"""The driver in a child process, as it runs by default: it streams there and survives kill -9."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fluoroview.conformance.loading import is_ill_mannered
from fluoroview.conformance.rig import Violation, until
from fluoroview.conformance.trial import DETECTOR, GENERATOR, KINDS, Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, passed, warned
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.runtime.dead_man import DeadMan
from fluoroview.hal.runtime.host import DeviceHost
from fluoroview.hal.runtime.registry import DriverInfo, discover
from fluoroview.hal.runtime.ring import RingReader
from fluoroview.hal.states import DeviceState

IN_PROCESS = Rule(
    "process-isolation",
    "The driver runs in a child process: frames or pulses come, and its ledger adds up.",
    "It runs there by default, so that its crash does not affect the viewer.",
)
LOOKED_FOR = Rule(
    "discover-in-run",
    "Discover in another process neither fails nor disturbs a run.",
    "Opening the list of devices must not end an exposure.",
)
KILLED = Rule(
    "kill-9",
    "After `kill -9` of its process the device opens and runs again at once (WARN after 3 s).",
    "After a crash no ended process may still claim the device.",
)
_NOTICED_S = 3.0
_REOPEN_SOON_S = 3.0
_GOES_ON_S = 3.0
_QUIET_METER_S = 0.5
"""How long to wait for a meter, which may have nothing to report."""


def _isolation(context: TrialContext) -> Iterator[Finding]:
    with _host(context) as host:
        context.step(IN_PROCESS.id)
        try:
            _run(context, host, IN_PROCESS.id)
            ledger = host.stop()
            _start(host)
        except FluoroError as error:
            raise Violation(IN_PROCESS.id, f"In a child process: {error}") from error
        text = f"{ledger.expected} expected = {ledger.delivered} delivered + {ledger.lost} lost."
        if host.traits.kind != DETECTOR:
            text = f"It ran and reported {_reported(host)} pulses or readings."
        yield (passed if ledger.exact else failed)(IN_PROCESS.id, text)
        context.step(LOOKED_FOR.id)
        yield _looked_for(context, host)
        context.step(KILLED.id)
        yield _kill(context, host)


@contextmanager
def _host(context: TrialContext) -> Iterator[DeviceHost]:
    host = DeviceHost(context.driver, context.device_id, "process")
    try:
        yield host
    finally:
        host.close()


def _run(context: TrialContext, host: DeviceHost, rule: str) -> None:
    """Open the device and begin a run; raise Violation where nothing arrives."""
    host.open()
    reader = host.arm().reader()
    _start(host)
    for _ in range(3):
        if not _comes(host, reader, context.effort.first_frame_s):
            raise Violation(rule, "Nothing came from the child process.")
    reader.close()


def _start(host: DeviceHost) -> None:
    if host.traits.handshake:
        host.prepare()
    host.start(dead_man=DeadMan.PROCESS if host.traits.makes_radiation else None)


def _comes(host: DeviceHost, reader: RingReader, timeout_s: float) -> bool:
    """Wait for a frame, a pulse or a reading; return true also where none is due."""
    traits = host.traits
    if traits.kind == DETECTOR:
        if reader.next(timeout_s) is None:
            return False
        reader.release()
        return True
    if not traits.reports_pulses:
        return True
    before, is_generator = _reported(host), traits.kind == GENERATOR
    limit_s = min(timeout_s, _GOES_ON_S if is_generator else _QUIET_METER_S)
    return until(lambda: _reported(host) > before, limit_s) or not is_generator


def _reported(host: DeviceHost) -> int:
    """Return how many pulses or readings were reported since the device was armed."""
    assert host.ring is not None
    return host.ring.pulses_since(0)[0]


def _looked_for(context: TrialContext, host: DeviceHost) -> Finding:
    """Discover devices in one process while another one streams."""
    assert host.ring is not None
    reader = host.ring.reader()
    found = discover(DriverInfo(context.driver, "", "", ""))
    while reader.pending:
        reader.release()
    goes_on = _comes(host, reader, _GOES_ON_S)
    reader.close()
    if is_ill_mannered(found):
        return failed(LOOKED_FOR.id, f"During a run: {found.error}")
    if not goes_on:
        return failed(LOOKED_FOR.id, "Nothing arrived after another process had run discover.")
    return passed(LOOKED_FOR.id, f"{len(found.devices)} devices were found, and the run continued.")


def _kill(context: TrialContext, host: DeviceHost) -> Finding:
    pid = host.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    if not until(lambda: host.state is DeviceState.FAULT, _NOTICED_S):
        return failed(KILLED.id, f"{_NOTICED_S:g} s after the kill the host had not noticed it.")
    host.close()
    began = time.monotonic()
    limit_s = context.effort.reopen_s
    while True:
        try:
            _run(context, host, KILLED.id)
            host.stop()
            break
        except FluoroError as error:
            host.close()
            if time.monotonic() - began > limit_s:
                return failed(KILLED.id, f"{limit_s:g} s after the kill it still reports: {error}")
            time.sleep(0.2)
    took_s = time.monotonic() - began
    seen = f"It opened and ran again {took_s:.1f} s after the kill."
    return (warned if took_s > _REOPEN_SOON_S else passed)(KILLED.id, seen)


ISOLATION = Trial(
    "child process",
    _isolation,
    (IN_PROCESS, LOOKED_FOR, KILLED),
    fresh=True,
    kinds=KINDS,
)
