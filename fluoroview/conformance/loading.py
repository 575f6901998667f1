"""Whether the driver can be imported, and how long that takes."""

import time
from collections.abc import Iterator

from fluoroview.conformance.rig import Violation
from fluoroview.conformance.trial import KINDS, Trial, TrialContext
from fluoroview.conformance.verdict import (
    Finding,
    Rule,
    failed,
    judged,
    not_applicable,
    passed,
    warned,
)
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.frame import DeviceInfo
from fluoroview.hal.runtime.registry import Discovery

LOADS = Rule(
    "loads",
    "The entry point names a device class, and its import takes less than 5 s.",
    "Every start of the device waits for it, also the restart after a fault.",
)
DISCOVER = Rule(
    "discover",
    "Discover returns a list, in its own process, within 15 s, and does not raise when it finds "
    "nothing.",
    "It also runs on computers without the device, and must not spoil the list of the others.",
)
IDS = Rule(
    "discover-ids",
    "Each device found has the driver's entry-point name and a unique id.",
    "The id is what the user copies into the room file.",
)
_SLOW_S = 5.0
_ILL_MANNERED = (" raised ", "did not finish", "ended with code")
"""How the registry's sentence for a driver's fault differs from one that names what is missing."""


def _loading(context: TrialContext) -> Iterator[Finding]:
    context.step(LOADS.id)
    began = time.monotonic()
    try:
        found = context.driver_class
    except FluoroError as error:
        raise Violation(LOADS.id, str(error)) from error
    took_s = time.monotonic() - began
    text = f"{found.__module__}.{found.__qualname__} was imported in {took_s:.2f} s."
    yield (warned if took_s > _SLOW_S else passed)(LOADS.id, text)


def judge_discovery(found: Discovery) -> Iterator[Finding]:
    """Judge the result of discovery in its own process."""
    if found.error:
        yield (failed if is_ill_mannered(found) else not_applicable)(DISCOVER.id, found.error)
        yield not_applicable(IDS.id, "Discover returned no list.")
        return
    ids = [info.id for info in found.devices]
    yield passed(DISCOVER.id, f"{len(ids)} devices: {', '.join(ids) or 'none'}.")
    if not ids:
        yield not_applicable(IDS.id, "No device was found.")
        return
    yield judged(
        IDS.id,
        [fault for info in found.devices if (fault := _id_fault(info, ids, found.driver.name))],
        f"{len(ids)} ids, each unique.",
    )


def is_ill_mannered(found: Discovery) -> bool:
    """Return whether discovery failed through the driver's fault, not for lack of an SDK."""
    return any(words in found.error for words in _ILL_MANNERED)


def _id_fault(info: DeviceInfo, ids: list[str], driver: str) -> str:
    if info.driver != driver:
        return (
            f"Device {info.id!r} states the driver {info.driver!r}; the entry point is {driver!r}."
        )
    if not info.id:
        return f"A device of model {info.model!r} has no id."
    return f"The id {info.id!r} is used {ids.count(info.id)} times." * (ids.count(info.id) > 1)


LOADING = Trial("loading", _loading, (LOADS,), needs=(), kinds=KINDS)
