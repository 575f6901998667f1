"""The driver's side of the host: turns commands into calls of the driver, errors into sentences.

The same object serves in a thread of this process and in a child process. It calls the driver's
methods one at a time, in the order in which commands come.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fluoroview.hal.clock import Clock
from fluoroview.hal.detector import Detector
from fluoroview.hal.device import Device, device_name
from fluoroview.hal.errors import DriverError, FluoroError, ended
from fluoroview.hal.frame import FrameFormat, PixelIntensityRelationship
from fluoroview.hal.generator import Generator
from fluoroview.hal.parameter import ParameterTree
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.sink import FrameSink, SlotPool

_HEARTBEAT_S = 0.1

# A source or a meter has no frames; its ring carries pulses only.
NO_FRAMES: dict[str, Any] = {
    "rows": 1,
    "columns": 1,
    "dtype": "uint8",
    "relationship": "DISP",
    "bit_depth": 8,
    "rate_hz": math.nan,
}


class DeviceServer:
    """One driver instance and the sink it writes to. `name` is "driver:device" in sentences."""

    def __init__(
        self,
        driver_class: type[Device],
        driver: str,
        device_id: str,
        *,
        clock: Clock,
        bell: Callable[[], None],
        on_fail: Callable[[str], None],
        on_refuse: Callable[[str], None],
        faults: Path | None = None,
    ) -> None:
        self.name = device_name(driver, device_id)
        try:
            self._device = driver_class(device_id)
        except Exception as error:
            raise _blame(self.name, error, "__init__") from error
        self._clock = clock
        self._bell = bell
        self._on_fail = on_fail
        self._on_refuse = on_refuse
        self._tree: ParameterTree | None = None
        self._ring: FrameRing | None = None
        self._pool: SlotPool | None = None
        self._sink: FrameSink | None = None
        self._running = False
        # conformance puts its probe here, a fault script its faults
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
            raise
        except (Exception, SystemExit) as error:  # a vendor's wrapper may call sys.exit
            raise _blame(self.name, error, method) from error

    def do_open(self) -> None:
        """Claim the device and read its parameters once."""
        self._device.open()
        self._tree = self._device.parameters()
        self._tree.device = self.name

    def do_traits(self) -> dict[str, Any]:
        """Return what kind of device this is, and what it can do."""
        device = self._device
        traits: dict[str, Any] = {"kind": device.kind, "handshake": False, "reports_pulses": True}
        if isinstance(device, Generator):
            traits["handshake"] = device.handshake
            traits["reports_pulses"] = device.reports_pulses
        return traits

    def do_prepare(self) -> None:
        """Shake hands with a generator; it is ready when this returns."""
        if isinstance(self._device, Generator):
            self._device.prepare()

    def do_parameters(self) -> list[dict[str, Any]]:
        """Return the parameters, described."""
        return self._parameters().describe()

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
                "Every detector states Width, Height and PixelFormat; mend the driver.",
            )
        pixel_format = str(values["PixelFormat"])
        depth = int(values.get("BitDepth", 8 if pixel_format.endswith("8") else 16))
        mono = pixel_format.startswith("Mono")  # others are delivered as luminance of their depth
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
        """Map the ring that the host made. Raises FaultScriptError for faults that do not fit."""
        stated = FrameFormat(**frame_format)
        self._require_fit(stated)
        self._ring = FrameRing.attach(path, stated, slots)
        self._pool = SlotPool(self._ring)

    def do_disarm(self) -> None:
        """Let go of the ring."""
        if self._ring is not None:
            self._ring.close()
        self._ring = self._pool = self._sink = None

    def do_start(self) -> None:
        """Begin a run."""
        ring, pool = self._ring, self._pool
        if ring is None or pool is None:
            raise DriverError(f"{self.name} was started before it was armed.")
        pool.renew()
        bits = int(self._parameters()["FrameCounterBits"].read()) if self._has_bits() else 64
        self._sink = self.sink_type(
            pool,
            clock=self._clock,
            run=int(ring.words[Word.RUN]),
            counter_bits=bits,
            bell=self._bell,
            on_fail=self._on_fail,
            on_refuse=self._on_refuse,
        )
        self._running = True
        self._beat(ring)
        self._device.start(self._sink)

    def do_stop(self) -> None:
        """End the run; the sink takes nothing after the driver's stop has returned."""
        try:
            if self._running:
                self._device.stop()
        finally:
            self._running = False
            if self._sink is not None:
                self._sink.close()

    def do_close(self) -> None:
        """Stop if need be, close the device, let go of the ring."""
        try:
            self.do_stop()
        finally:
            try:
                self._device.close()
            finally:
                self.do_disarm()

    def _parameters(self) -> ParameterTree:
        if self._tree is None:
            raise DriverError(f"{self.name} is not open.")
        return self._tree

    def _beat(self, ring: FrameRing) -> None:
        """Write the heartbeat from a thread of its own while the run lasts."""
        words, sink = ring.words, self._sink
        words[Word.HEARTBEAT] = self._clock.monotonic_ns()

        def beat() -> None:
            while self._running and self._sink is sink:
                words[Word.HEARTBEAT] = self._clock.monotonic_ns()
                time.sleep(_HEARTBEAT_S)
            words[Word.HEARTBEAT] = 0

        threading.Thread(target=beat, name="heartbeat", daemon=True).start()

    def _has_bits(self) -> bool:
        return "FrameCounterBits" in self._parameters()

    def _let_fail(self, path: Path) -> None:
        """Put the faults of a script between the driver and its ring."""
        from fluoroview.hal.runtime.faults import faulty_sink, read_faults  # needs pydantic, 0.1 s

        script = read_faults(path)
        self.sink_type = faulty_sink(script)
        self._require_fit = lambda stated: script.require_fit(path, stated)


def _blame(name: str, error: BaseException, method: str) -> DriverError:
    return DriverError(
        ended(f"{name}: the driver raised {type(error).__name__} in {method}: {error}"),
        "This is a fault of the driver; restart the device, or report it to its author.",
        name,
    )


def format_fields(frame_format: FrameFormat) -> dict[str, Any]:
    """Return the format as the JSON-able fields that `do_arm` takes."""
    return asdict(frame_format)
