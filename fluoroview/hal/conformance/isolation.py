"""The driver in a child process, as it runs by default: it streams there, and survives kill -9."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fluoroview.hal.conformance.loading import is_ill_mannered
from fluoroview.hal.conformance.rig import Violation, until
from fluoroview.hal.conformance.trial import Desk, Trial
from fluoroview.hal.conformance.verdict import Finding, Rule, failed, passed, warned
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.host import DeviceHost
from fluoroview.hal.registry import DriverInfo, discover
from fluoroview.hal.states import DeviceState

IN_PROCESS = Rule(
    "process-isolation",
    "The driver streams in a child process, and its ledger adds up.",
    "That is where it runs by default, so that its crash does not touch the viewer.",
)
LOOKED_FOR = Rule(
    "discover-in-run",
    "Discover in another process neither fails nor disturbs a run.",
    "Whoever opens the list of devices must not end somebody's exposure.",
)
KILLED = Rule(
    "kill-9",
    "After `kill -9` of its process the device opens and streams again, at once (WARN past 3 s).",
    "After a crash the device must not stay claimed by a process that is gone.",
)
_NOTICED_S = 1.0
_REOPEN_SOON_S = 3.0
_GOES_ON_S = 3.0


def _isolation(desk: Desk) -> Iterator[Finding]:
    with _host(desk) as host:
        desk.step(IN_PROCESS.id)
        try:
            _stream(desk, host, IN_PROCESS.id)
            ledger = host.stop()
            host.start()
        except FluoroError as error:
            raise Violation(IN_PROCESS.id, f"In a child process: {error}") from error
        text = f"{ledger.expected} expected = {ledger.delivered} delivered + {ledger.lost} lost."
        yield (passed if ledger.exact else failed)(IN_PROCESS.id, text)
        desk.step(LOOKED_FOR.id)
        yield _looked_for(desk, host)
        desk.step(KILLED.id)
        yield _kill(desk, host)


@contextmanager
def _host(desk: Desk) -> Iterator[DeviceHost]:
    host = DeviceHost(desk.driver, desk.device_id, "process")
    try:
        yield host
    finally:
        host.close()


def _stream(desk: Desk, host: DeviceHost, rule: str) -> None:
    host.open()
    reader = host.arm().reader()
    host.start()
    for _ in range(3):
        if reader.next(desk.effort.first_frame_s) is None:
            raise Violation(rule, "No frame came from the child process.")
        reader.release()
    reader.close()


def _looked_for(desk: Desk, host: DeviceHost) -> Finding:
    """Look for devices in one process while another one streams."""
    assert host.ring is not None
    reader = host.ring.reader()
    found = discover(DriverInfo(desk.driver, "", "", ""))
    while reader.pending:
        reader.release()
    goes_on = reader.next(_GOES_ON_S) is not None
    reader.close()
    if is_ill_mannered(found):
        return failed(LOOKED_FOR.id, f"During a run: {found.error}")
    if not goes_on:
        return failed(LOOKED_FOR.id, "No frame came any more after another process had looked.")
    return passed(LOOKED_FOR.id, f"{len(found.devices)} devices were found, and frames went on.")


def _kill(desk: Desk, host: DeviceHost) -> Finding:
    pid = host.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    if not until(lambda: host.state is DeviceState.FAULT, _NOTICED_S):
        return failed(KILLED.id, f"{_NOTICED_S:g} s after the kill it was not noticed.")
    host.close()
    began = time.monotonic()
    limit_s = desk.effort.reopen_s
    while True:
        try:
            _stream(desk, host, KILLED.id)
            host.stop()
            break
        except FluoroError as error:
            host.close()
            if time.monotonic() - began > limit_s:
                return failed(KILLED.id, f"{limit_s:g} s after the kill it still says: {error}")
            time.sleep(0.2)
    took_s = time.monotonic() - began
    seen = f"It opened and streamed again {took_s:.1f} s after the kill."
    return (warned if took_s > _REOPEN_SOON_S else passed)(KILLED.id, seen)


ISOLATION = Trial(
    "child process",
    _isolation,
    (IN_PROCESS, LOOKED_FOR, KILLED),
    fresh=True,
)
