"""The driver: a KAP meter on a serial port. The device id is the port.

It listens from `open` to `close`, and reports during a run. KAP measured between two runs is
reported with the first reading of the next, so that no radiation is lost; KAP measured before the
first run is discarded.
"""

import threading
import time
from decimal import Decimal
from functools import partial

from fluoroview.hal import (
    CommandParameter,
    DeviceError,
    DeviceInfo,
    DoseMeter,
    FloatParameter,
    FrameSink,
    IntParameter,
    Parameter,
    ParameterTree,
    StrParameter,
)
from fluoroview.hal.dose_meter import report_reading
from fluoroview_kapmeter import finding
from fluoroview_kapmeter.counter import KapCounter
from fluoroview_kapmeter.listening import Listener
from fluoroview_kapmeter.protocol import RESET, Identity, Message, Reading, WasReset, encode

RESET_S = 1.0
"""How long the meter may take to confirm a reset."""


class KapMeter(DoseMeter):
    """A KAP meter that speaks the line protocol of README.md."""

    none_found = (
        "Name its port: `--device /dev/ttyUSB0`, or in the variable FLUOROVIEW_KAPMETER_PORTS."
    )

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self._sink: FrameSink | None = None
        self._failure: DeviceError | None = None
        self._unreported_ugym2 = Decimal(0)
        self._ran = False
        self._was_reset = threading.Event()

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the meters that answer on the ports named in FLUOROVIEW_KAPMETER_PORTS."""
        return finding.discover()

    def open(self) -> None:
        """Lock the port, find its speed, identify the meter, and begin to listen.

        Raises DeviceError when the port cannot be opened, or no meter answers.
        """
        if not self.device_id:
            raise DeviceError(
                "No port was given for the KAP meter.",
                "Give the port as the device, for example /dev/ttyUSB0 or COM3.",
                code="FV-KAP-006",
            )
        link, identity = finding.connect(self.device_id)
        self._link, self._identity = link, identity
        self._counter = KapCounter(identity.full_scale_ugym2)
        self._failure, self._ran, self._unreported_ugym2 = None, False, Decimal(0)
        self._listener = Listener(link, self._take, self._lost)
        self._listener.start()

    def parameters(self) -> ParameterTree:
        """Return the identity of the meter, its counter, and the quality of the line."""
        return ParameterTree(
            [*self._identity_parameters(), *self._counter_parameters(), *self._line_parameters()]
        )

    def start(self, sink: FrameSink) -> None:
        """Report readings from now on. Raises DeviceError when the meter was lost meanwhile."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if not self._ran:
                self._ran, self._unreported_ugym2 = True, Decimal(0)
            self._sink = sink

    def stop(self) -> None:
        """Report no more readings; the driver goes on listening."""
        with self._lock:
            self._sink = None

    def close(self) -> None:
        """Release the port."""
        self.stop()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    # ---- messages of the listener --------------------------------------------------------

    def _take(self, message: Message) -> None:
        if isinstance(message, Identity):
            return
        with self._lock:
            if isinstance(message, WasReset):
                self._counter.reset()
                self._was_reset.set()
            elif isinstance(message, Reading):
                self._unreported_ugym2 += self._counter.reading(message.kap_ugym2)
                self._report()

    def _report(self) -> None:
        sink = self._sink
        if sink is not None and not sink.stopping:
            report_reading(sink, time.monotonic_ns(), kap_ugym2=float(self._unreported_ugym2))
            self._unreported_ugym2 = Decimal(0)

    def _lost(self, failure: DeviceError) -> None:
        with self._lock:
            self._failure, sink = failure, self._sink
        if sink is not None:
            sink.fail(failure)

    def _reset(self) -> None:
        """Reset the meter's counter to 0. Everything measured until then has been reported."""
        self._was_reset.clear()
        try:
            self._link.write(encode(RESET))
        except OSError as error:
            raise self._failure or finding.cannot_open(self.device_id, error) from error
        if not self._was_reset.wait(RESET_S):
            raise DeviceError(
                f"The KAP meter on {self.device_id} did not confirm the reset within "
                f"{RESET_S:g} s.",
                "Try again, or reset it at the meter.",
                self.device_id,
                code="FV-KAP-007",
            )

    # ---- parameters ----------------------------------------------------------------------

    def _identity_parameters(self) -> list[Parameter]:
        identity = self._identity
        return [
            StrParameter("DeviceVendorName", lambda: identity.vendor),
            StrParameter("DeviceModelName", lambda: identity.model),
            StrParameter("DeviceSerialNumber", lambda: identity.serial),
            IntParameter(
                "BaudRate", lambda: self._link.baudrate, unit="1/s", description="as found"
            ),
        ]

    def _counter_parameters(self) -> list[Parameter]:
        counter = self._counter
        return [
            FloatParameter(
                "CumulativeKap",
                lambda: float(counter.cumulative_ugym2 or 0),
                unit="µGy·m²",
                description="as the meter shows it, since its last reset",
            ),
            FloatParameter(
                "FullScale",
                lambda: float(counter.full_scale_ugym2),
                unit="µGy·m²",
                description="where the meter's counter rolls over to 0",
            ),
            CommandParameter("Reset", self._reset, description="reset the meter's counter to 0"),
            IntParameter(
                "Resets", lambda: counter.resets, description="resets that the meter announced"
            ),
            IntParameter("Rollovers", lambda: counter.rollovers),
            IntParameter(
                "UnannouncedResets",
                lambda: counter.unannounced,
                description="the counter went back unannounced; a little KAP may be missing",
            ),
        ]

    def _line_parameters(self) -> list[Parameter]:
        listener = self._listener
        counts = listener.counts if listener is not None else None
        counters = {
            "LinesGood": ("good", "valid lines"),
            "LinesGarbage": ("garbage", "lines that do not follow the protocol"),
            "LinesBadChecksum": ("bad_checksum", "lines with a wrong checksum"),
            "LinesMissing": ("missing", "readings whose number was skipped"),
        }
        return [
            IntParameter(name, partial(getattr, counts, field, 0), description=description)
            for name, (field, description) in counters.items()
        ]
