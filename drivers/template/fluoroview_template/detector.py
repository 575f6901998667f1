"""The driver. Each method says what it must promise; the lines that call the SDK are yours.

FluoroView calls the methods in order and never two at once, each with a deadline: whoever misses
it is abandoned, and its process killed. By default the driver has a process of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy.typing as npt

from fluoroview.hal import (
    Access,
    DeviceError,
    DeviceInfo,
    EnumParameter,
    FloatParameter,
    FrameHeader,
    FrameSink,
    IntParameter,
    ParameterTree,
    PolledDetector,
)
from fluoroview_template import vendor_sdk


@contextmanager
def sentences(what: str) -> Iterator[None]:
    """Turn the SDK's errors into what a user can read: what happened, why, what to do."""
    try:
        yield
    except vendor_sdk.SdkError as error:
        raise DeviceError(
            f"{what}: {error}.", "Check its power and cable.", code="FV-TPL-001"
        ) from error


class TemplateDetector(PolledDetector):
    """One panel; `device_id` is its serial number.

    The class is for an SDK that is asked for each frame. If yours calls back instead, derive from
    `Detector`, drop `read`, and in the callback: `slot = sink.acquire()`, write to `slot.pixels`,
    `slot.commit(header)`. The driver xisl is an example.
    """

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)  # stores the id; touches no hardware
        self._panel: vendor_sdk.Panel | None = None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return what is plugged in: an empty list for nothing, never an exception for it.

        Opens nothing that another program may want.
        """
        return [
            DeviceInfo("template", serial, vendor="Template", model="Panel", serial=serial)
            for serial in vendor_sdk.SERIALS
        ]

    def open(self) -> None:
        """Claim the panel and bring it to a known state; DeviceError when it is gone or in use."""
        with sentences(f"Panel {self.device_id} cannot be opened"):
            self._panel = vendor_sdk.Panel(self.device_id)

    def parameters(self) -> ParameterTree:
        """Return the settings; asked for after `open`, valid until `close`.

        Width, Height and PixelFormat must be there. Names are those of GenICam's SFNC where it has
        one, times in µs. Limits may be callables. A value is read back after it is written, so
        let `get` ask the SDK, which rounds. What changes the size of the image, or makes a
        calibration wrong, is RW_IDLE.
        """
        panel = self._opened()
        return ParameterTree(
            [
                IntParameter("Width", lambda: panel.size()[1], unit="px"),
                IntParameter("Height", lambda: panel.size()[0], unit="px"),
                # 16 bits a pixel are delivered in uint16, 8 (Mono8) in uint8.
                EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
                IntParameter("BitDepth", lambda: 14, unit="bit"),  # counts up to 16383
                # LIN: proportional to the radiation, as a flat panel is. DISP: ready for the eye.
                EnumParameter("PixelIntensityRelationship", lambda: "LIN", choices=["LIN"]),
                # After how many bits the counter in `read` wraps; 64 when never.
                IntParameter("FrameCounterBits", lambda: vendor_sdk.COUNTER_BITS, unit="bit"),
                FloatParameter(
                    "ExposureTime",
                    lambda: float(panel.exposure_us),
                    panel.set_exposure_us,
                    minimum=5_000.0,
                    maximum=500_000.0,
                    unit="µs",
                    description="Integration time of a frame.",
                ),
                FloatParameter("AcquisitionFrameRate", lambda: 1e6 / panel.exposure_us, unit="Hz"),
                IntParameter(
                    "BinningHorizontal",
                    lambda: panel.binning,
                    lambda factor: setattr(panel, "binning", factor),
                    minimum=1,
                    maximum=2,
                    access=Access.RW_IDLE,
                    description="Columns, and rows, that make one pixel; Width and Height follow.",
                ),
            ]
        )

    def start(self, sink: FrameSink) -> None:
        """Start the panel's stream and return at once.

        `super().start` begins to call `read`. Width, Height and PixelFormat stay as they are until
        `stop`. Where the driver releases x-rays, it checks `sink.stopping` before each pulse and
        reports each pulse with `sink.pulse`.
        """
        with sentences(f"Panel {self.device_id} cannot start"):
            self._opened().start_stream()
        super().start(sink)

    def read(self, pixels: npt.NDArray[Any], timeout_s: float) -> FrameHeader | None:
        """Wait up to `timeout_s` for a frame, write it to `pixels` (Height × Width), return it.

        Return None when no frame came in time; never wait longer than `timeout_s`. The counter is
        the device's own, raw: FrameCounterBits unwraps it, and each gap counts as lost(link).
        Losses that the SDK reports with another cause go to `sink.lost`. An incomplete frame is not
        returned. An error raised here ends the run as a fault.
        """
        with sentences("the stream broke off"):
            frame = self._opened().wait_frame(timeout_s)
        if frame is None:
            return None
        counter, time_ns, image = frame
        pixels[:] = image  # copied: the SDK may use its buffer again
        # Also there, where known: pulse_index, exposure, temperature_c, gain_mode.
        return FrameHeader(
            hardware_counter=counter,
            hardware_time_ns=time_ns,
            binning=self._opened().binning,
        )

    def stop(self) -> None:
        """End the run: when this returns, no frame can follow. Safe when nothing runs."""
        super().stop()  # waits for the `read` that is on its way
        if self._panel is not None:
            with sentences(f"Panel {self.device_id} cannot stop"):
                self._panel.stop_stream()

    def close(self) -> None:
        """Give the panel back: safe at any time, twice, and while streaming."""
        try:
            self.stop()
        finally:
            panel, self._panel = self._panel, None
            if panel is not None:
                panel.close()

    def _opened(self) -> vendor_sdk.Panel:
        if self._panel is None:
            raise DeviceError(
                f"Panel {self.device_id} is not open.", "Open it first.", code="FV-TPL-002"
            )
        return self._panel
