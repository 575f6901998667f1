"""A trial: an experiment with a device, from which one or several rules are judged.

Trials run in the worker process. They yield findings as they go, so that what was found before
a driver hangs or dies is kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property

from fluoroview.conformance.effort import Effort
from fluoroview.conformance.rig import Hang, Rig, Violation
from fluoroview.conformance.verdict import Finding, Rule
from fluoroview.hal.detector import Detector
from fluoroview.hal.device import Device
from fluoroview.hal.dose_meter import DoseMeter
from fluoroview.hal.errors import DriverError
from fluoroview.hal.generator import Generator
from fluoroview.hal.runtime.registry import load_driver

DETECTOR, GENERATOR, METER = Detector.kind, Generator.kind, DoseMeter.kind
KINDS = (DETECTOR, GENERATOR, METER)
"""The kinds of devices that can be checked."""


class TrialContext:
    """What a trial works on: the driver, the device, the effort."""

    def __init__(
        self,
        driver: str,
        device_id: str,
        effort: Effort,
        *,
        others: tuple[str, ...] = (),
        step: Callable[[str], None] = lambda _rule: None,
    ) -> None:
        self.rule = ""
        self._on_step = step
        self.driver = driver
        self.device_id = device_id
        self.effort = effort
        self.others = others

    def step(self, rule: str) -> None:
        """Report which rule is being tried now: a crash would break it."""
        self.rule = rule
        self._on_step(rule)

    @cached_property
    def driver_class(self) -> type[Device]:
        """The driver's class, imported at its first use."""
        loaded = load_driver(self.driver)
        if loaded.kind not in KINDS:
            raise DriverError(
                f"Driver {self.driver} is a {loaded.kind}.",
                "The conformance kit checks detectors, generators and dose meters.",
                self.driver,
                code="FV-CHK-002",
            )
        return loaded

    @property
    def kind(self) -> str:
        """The kind of device, once its class is imported; "" before."""
        loaded: type[Device] | None = self.__dict__.get("driver_class")
        return loaded.kind if loaded is not None else ""

    @contextmanager
    def rig(self, device_id: str | None = None) -> Iterator[Rig]:
        """Yield a rig for the device, or for another; it is closed afterwards."""
        rig = Rig(
            self.driver_class,
            self.driver,
            self.device_id if device_id is None else device_id,
            self.effort,
            self.step,
        )
        try:
            yield rig
        except Hang:
            rig.abandon()
            raise
        except Violation:
            with suppress(Violation):
                rig.close()
            raise
        except Exception as error:  # the driver returned something that the trial cannot interpret
            rule = self.rule
            with suppress(Violation):
                rig.close()
            text = f"It cannot be judged: {type(error).__name__}: {error}"
            raise Violation(rule, text) from error
        rig.close()

    @contextmanager
    def open_rig(self, device_id: str | None = None) -> Iterator[Rig]:
        """Yield a rig whose device is open."""
        with self.rig(device_id) as rig:
            rig.open()
            yield rig


TO_OPEN = ("open-close", "parameters-required")
"""The rules that every run needs."""
TO_STREAM = (
    *TO_OPEN,
    "start-stop",
    "start-at-once",
    "stop-deadline",
    "frame-size",
    "continuous-run",
)
"""The rules that every trial of a stream needs."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A named trial and the rules it can judge.

    `needs` are the rules that it depends on; `fresh`: it needs a worker that has not used the
    driver before; `kinds`: the kinds of device that it applies to.
    """

    name: str
    run: Callable[[TrialContext], Iterator[Finding]]
    rules: tuple[Rule, ...]
    needs: tuple[str, ...] = TO_STREAM
    fresh: bool = False
    kinds: tuple[str, ...] = (DETECTOR,)
