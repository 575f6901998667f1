"""One run of a camera: takes grab results, releases each of them, reports what is lost."""

import time
from typing import Any

from fluoroview.hal import DeviceError, FrameHeader
from fluoroview.hal.sdk.driver_errors import CHECK_POWER, not_as_armed
from fluoroview.hal.sdk.frame_ids import GEV_PERIOD, FrameIds, Lost
from fluoroview_pylon import sdk
from fluoroview_pylon.features import is_emulated, node
from fluoroview_pylon.image import PixelDecoder, Pixels

BUFFERS = 16
_PRESENCE_EVERY_S = 0.25  # asking whether the camera is there takes about 1 ms
_UNDERRUNS = "Statistic_Buffer_Underrun_Count"
_NS = 1_000_000_000
_NO_BLOCK_ID = 2**64 - 1


class Stream:
    """The frames of one run, in order. `lost(count, cause)` is called before the next frame."""

    def __init__(self, camera: Any, lost: Lost) -> None:
        pylon, _ = sdk.load()
        node_map = camera.GetNodeMap()
        self._pylon = pylon
        self._camera = camera
        self._pixel_format = node_map.GetNode("PixelFormat")
        self._decoder = PixelDecoder(int(self._pixel_format.GetIntValue()))
        self._id_period = _id_period(camera, node_map)
        self._ids = FrameIds(lost, period=self._id_period)
        self._underruns = node(camera.GetStreamGrabberNodeMap(), _UNDERRUNS)
        self._ticks_per_s = _number(node_map, "GevTimestampTickFrequency", _NS)
        self._binning = 1 if is_emulated(camera) else _number(node_map, "BinningHorizontal", 1)
        self._asked_s = time.monotonic()

    def start(self) -> None:
        """Queue the buffers and start the camera; every frame is kept, in order."""
        self._camera.MaxNumBuffer.SetValue(BUFFERS)
        self._camera.StartGrabbing(self._pylon.GrabStrategy_OneByOne)

    def stop(self) -> None:
        """Stop the camera and take the buffers back."""
        self._camera.StopGrabbing()

    def take(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Write the next frame to `pixels` (rows × columns) and return its header.

        None when none came in time, or when what came was incomplete. Raises DeviceError when the
        camera is gone or delivers another size or format than was armed for.
        """
        self._check_presence()
        result = self._camera.RetrieveResult(
            max(1, round(timeout_s * 1000)), self._pylon.TimeoutHandling_Return
        )
        try:
            return self._deliver(result, pixels) if result.IsValid() else None
        finally:
            result.Release()

    def _deliver(self, result: Any, pixels: Pixels) -> FrameHeader | None:
        if not result.GrabSucceeded() or not self._decode(result, pixels):
            self._ids.incomplete(self._frame_id(result), self._without_buffer())
            return None
        return FrameHeader(
            hardware_counter=self._ids.arrived(self._frame_id(result), self._without_buffer()),
            hardware_time_ns=self._time_ns(result.GetTimeStamp()),
            binning=self._binning,
        )

    def _decode(self, result: Any, pixels: Pixels) -> bool:
        size = (result.GetHeight(), result.GetWidth())
        if size != pixels.shape or result.GetPixelType() != self._decoder.pixel_type:
            raise not_as_armed(
                f"{size[1]}×{size[0]} of pixel type 0x{result.GetPixelType():08X}",
                f"{pixels.shape[1]}×{pixels.shape[0]} of 0x{self._decoder.pixel_type:08X}",
            )
        return self._decoder.decode(result, pixels)

    def _frame_id(self, result: Any) -> int | None:
        """Return the block id; None where the camera does not count (0 by GigE Vision)."""
        block_id = int(result.GetBlockID())
        counts = block_id != _NO_BLOCK_ID and not (block_id == 0 and self._id_period is not None)
        return block_id if counts else None

    def _without_buffer(self) -> int:
        """Return how many frames of this run found no buffer, where the stream counts them."""
        try:
            return int(self._underruns.GetValue()) if self._underruns is not None else 0
        except sdk.errors():
            return 0

    def _time_ns(self, ticks: int) -> int:
        """Return the camera's time in ns; the host's, where the camera has no clock (0)."""
        if not ticks:
            return time.monotonic_ns()
        whole, rest = divmod(ticks, self._ticks_per_s)
        return whole * _NS + rest * _NS // self._ticks_per_s

    def _check_presence(self) -> None:
        now_s = time.monotonic()
        if now_s - self._asked_s < _PRESENCE_EVERY_S:
            return
        self._asked_s = now_s
        if self._camera.IsCameraDeviceRemoved():
            raise DeviceError(
                "the camera was unplugged, lost its power or its link.",
                CHECK_POWER,
                code="FV-PYL-003",
            )


def _id_period(camera: Any, node_map: Any) -> int | None:
    """Return after how many ids they repeat: GigE Vision without extended ids has 16 bits."""
    if not camera.IsGigE():
        return None
    for name in ("GevGVSPExtendedIDMode", "BslGevGVSPExtendedIDMode"):
        extended = node(node_map, name)
        if extended is not None and str(extended.ToString()) == "On":
            return None
    return GEV_PERIOD


def _number(node_map: Any, name: str, default: int) -> int:
    feature = node(node_map, name)
    try:
        return int(feature.GetValue()) or default if feature is not None else default
    except sdk.errors():
        return default
