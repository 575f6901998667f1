"""The driver: any GenTL device as a FluoroView detector.

The HAL's polling thread asks the producer without waiting and sleeps two milliseconds in between,
because genicam holds Python's global lock for as long as its own wait lasts.
"""

import logging
import time
from typing import Any

from fluoroview.hal import (
    DeviceError,
    DeviceInfo,
    FrameHeader,
    FrameSink,
    Parameter,
    ParameterTree,
    PolledDetector,
    RelationshipParameter,
)
from fluoroview.hal.sdk.genicam import decoded_formats, frame_parameters, in_place_of, not_decoded
from fluoroview.hal.sdk.pixel_format import BY_CODE, PixelFormat, Pixels
from fluoroview_gentl import producers, sdk
from fluoroview_gentl.features import GenapiFeature, device_parameters
from fluoroview_gentl.producers import Producer
from fluoroview_gentl.stream import Stream

_LOGGER = logging.getLogger(__name__)
_BUFFERS = 8
_POLL_S = 0.002


class GenTLDetector(PolledDetector):
    """A device behind a GenTL producer; `device_id` is "PRODUCER.cti:DEVICE".

    PRODUCER is the file name of a producer on GENICAM_GENTL64_PATH, or its full path; DEVICE is
    the serial number, the GenTL id or the user's name of the device.
    """

    none_found = "Plug one in; GENICAM_GENTL64_PATH must name the folder of its producer (.cti)."

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._producer: Producer | None = None
        self._acquirer: Any = None
        self._tree: ParameterTree | None = None
        self._stream: Stream | None = None
        self._sink: FrameSink | None = None
        self._relationship = RelationshipParameter("GenICam")

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the devices of every producer found; a producer that fails is logged."""
        devices, failures = producers.discover()
        for failure in failures:
            _LOGGER.warning("%s", failure)
        return devices

    def open(self) -> None:
        """Load the producer, claim the device and read its node map.

        Raises DriverError without the SDK, DeviceError when the device is gone or in use.
        """
        self._producer, found = producers.borrow_device(self.device_id)
        try:
            with sdk.sentences(f"{self.device_id} cannot be opened", self.device_id):
                self._acquirer = self._producer.create(found.gentl_id, _BUFFERS)
                self._run_continuously()
                self._tree = ParameterTree(self._parameters(), self.device_id)
        except Exception:
            self.close()
            raise

    def parameters(self) -> ParameterTree:
        """Return the features of the node map, and what the HAL asks of every detector."""
        if self._tree is None:
            raise DeviceError(
                f"{self.device_id} is not open.",
                "Open it first.",
                self.device_id,
                code="FV-GTL-001",
            )
        return self._tree

    def start(self, sink: FrameSink) -> None:
        """Start the device's acquisition and the polling of its frames."""
        pixel_format = self._pixel_format()
        with sdk.sentences(f"{self.device_id} cannot start", self.device_id):
            self._stream = Stream(self._acquirer, pixel_format, _BUFFERS, sink.lost)
            self._stream.start()
        self._sink = sink
        super().start(sink)

    def read(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Write the next whole frame to `pixels` (rows × columns); None after `timeout_s`."""
        assert self._stream is not None
        assert self._sink is not None
        deadline_s = time.monotonic() + timeout_s
        with sdk.sentences("the SDK reports an error while streaming"):
            while not self._sink.stopping:
                header = self._stream.take(pixels)
                if header is not None:
                    return header
                if self._stream.waiting():
                    continue  # what was taken was incomplete
                if time.monotonic() >= deadline_s:
                    self._stream.ask_alive()
                    break
                time.sleep(_POLL_S)
        return None

    def stop(self) -> None:
        """End the polling, then the device's acquisition."""
        super().stop()
        stream, self._stream = self._stream, None
        self._sink = None
        if stream is not None:
            with sdk.sentences(f"{self.device_id} cannot stop", self.device_id):
                stream.stop()

    def close(self) -> None:
        """Give the device and its producer back."""
        try:
            self.stop()
        except DeviceError:
            _LOGGER.warning("%s did not stop before it was closed", self.device_id)
        finally:
            self._release()

    def _release(self) -> None:
        producer, self._producer = self._producer, None
        acquirer, self._acquirer = self._acquirer, None
        self._tree = None
        if producer is None:
            return
        try:
            if acquirer is not None:
                with sdk.sentences(f"{self.device_id} cannot be closed", self.device_id):
                    producer.destroy(acquirer)
        finally:
            producer.release()

    def _run_continuously(self) -> None:
        """Choose continuous acquisition: the HAL alone says when a run ends."""
        node_map = self._acquirer.remote_device.node_map
        if node_map.has_node("AcquisitionMode") and node_map.AcquisitionMode.value != "Continuous":
            node_map.AcquisitionMode.value = "Continuous"

    def _pixel_format(self) -> PixelFormat:
        """Return the chosen format, or raise DeviceError where it is not decoded."""
        node_map = self._acquirer.remote_device.node_map
        found = BY_CODE.get(int(node_map.PixelFormat.get_int_value()))
        if found is None:
            formats = decoded_formats(GenapiFeature(node_map.PixelFormat))
            raise not_decoded(self.device_id, "gentl", node_map.PixelFormat.value, formats)
        return found

    def _parameters(self) -> list[Parameter]:
        node_map = self._acquirer.remote_device.node_map
        features = device_parameters(node_map, lambda: self._stream is not None)
        own = [*frame_parameters(lambda: self._pixel_format().bits), self._relationship]
        return in_place_of(features, own)
