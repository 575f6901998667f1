"""The driver: the images of an areaDetector as a FluoroView detector.

It reads; what the detector does (exposure, acquisition) is set in its IOC.
"""

import os
import re
import time
from typing import Any

from fluoroview.hal import (
    Access,
    Detector,
    DeviceError,
    DeviceInfo,
    EnumParameter,
    FrameSink,
    IntParameter,
    ParameterTree,
    RelationshipParameter,
    StrParameter,
)
from fluoroview_epics import sdk
from fluoroview_epics.image import Layout, layout_of
from fluoroview_epics.subscription import Subscription

SEARCH_VARIABLE = "FLUOROVIEW_EPICS_PVS"
_OPEN_S = 5.0
_DISCOVER_S = 2.0
_FRESH_S = 1.0
_REMEDY = "Check the IOC, the name and EPICS_PVA_ADDR_LIST, then open it again."


class EpicsDetector(Detector):
    """An NTNDArray PV; `device_id` is its name, such as "13SIM1:Pva1:Image"."""

    none_found = "Name a PV: `--device 13SIM1:Pva1:Image`, or in the variable FLUOROVIEW_EPICS_PVS."

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._client: Any = None
        self._layout: Layout | None = None
        self._read_s = 0.0
        self._tree: ParameterTree | None = None
        self._run: Subscription | None = None
        self._bit_depth: int | None = None
        self._relationship = RelationshipParameter("NTNDArray")

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the PVs that FLUOROVIEW_EPICS_PVS lists, and whether each answers.

        Raises DriverError where p4p is missing.
        """
        client = sdk.client()
        try:
            names = [
                name for name in re.split(r"[\s,]+", os.environ.get(SEARCH_VARIABLE, "")) if name
            ]
            answers = client.get(names, timeout=_DISCOVER_S, throw=False) if names else []
            return [
                DeviceInfo("epics", name, vendor="EPICS", note=_note(name, answer))
                for name, answer in zip(names, answers, strict=True)
            ]
        finally:
            client.close()

    def open(self) -> None:
        """Connect and read one image. Raises DriverError without p4p, DeviceError without PV."""
        self._client = sdk.client()
        try:
            self._refresh()
        except Exception:
            self.close()
            raise
        self._tree = self._parameters()

    def parameters(self) -> ParameterTree:
        """Return what the PV says of its images, and what it cannot say."""
        if self._tree is None:
            raise DeviceError(
                f"{self.device_id} is not open.",
                "Open it first.",
                self.device_id,
                code="FV-EPX-001",
            )
        return self._tree

    def start(self, sink: FrameSink) -> None:
        """Subscribe to the images; the IOC decides when they come."""
        assert self._layout is not None
        run = Subscription(self._client, self.device_id, self._layout, sink)
        run.start()
        self._run = run

    def stop(self) -> None:
        """End the subscription."""
        run, self._run = self._run, None
        if run is not None:
            run.stop()

    def close(self) -> None:
        """Disconnect."""
        self.stop()
        self._tree = None
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _refresh(self) -> Layout:
        """Return the layout, read again when idle: it may have been changed in the IOC."""
        stale = time.monotonic() - self._read_s > _FRESH_S
        if self._layout is None or (stale and self._run is None):
            try:
                value = self._client.get(self.device_id, timeout=_OPEN_S)
            except TimeoutError as error:
                raise DeviceError(
                    f"{self.device_id} does not answer within {_OPEN_S:g} s.",
                    _REMEDY,
                    self.device_id,
                    code="FV-EPX-002",
                ) from error
            except Exception as error:  # p4p's Disconnected, RemoteError, Cancelled
                raise DeviceError(
                    f"{self.device_id} cannot be read: {error}.",
                    _REMEDY,
                    self.device_id,
                    code="FV-EPX-003",
                ) from error
            self._layout = layout_of(value, self.device_id)
            self._read_s = time.monotonic()
        return self._layout

    def _bits(self) -> int:
        most = 8 if self._refresh().dtype == "uint8" else 16
        return min(self._bit_depth or most, most)

    def _set_bits(self, bits: int) -> None:
        self._bit_depth = bits

    def _parameters(self) -> ParameterTree:
        return ParameterTree(
            [
                IntParameter("Width", lambda: self._refresh().columns, unit="px"),
                IntParameter("Height", lambda: self._refresh().rows, unit="px"),
                EnumParameter(
                    "PixelFormat",
                    lambda: self._refresh().pixel_format,
                    choices=["Mono8", "Mono16"],
                    description="What is delivered; colour as luminance.",
                ),
                StrParameter(
                    "DataType",
                    lambda: self._refresh().pixel_type,
                    description="What the PV serves.",
                ),
                IntParameter(
                    "BitDepth",
                    self._bits,
                    self._set_bits,
                    minimum=1,
                    maximum=lambda: 8 if self._refresh().dtype == "uint8" else 16,
                    unit="bit",
                    access=Access.RW_IDLE,
                    description="Significant bits of a pixel. NTNDArray does not say it: 14 for "
                    "a panel of "
                    "14 bits in UInt16.",
                ),
                IntParameter(
                    "FrameCounterBits", lambda: 32, unit="bit", description="Of uniqueId."
                ),
                self._relationship,
            ],
            self.device_id,
        )


def _note(name: str, answer: Any) -> str:
    if isinstance(answer, Exception):
        return f"does not answer within {_DISCOVER_S:g} s"
    try:
        return str(layout_of(answer, name))
    except DeviceError as error:
        return error.what
