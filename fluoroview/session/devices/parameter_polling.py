"""Values of a device that move by themselves, read again while it is armed.

Most devices' parameters change only when they are written. A source that controls its own
brightness, heats its anode or tells what happens in the patient is read a few times a second.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from fluoroview.hal import ParameterSet

NOTICE = "StatusMessage"
"""What the operator should know of: a new text is told as a warning."""
MOVING = frozenset({"ProcedureStatus", "AnodeHeat", "PeakSkinDose", "BrightnessLimit", NOTICE})
"""A device that has one of these is read again and again; others are left alone."""
PATIENT = frozenset({"Procedure", "Case", "Body", "Seed"})
"""Who lies there: another value is another patient, whose dose and images begin anew."""
ACQUISITION_TYPE = "AcquisitionType"
"""What the next run is: fluoroscopy, an acquisition, a spot image, a DSA run."""
USUAL = "DsaDefault"
"""Whether the examination is usually read subtracted."""
INTERVAL_S = 0.25


class ParameterPolling:
    """Calls `refresh` regularly while the device that is followed has values that move.

    `refresh` returns at once; it is not called again before what it began is done.
    """

    def __init__(self, refresh: Callable[[], "Future[None]"]) -> None:
        self._refresh = refresh
        self._moving = False
        self._thread: threading.Thread | None = None
        self._end = threading.Event()
        self._lock = threading.Lock()

    def follow(self, described: ParameterSet) -> None:
        """Follow a device with these parameters, instead of the one before."""
        self._moving = not MOVING.isdisjoint(described.names)
        with self._lock:
            if self._moving and self._thread is None and not self._end.is_set():
                self._thread = threading.Thread(target=self._go, name="live values", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Ask no more; what was asked for is done when this returns."""
        with self._lock:
            self._end.set()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _go(self) -> None:
        asked: Future[None] | None = None
        while not self._end.wait(INTERVAL_S):
            if self._moving and (asked is None or asked.done()):
                asked = self._refresh()


def is_new_patient(described: ParameterSet, name: str, value: Any) -> bool:
    """Whether writing this brings another patient, of a device that has patients."""
    values = {each.name: each.value for each in described}
    return name in PATIENT and "Case" in values and values.get(name) != value


def told_subtraction(described: ParameterSet) -> bool | None:
    """Return whether the runs of a device are to be read subtracted; None where it is silent."""
    values = {each.name: each.value for each in described}
    kind = str(values.get(ACQUISITION_TYPE, "")).casefold()
    if "dsa" in kind:
        return True
    if "spot" in kind:  # one image has no mask
        return False
    if USUAL in values:
        return bool(values[USUAL])
    return False if ACQUISITION_TYPE in values else None
