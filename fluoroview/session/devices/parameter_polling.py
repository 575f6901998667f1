"""Values that change without being written: when they are read again, and what they mean.

Most parameters change only when they are written. A device that controls its own brightness,
heats its anode or reports what happens in the patient states how often each is to be read.
"""

from typing import Any

from fluoroview.hal import Clock, ParameterSet
from fluoroview.hal.roles import PATIENT_ROLES, Role

MIN_INTERVAL_S = 0.1


class ParameterPolling:
    """Decides when the parameters of the devices are read again. For the dispatcher alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._read_ns = clock.monotonic_ns()

    def take_due(self, *devices: ParameterSet) -> bool:
        """Return whether a reading is due now; the next one is due an interval later."""
        interval_s = polling_interval_s(*devices)
        now_ns = self._clock.monotonic_ns()
        if interval_s is None or now_ns - self._read_ns < interval_s * 1e9:
            return False
        self._read_ns = now_ns
        return True


def polling_interval_s(*devices: ParameterSet) -> float | None:
    """Return the shortest polling interval of all parameters, s; None where none is polled."""
    intervals = [
        each.polling_interval_s
        for parameters in devices
        for each in parameters
        if each.polling_interval_s is not None
    ]
    return max(min(intervals), MIN_INTERVAL_S) if intervals else None


def is_new_patient(parameters: ParameterSet, name: str, value: Any) -> bool:
    """Return whether writing this brings another patient."""
    info = parameters.get(name)
    return info is not None and info.role in PATIENT_ROLES and info.value != value


def subtraction_stated(parameters: ParameterSet) -> bool | None:
    """Return whether the runs of a device are read subtracted; None where it does not state it."""
    kind = parameters.value(Role.ACQUISITION_TYPE)
    words = str(kind or "").casefold()
    if "dsa" in words:
        return True
    if "single" in words:  # one image has no mask
        return False
    usual = parameters.value(Role.DSA_DEFAULT)
    if usual is not None:
        return bool(usual)
    return None if kind is None else False
