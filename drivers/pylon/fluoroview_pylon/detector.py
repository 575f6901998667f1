"""The driver: any camera that pylon opens as a FluoroView detector."""

import logging
from typing import Any

from fluoroview.hal import (
    CommandParameter,
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
from fluoroview_pylon import cameras, sdk
from fluoroview_pylon.features import PylonFeature, device_parameters, is_emulated, node
from fluoroview_pylon.image import Pixels, bits, is_known
from fluoroview_pylon.stream import Stream

_LOGGER = logging.getLogger(__name__)
_MAX_WAIT_S = 0.05  # so that a run ends soon after the pedal is released


class PylonDetector(PolledDetector):
    """A Basler camera; `device_id` is its serial number, name or IP address."""

    none_found = "Plug one in, or set PYLON_CAMEMU=2 for two emulated cameras."

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._camera: Any = None
        self._tree: ParameterTree | None = None
        self._stream: Stream | None = None
        self._relationship = RelationshipParameter("GenICam")

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the cameras that pylon sees; an SDK that fails to look is logged."""
        return cameras.discover()

    def open(self) -> None:
        """Claim the camera and read its node map.

        Raises DriverError without the SDK, DeviceError when the camera is gone or in use.
        """
        self._camera = cameras.open_camera(self.device_id)
        try:
            with sdk.sentences(f"{self.device_id} cannot be opened", self.device_id):
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
                code="FV-PYL-002",
            )
        return self._tree

    def start(self, sink: FrameSink) -> None:
        """Start the camera and the polling of its grab results."""
        with sdk.sentences(f"{self.device_id} cannot start", self.device_id):
            self._require_known_format()
            self._stream = Stream(self._camera, sink.lost)
            self._stream.start()
        super().start(sink)

    def read(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Write the next whole frame to `pixels` (rows × columns); None when none came yet."""
        assert self._stream is not None
        with sdk.sentences("the SDK reports an error while streaming"):
            return self._stream.take(pixels, min(timeout_s, _MAX_WAIT_S))

    def stop(self) -> None:
        """End the polling, then the camera's acquisition."""
        super().stop()
        stream, self._stream = self._stream, None
        if stream is not None:
            with sdk.sentences(f"{self.device_id} cannot stop", self.device_id):
                stream.stop()

    def close(self) -> None:
        """Release the camera."""
        try:
            self.stop()
        except DeviceError as error:
            _LOGGER.warning("%s", error)
        camera, self._camera = self._camera, None
        self._tree = None
        if camera is None:
            return
        for release in (camera.Close, camera.DestroyDevice):
            try:
                release()
            except sdk.errors() as error:  # a camera that is gone cannot be closed properly
                _LOGGER.warning("%s: %s", self.device_id, sdk.reason(error))

    def _run_continuously(self) -> None:
        """Choose continuous acquisition: the HAL alone decides when a run ends."""
        mode = node(self._camera.GetNodeMap(), "AcquisitionMode")
        if mode is not None and mode.GetValue() != "Continuous":
            mode.SetValue("Continuous")

    def _pixel_type(self) -> int:
        with sdk.sentences("PixelFormat cannot be read", self.device_id):
            return int(self._camera.GetNodeMap().GetNode("PixelFormat").GetIntValue())

    def _require_known_format(self) -> None:
        if is_known(self._pixel_type()):
            return
        feature = self._camera.GetNodeMap().GetNode("PixelFormat")
        formats = decoded_formats(PylonFeature(feature), is_known)
        raise not_decoded(self.device_id, "pylon", feature.GetValue(), formats)

    def _parameters(self) -> list[Parameter]:
        own = [
            *(self._test_parameters() if is_emulated(self._camera) else []),
            *frame_parameters(lambda: bits(self._pixel_type())),
            self._relationship,
        ]
        return in_place_of(device_parameters(self._camera), own)

    def _test_parameters(self) -> list[Parameter]:
        return [
            CommandParameter(
                "TestUnplug",
                lambda: self._camera.GetNodeMap().GetNode("FirePnPCallbackValue").SetValue(1),
                description="Pull the emulated camera's plug; opened again, it is there again.",
            )
        ]
