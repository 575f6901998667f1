"""The pedal: permission to make x-rays, for as long as an operator demonstrably holds it.

Each press gives one permit. A permit that was withdrawn never comes back: another run needs
another press. Withdrawing forbids further pulses at once, in the shared memory of every device
and on the caller's thread; nothing waits for a device or for the session's own threads.
"""

import threading
from collections.abc import Callable

from fluoroview.hal import Clock, DeadMan, DeviceHost

OPERATOR_SILENCE_S = 0.2
"""An operator who reports (`alive`) may be silent for so long; then the permit is withdrawn.

With one more `BEAT_S` of the HAL the beam of a frozen window is off within 300 ms.
"""


LATE_S = 0.1
"""A call of `watch` that comes so long after the last one is late."""


class Permit:
    """Permission to make pulses, from one press of the pedal."""

    __slots__ = ("_withdrawn",)

    def __init__(self) -> None:
        self._withdrawn = False

    def held(self) -> bool:
        """Return whether pulses may be made."""
        return not self._withdrawn

    def withdraw(self) -> None:
        """Forbid pulses, for good."""
        self._withdrawn = True


class Pedal:
    """One pedal for all devices of a room. Every method may be called from any thread.

    `on_silence(permit, seconds)` is called when a watched operator falls silent.
    """

    def __init__(self, clock: Clock, on_silence: Callable[[Permit, float], None]) -> None:
        self._clock = clock
        self._on_silence = on_silence
        self._lock = threading.Lock()
        self._hosts: tuple[DeviceHost, ...] = ()
        self._permit: Permit | None = None
        self._watched_ns = clock.monotonic_ns()
        self._alive_ns: int | None = None
        """When the operator last reported in this press; None: nobody reports, none is watched."""

    @property
    def down(self) -> bool:
        """Whether a permit is valid."""
        return self._permit is not None

    def attach(self, host: DeviceHost) -> None:
        """Let the pedal govern a device."""
        with self._lock:
            self._hosts = (*self._hosts, host)

    def detach(self, host: DeviceHost) -> None:
        """Let go of a device; its pulses stay forbidden."""
        with self._lock:
            self._hosts = tuple(each for each in self._hosts if each is not host)
        host.release_pedal()

    def press(self) -> Permit | None:
        """Return a new permit; None while the one of another press is valid."""
        with self._lock:
            if self._permit is not None:
                return None
            self._alive_ns = None  # before the permit: `watch` reads both without the lock
            self._permit = Permit()
            return self._permit

    def release(self, permit: Permit | None = None) -> Permit | None:
        """Withdraw the valid permit (only if it is `permit`, where one is given); return it."""
        with self._lock:
            valid = self._permit
            if valid is None or (permit is not None and valid is not permit):
                return None
            valid.withdraw()
            self._permit = None
            hosts = self._hosts
        for host in hosts:
            host.release_pedal()
        return valid

    def alive(self) -> None:
        """Report that the operator holds the pedal; from the first report on, it is due."""
        if self._permit is not None:
            self._alive_ns = self._clock.monotonic_ns()

    def dead_man(self, host: DeviceHost) -> DeadMan:
        """Return whose heartbeat the next run of a device that the pedal governs needs.

        A detector without a generator's link counts, too: its run means x-rays. The heartbeat is
        the operator's where one reports and the driver has a process of its own. A driver in a
        thread of this process stands still with it, and is governed by this pedal alone.
        """
        attended = self._alive_ns is not None and host.isolation == "process"
        return DeadMan.OPERATOR if attended else DeadMan.PROCESS

    def watch(self) -> None:
        """Pass the heartbeat on to the devices, or withdraw the permit of a silent operator.

        Due every `BEAT_S` of the HAL. Where this call itself comes late, the whole program stood
        still and the operator could not be heard: the verdict waits for the next one.
        """
        permit, alive_ns, now_ns = self._permit, self._alive_ns, self._clock.monotonic_ns()
        late_s, self._watched_ns = (now_ns - self._watched_ns) / 1e9, now_ns
        if permit is None:
            return
        silent_s = (now_ns - alive_ns) / 1e9 if alive_ns is not None else 0.0
        if silent_s > OPERATOR_SILENCE_S and late_s > LATE_S:
            return
        if silent_s <= OPERATOR_SILENCE_S:
            for host in self._hosts:
                host.beat()
        elif self.release(permit) is not None:
            self._on_silence(permit, silent_s)
