"""One run of a GenTL device: takes buffers, decodes them, queues them back, reports losses."""

from collections.abc import Callable
from typing import Any

from fluoroview.hal import FrameHeader
from fluoroview.hal.sdk.driver_errors import not_as_armed
from fluoroview.hal.sdk.frame_ids import GEV_PERIOD, FrameIds, Lost
from fluoroview.hal.sdk.pixel_format import BY_CODE, Decoder, PixelFormat, Pixels
from fluoroview_gentl import sdk
from fluoroview_gentl.image import Image, find_image
from fluoroview_gentl.timestamps import Timestamps

# harvesters looks at the clock before it looks at the producer: a timeout of 0 would wait for
# ever, and one below the clock's step would return before looking.
_ONE_LOOK_S = 0.0005


class Stream:
    """The frames of one run, in order. `lost(count, cause)` is called before the next frame."""

    def __init__(self, acquirer: Any, pixel_format: PixelFormat, buffers: int, lost: Lost) -> None:
        node_map = acquirer.remote_device.node_map
        self._acquirer = acquirer
        self._node_map = node_map
        self._module = acquirer.data_streams[0].module
        self._decoder = Decoder(pixel_format, int(node_map.Height.value), int(node_map.Width.value))
        self._timestamps = Timestamps(node_map)
        self._ids = FrameIds(lost, period=_id_period(acquirer, node_map), buffers=buffers)
        self._can_count = True
        self._answers = False
        self._binning = _binning(node_map)

    def start(self) -> None:
        """Announce the buffers and start the device."""
        self._answers = _answers(self._acquirer)
        self._acquirer.add_callback(
            self._acquirer.Events.INCOMPLETE_BUFFER, _incomplete_callback(self._ids.incomplete)
        )
        self._acquirer.start()

    def stop(self) -> None:
        """Stop the device and take the buffers back."""
        self._acquirer.stop()
        self._acquirer.remove_callbacks()

    def waiting(self) -> bool:
        """Return whether a buffer is ready, where the producer reports it (else False)."""
        if not self._can_count:
            return False
        try:
            return bool(self._module.num_awaiting_delivery)
        except sdk.errors():
            self._can_count = False
            return False

    def ask_alive(self) -> None:
        """Ask a silent device whether it is still there; the SDK's error says that it is not."""
        if self._answers:
            _read_first_register(self._acquirer)

    def take(self, pixels: Pixels) -> FrameHeader | None:
        """Decode the next buffer into `pixels` and return its header; None if there is none.

        The buffer is queued again whatever happens. Raises DeviceError for an image that is not
        the one that was armed for, and the SDK's own errors.
        """
        if self._can_count and not self.waiting():
            return None
        if self._starving():
            self._ids.starved()
        fetched = self._acquirer.try_fetch(timeout=_ONE_LOOK_S, is_raw=True)
        buffers = fetched if isinstance(fetched, list) else [fetched]
        try:
            return None if buffers[0] is None else self._deliver(buffers[0], pixels)
        finally:
            for buffer in buffers:
                if buffer is not None:
                    buffer.parent.queue_buffer(buffer)

    def _deliver(self, buffer: Any, pixels: Pixels) -> FrameHeader | None:
        image = find_image(buffer, self._node_map)
        self._check(image, pixels)
        if not image.complete or image.data.size < self._decoder.needed_bytes(image.line_padding):
            self._ids.incomplete()
            return None
        self._decoder.decode(
            image.data,
            pixels,
            line_padding=image.line_padding,
            big_endian=image.big_endian,
        )
        return FrameHeader(
            hardware_counter=self._ids.arrived(self._frame_id(buffer), self._underruns()),
            hardware_time_ns=self._timestamps.read_ns(buffer),
            binning=self._binning,
        )

    def _check(self, image: Image, pixels: Pixels) -> None:
        armed = self._decoder.pixel_format
        size = (self._decoder.rows, self._decoder.columns)
        same_size = (image.rows, image.columns) == size == pixels.shape
        if same_size and image.code == armed.code:
            return
        known = BY_CODE.get(image.code)
        raise not_as_armed(
            f"{image.columns}×{image.rows} "
            f"{known.name if known else f'pixel format 0x{image.code:08X}'}",
            f"{pixels.shape[1]}×{pixels.shape[0]} {armed.name}",
        )

    def _frame_id(self, buffer: Any) -> int | None:
        """Return the device's id; None where it does not count."""
        try:
            return int(buffer.frame_id)
        except sdk.errors():
            return None

    def _starving(self) -> bool:
        try:
            return not self._module.num_queued
        except sdk.errors():
            return False

    def _underruns(self) -> int:
        try:
            return int(self._module.num_underrun)
        except sdk.errors():
            return 0


def _read_first_register(acquirer: Any) -> None:
    """Read four bytes at address 0, which GigE Vision, USB3 Vision, CoaXPress and GenCP have."""
    acquirer.remote_device.port.read(0, 4)


def _answers(acquirer: Any) -> bool:
    try:
        _read_first_register(acquirer)
    except sdk.errors():
        return False
    return True


def _incomplete_callback(count: Callable[[], None]) -> Any:
    """Return the object that harvesters calls when it discards an incomplete buffer."""
    from harvesters.core import Callback

    class Incomplete(Callback):  # type: ignore[misc]  # harvesters is not typed
        def emit(self, context: object = None) -> None:
            count()

    return Incomplete()


def _id_period(acquirer: Any, node_map: Any) -> int | None:
    """Return after how many ids they repeat: GigE Vision without extended ids has 16 bits."""
    if str(acquirer.device.tl_type) != "GEV":
        return None
    extended = (
        node_map.has_node("GevGVSPExtendedIDMode") and node_map.GevGVSPExtendedIDMode.value == "On"
    )
    return None if extended else GEV_PERIOD


def _binning(node_map: Any) -> int:
    try:
        return int(node_map.BinningHorizontal.value)
    except sdk.errors(AttributeError):
        return 1
