"""The driver's side of the host: turns commands into calls of the driver, errors into sentences.

The same object serves in a thread of this process and in a child process. It calls the driver's
methods one at a time, in the order of the commands.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fluoroview.hal.clock import Clock
from fluoroview.hal.detector import Detector
from fluoroview.hal.device import Device, DeviceTraits, Progress, device_name
from fluoroview.hal.errors import DriverError, FluoroError, ended
from fluoroview.hal.foreign_text import plain
from fluoroview.hal.frame import FrameFormat, PixelIntensityRelationship
from fluoroview.hal.generator import Generator
from fluoroview.hal.parameter import ParameterTree
from fluoroview.hal.runtime.dead_man import WATCH_S, silent_s
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.sink import FrameSink, SlotPool

logger = logging.getLogger(__name__)
SENTENCE_LENGTH = 1000
"""At most so many characters of a driver's sentence are passed on."""

# Only a detector has frames; the ring of another device carries pulses.
NO_FRAMES: dict[str, Any] = {
    "rows": 1,
    "columns": 1,
    "dtype": "uint8",
    "relationship": "DISP",
    "bit_depth": 8,
    "rate_hz": math.nan,
}


def _ignore(*_report: Any) -> None:
    """Take a report that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What the driver's side reports, from any of its threads."""

    bell: Callable[[], None] = _ignore
    """A frame was committed."""
    fail: Callable[[str], None] = _ignore
    """The device cannot go on, and why."""
    refuse: Callable[[str], None] = _ignore
    """The device makes no pulse, and why."""
    silent: Callable[[float], None] = _ignore
    """The dead man's switch ended the run after so many seconds of silence."""
    progress: Callable[[Progress], None] = _ignore
    """How far a long call has come."""


class DeviceServer:
    """One driver instance and the sink it writes to. `name` is "driver:device" in sentences."""

    def __init__(
        self,
        driver_class: type[Device],
        driver: str,
        device_id: str,
        *,
        clock: Clock,
        reports: Reports,
        end_run: Callable[[], None],
        faults: Path | None = None,
    ) -> None:
        """Make the driver's object.

        `end_run` has the thread that calls `handle` call it with "stop", soon; the dead man's
        switch uses it.
        """
        self.name = device_name(driver, device_id)
        try:
            self._device = driver_class(device_id)
        except Exception as error:
            raise _blame(self.name, error, "__init__") from error
        self._device.on_progress = reports.progress
        self._clock = clock
        self._reports = reports
        self._end_run = end_run
        self._tree: ParameterTree | None = None
        self._ring: FrameRing | None = None
        self._pool: SlotPool | None = None
        self._sink: FrameSink | None = None
        self._running = False
        # the conformance kit sets its probe here, a fault script its faults
        self.sink_type: Callable[..., FrameSink] = FrameSink
        self._require_fit: Callable[[FrameFormat], None] = lambda _format: None
        if faults is not None:
            self._let_fail(faults)

    def handle(self, method: str, arguments: dict[str, Any]) -> Any:
        """Run one command and return its JSON-able result. Raises FluoroError only."""
        try:
            return getattr(self, f"do_{method}")(**arguments)
        except FluoroError as error:
            error.device = error.device or self.name
            _make_harmless(error)
            raise
        except (Exception, SystemExit) as error:  # a vendor's wrapper may call sys.exit
            logger.exception("%s: %s failed", self.name, method)
            raise _blame(self.name, error, method) from error

    def do_open(self) -> None:
        """Claim the device and read its parameters once."""
        self._device.open()
        self._tree = self._device.parameters()
        self._tree.device = self.name

    @property
    def traits(self) -> DeviceTraits:
        """What kinds of device this is, and what it can do."""
        device = self._device
        if isinstance(device, Generator):
            return DeviceTraits(
                device.kind, device.kinds(), device.handshake, device.reports_pulses
            )
        return DeviceTraits(device.kind, device.kinds())

    def do_traits(self) -> dict[str, Any]:
        """Return the traits, JSON-able."""
        return asdict(self.traits)

    def do_prepare(self) -> None:
        """Prepare a generator; it is ready when this returns."""
        if isinstance(self._device, Generator):
            self._device.prepare()

    def do_parameters(self) -> list[dict[str, Any]]:
        """Read every parameter, as JSON-able dicts."""
        return [each.as_dict() for each in self._parameters().describe()]

    def do_write(self, name: str, value: Any, idle: bool) -> Any:
        """Write one parameter and return the value read back."""
        return self._parameters().write(name, value, idle=idle)

    def do_format(self) -> dict[str, Any]:
        """Return rows, columns, dtype, relationship, bit_depth and rate of the coming frames."""
        if not isinstance(self._device, Detector):
            return NO_FRAMES
        values = {parameter.name: parameter.read() for parameter in self._parameters()}
        missing = {"Width", "Height", "PixelFormat"} - values.keys()
        if missing:
            raise DriverError(
                f"{self.name}: the driver has no parameter {' and no '.join(sorted(missing))}.",
                "Every detector states Width, Height and PixelFormat; correct the driver.",
                code="FV-HAL-036",
            )
        pixel_format = str(values["PixelFormat"])
        depth = int(values.get("BitDepth", 8 if pixel_format.endswith("8") else 16))
        mono = pixel_format.startswith(
            "Mono"
        )  # other formats are delivered as luminance of their depth
        narrow = pixel_format == "Mono8" if mono else depth <= 8
        relationship = str(values.get("PixelIntensityRelationship", "DISP"))
        return {
            "rows": int(values["Height"]),
            "columns": int(values["Width"]),
            "dtype": "uint8" if narrow else "uint16",
            "relationship": str(PixelIntensityRelationship(relationship)),
            "bit_depth": depth,
            "rate_hz": float(values.get("AcquisitionFrameRate", math.nan)),
        }

    def do_arm(self, path: str, frame_format: dict[str, Any], slots: int) -> None:
        """Map the host's ring. Raises FaultScriptError for faults that do not fit."""
        stated = FrameFormat(**frame_format)
        self._require_fit(stated)
        self._ring = FrameRing.attach(path, stated, slots)
        self._pool = SlotPool(self._ring)

    def do_disarm(self) -> None:
        """Release the ring."""
        if self._ring is not None:
            self._ring.close()
        self._ring = self._pool = self._sink = None

    def do_start(self) -> None:
        """Begin a run."""
        ring, pool = self._ring, self._pool
        if ring is None or pool is None:
            raise DriverError(f"{self.name} was started before it was armed.", code="FV-HAL-037")
        pool.renew()
        bits = int(self._parameters()["FrameCounterBits"].read()) if self._has_bits() else 64
        self._sink = self.sink_type(
            pool,
            clock=self._clock,
            run=int(ring.words[Word.RUN]),
            counter_bits=bits,
            bell=self._reports.bell,
            on_fail=self._reports.fail,
            on_refuse=self._reports.refuse,
        )
        self._running = True
        self._watch(ring, self._sink)
        self._device.start(self._sink)

    def do_stop(self) -> None:
        """End the run; the sink accepts nothing after the driver's stop has returned."""
        try:
            if self._running:
                self._device.stop()
        finally:
            self._running = False
            if self._sink is not None:
                self._sink.close()

    def do_close(self) -> None:
        """Stop if necessary, close the device, release the ring."""
        try:
            self.do_stop()
        finally:
            try:
                self._device.close()
            finally:
                self.do_disarm()

    def _parameters(self) -> ParameterTree:
        if self._tree is None:
            raise DriverError(f"{self.name} is not open.", code="FV-HAL-038")
        return self._tree

    def _watch(self, ring: FrameRing, sink: FrameSink) -> None:
        """Write the driver's heartbeat and watch the operator's while the run lasts."""
        words = ring.words
        words[Word.HEARTBEAT] = self._clock.monotonic_ns()

        def watch() -> None:
            ended = False
            while self._running and self._sink is sink:
                words[Word.HEARTBEAT] = self._clock.monotonic_ns()
                if not ended and sink.operator_silent and not words[Word.STOPPING]:
                    ended = True
                    self._operator_silent(ring)
                time.sleep(WATCH_S)
            words[Word.HEARTBEAT] = 0

        threading.Thread(target=watch, name="run watch", daemon=True).start()

    def _operator_silent(self, ring: FrameRing) -> None:
        """End the run without the host, which may stand still; report it for when it is back."""
        seconds = silent_s(ring)
        ring.words[Word.STOPPING] = 1
        self._end_run()
        logger.warning("%s: run ended, the operator was silent for %.2f s", self.name, seconds)
        self._reports.silent(seconds)

    def _has_bits(self) -> bool:
        return "FrameCounterBits" in self._parameters()

    def _let_fail(self, path: Path) -> None:
        """Insert the faults of a script between the driver and its ring."""
        from fluoroview.hal.runtime.faults import faulty_sink, read_faults  # needs pydantic, 0.1 s

        script = read_faults(path)
        self.sink_type = faulty_sink(script)
        self._require_fit = lambda stated: script.require_fit(path, stated)


def _make_harmless(error: FluoroError) -> None:
    """Replace control characters in a driver's sentence, which may quote its device."""
    error.what, error.remedy = (plain(part, SENTENCE_LENGTH) for part in (error.what, error.remedy))
    error.args = (f"{error.what} {error.remedy}".strip(),)


def _blame(name: str, error: BaseException, method: str) -> DriverError:
    return DriverError(
        ended(f"{name}: the driver raised {type(error).__name__} in {method}: {plain(error)}"),
        "This is a fault of the driver; restart the device, or report it to its author.",
        name,
        code="FV-HAL-039",
    )


def format_fields(frame_format: FrameFormat) -> dict[str, Any]:
    """Return the format as the JSON-able fields that `do_arm` takes."""
    return asdict(frame_format)
