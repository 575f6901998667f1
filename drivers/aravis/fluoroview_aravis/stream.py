"""One run of a device: takes buffers, decodes them, pushes them back, reports what is lost."""

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluoroview.hal import DeviceError, FrameHeader
from fluoroview.hal.sdk.driver_errors import not_as_armed
from fluoroview.hal.sdk.frame_ids import GEV_PERIOD, FrameIds, Lost
from fluoroview.hal.sdk.pixel_format import BY_CODE, Bytes, Decoder, PixelFormat, Pixels
from fluoroview_aravis import features, sdk

# Aravis keeps an incomplete frame, and all that follow it, for 0.1 s before it drops it:
# three times as many buffers as arrive meanwhile.
_BUFFERED_S = 0.3
_MIN_BUFFERS = 8
_MAX_BUFFERS = 256
_BUFFER_BYTES = 256 << 20
_SOCKET_BYTES = 8 << 20
_STOP_S = 0.5
_IMAGE = "2D_IMAGE"


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """How packets of GigE Vision are received; USB3 Vision ignores it."""

    packet_resend: bool = True
    packet_socket: bool = False


class Stream:
    """The frames of one run, in order. `lost(count, cause)` is called before the next frame."""

    def __init__(
        self,
        camera: Any,
        pixel_format: PixelFormat,
        lost: Lost,
        options: LinkOptions,
        *,
        bins: bool = True,
    ) -> None:
        self._aravis = sdk.load()
        self._camera = camera
        self._genicam = camera.get_device().get_genicam()
        self._options = options
        rows, columns = self._value("Height", 1), self._value("Width", 1)
        self._decoder = Decoder(pixel_format, rows, columns)
        self._payload = int(camera.get_payload())
        self._buffers = buffer_count(self._value("AcquisitionFrameRate", 30.0), self._payload)
        self._ids = FrameIds(lost, period=self._id_period(), buffers=self._buffers)
        self._binning = int(self._value("BinningHorizontal", 1)) if bins else 1
        self._memory: dict[Any, Bytes] = {}
        self._stream: Any = None
        self._counts_underruns = False

    def start(self) -> None:
        """Give Aravis its buffers and start the device."""
        is_gv = self._camera.is_gv_device()
        if is_gv:
            flags = self._aravis.GvStreamOption
            self._camera.gv_set_stream_options(
                flags.NONE if self._options.packet_socket else flags.PACKET_SOCKET_DISABLED
            )
        self._stream = self._camera.create_stream(None, None)
        if is_gv:
            self._stream.set_property("socket-buffer-size", socket_bytes(self._payload))
            if not self._options.packet_resend:
                never = self._aravis.GvStreamPacketResend.NEVER
                self._stream.set_property("packet-resend", never)
        names = range(self._stream.get_n_infos())
        self._counts_underruns = "n_underruns" in map(self._stream.get_info_name, names)
        for _ in range(self._buffers):
            self._push_new()
        features.lock(self._genicam, True)
        self._camera.start_acquisition()

    def stop(self) -> None:
        """Stop the device and let go. Raises DeviceError when it does not answer in time."""
        sdk.within(_STOP_S, self._camera.stop_acquisition, "it does not stop")
        features.lock(self._genicam, False)
        self.release()

    def release(self) -> None:
        """Let go of Aravis' stream, whose thread ends with it, then of the memory it wrote to.

        It may take 2.5 s where the device does not answer.
        """
        self._stream = None
        self._memory.clear()
        self._camera = self._genicam = None

    def take(self, pixels: Pixels, timeout_s: float) -> tuple[bool, FrameHeader | None]:
        """Wait for the next buffer and decode it into `pixels` (rows × columns).

        Return whether one came, and its header where it was whole. The buffer goes back to Aravis
        whatever happens. Raises DeviceError for an image that is not the one armed for.
        """
        buffer = self._stream.timeout_pop_buffer(int(timeout_s * 1e6))
        if buffer is None:
            return False, None
        try:
            return True, self._deliver(buffer, pixels)
        finally:
            self._stream.push_buffer(buffer)

    def _push_new(self) -> None:
        """Give Aravis a buffer in memory of ours, so that decoding it needs no copy."""
        memory = np.empty(self._payload, np.uint8)
        buffer = self._aravis.Buffer.new(self._payload, memory.ctypes.data)
        self._memory[buffer] = memory
        self._stream.push_buffer(buffer)

    def _deliver(self, buffer: Any, pixels: Pixels) -> FrameHeader | None:
        states = self._aravis.BufferStatus
        status = buffer.get_status()
        if status in (states.ABORTED, states.CLEARED):
            return None  # we stopped in the middle of it
        if status != states.SUCCESS:
            self._ids.incomplete()
            return None
        part = self._image_part(buffer)
        self._check(buffer, part, pixels)
        data, line_padding = self._bytes(buffer, part), buffer.get_part_padding(part)[0]
        if data.size < self._decoder.needed_bytes(line_padding):
            self._ids.incomplete()
            return None
        self._decoder.decode(data, pixels, line_padding=line_padding)
        return FrameHeader(
            hardware_counter=self._ids.arrived(buffer.get_frame_id(), self._underruns()),
            hardware_time_ns=buffer.get_timestamp(),
            binning=self._binning,
        )

    def _image_part(self, buffer: Any) -> int:
        """Return which part of the payload is the image; the first one of several."""
        image_type = getattr(self._aravis.BufferPartDataType, _IMAGE)
        for part in range(buffer.get_n_parts()):
            if buffer.get_part_data_type(part) == image_type:
                return part
        kind = buffer.get_payload_type().value_nick
        raise DeviceError(
            f"it sends {kind} data without a plain image in it.",
            "Switch compression, chunk-only and 3D modes off.",
            code="FV-ARV-006",
        )

    def _check(self, buffer: Any, part: int, pixels: Pixels) -> None:
        armed = self._decoder.pixel_format
        size = (self._decoder.rows, self._decoder.columns)
        code = buffer.get_part_pixel_format(part)
        rows, columns = buffer.get_part_height(part), buffer.get_part_width(part)
        if (rows, columns) == size == pixels.shape and code == armed.code:
            return
        known = BY_CODE.get(code)
        raise not_as_armed(
            f"{columns}×{rows} {known.name if known else f'format 0x{code:08X}'}",
            f"{pixels.shape[1]}×{pixels.shape[0]} {armed.name}",
        )

    def _bytes(self, buffer: Any, part: int) -> Bytes:
        """Return the bytes of a part: a view of our memory, but of several parts a copy."""
        if buffer.get_n_parts() == 1:
            return self._memory[buffer]
        return np.frombuffer(buffer.get_part_data(part), np.uint8)

    def _underruns(self) -> int:
        """Return for how many packets or frames Aravis had no buffer, since the run began."""
        if not self._counts_underruns:
            return 0
        return int(self._stream.get_info_uint64_by_name("n_underruns"))

    def _id_period(self) -> int | None:
        """Return after how many ids they repeat: GigE Vision without extended ids has 16 bits."""
        if not self._camera.is_gv_device():
            return None
        extended = self._genicam.get_node("GevGVSPExtendedIDMode")
        with suppress(*sdk.errors()):
            if extended is not None and extended.get_string_value() == "On":
                return None
        return GEV_PERIOD

    def _value(self, name: str, default: Any) -> Any:
        """Return the value of a number feature, or `default` where it cannot be read."""
        node = self._genicam.get_node(name)
        with suppress(*sdk.errors(), AttributeError):
            return node.get_value()
        return default


def buffer_count(rate_hz: float, payload: int) -> int:
    """Return how many buffers of `payload` bytes a stream needs at `rate_hz`."""
    needed = math.ceil(min(max(rate_hz, 0.0), 1e4) * _BUFFERED_S) + 2
    room = max(_MIN_BUFFERS, _BUFFER_BYTES // max(payload, 1))
    return max(_MIN_BUFFERS, min(needed, _MAX_BUFFERS, room))


def socket_bytes(payload: int) -> int:
    """Return what the kernel is asked to keep of packets not yet taken; it allows its rmem_max."""
    return min(max(_SOCKET_BYTES, 4 * payload), 2**31 - 1)
