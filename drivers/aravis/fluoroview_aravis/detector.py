"""The driver: any GigE Vision or USB3 Vision device as a FluoroView detector."""

import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fluoroview.hal import (
    Access,
    BoolParameter,
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
from fluoroview_aravis import binning, cameras, features, sdk
from fluoroview_aravis.stream import LinkOptions, Stream
from fluoroview_aravis.watch import Watch, question_for

_LOGGER = logging.getLogger(__name__)
_CLOSE_S = 3.0


class AravisDetector(PolledDetector):
    """A device that Aravis sees; `device_id` is Aravis' id, its MAC or its IP address."""

    none_found = (
        "Plug one in, name one by its address, or take the camera inside Aravis: `--device Fake_1`."
    )

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._camera: Any = None
        self._signal = 0
        self._watch: Watch | None = None
        self._tree: ParameterTree | None = None
        self._stream: Stream | None = None
        self._options = LinkOptions()
        self._ignored: frozenset[str] = frozenset()
        self._relationship = RelationshipParameter("GenICam")

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the cameras that Aravis sees; raises DriverError where Aravis is missing."""
        return cameras.discover()

    def open(self) -> None:
        """Claim the camera and read its node map.

        Raises DriverError without Aravis, DeviceError when the camera is gone or in use.
        """
        sdk.load()
        try:
            with sdk.sentences(f"{self.device_id} cannot be opened", self.device_id):
                self._camera = cameras.claim(self.device_id)
                device = self._camera.get_device()
                watch = Watch(question_for(device))
                self._signal = device.connect("control-lost", watch.control_lost)
                self._watch = watch
                self._run_continuously()
                self._ignored = binning.ignored(self._genicam())
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
                code="FV-ARV-003",
            )
        return self._tree

    def start(self, sink: FrameSink) -> None:
        """Start the device's acquisition and the polling of its frames."""
        assert self._watch is not None
        pixel_format = self._pixel_format()
        self._watch.sign_of_life()
        with sdk.sentences(f"{self.device_id} cannot start", self.device_id):
            self._stream = Stream(
                self._camera,
                pixel_format,
                sink.lost,
                self._options,
                bins="BinningHorizontal" not in self._ignored,
            )
            self._stream.start()
        super().start(sink)

    def read(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Write the next whole frame to `pixels` (rows × columns); None after `timeout_s`."""
        assert self._stream is not None
        assert self._watch is not None
        came, header = self._stream.take(pixels, timeout_s)
        if came:
            self._watch.sign_of_life()
        else:
            self._watch.check()
        return header

    def stop(self) -> None:
        """End the polling, then the device's acquisition. A device that is gone is left to close.

        Raises DeviceError when the device does not answer in time.
        """
        super().stop()
        if self._stream is None or self._watch is None or self._watch.gone:
            return
        self._stream.stop()
        self._stream = None

    def close(self) -> None:
        """Give the device back, also when it no longer answers."""
        try:
            self.stop()
        except DeviceError:
            _LOGGER.warning("%s did not stop before it was closed", self.device_id)
        tree, self._tree = self._tree, None
        features.forget(tree or [])
        if self._camera is not None and self._watch is not None:
            self._camera.get_device().disconnect(self._signal)
        self._watch = None
        # Aravis releases the device when nothing refers to it any more, and tries for up to 2.5 s.
        # After that a thread goes on: the device releases itself when its heartbeat ends.
        belongings = [self._camera]
        stream, self._camera, self._stream = self._stream, None, None

        def release() -> None:
            if stream is not None:
                stream.release()
            belongings.clear()

        with suppress(sdk.LateError):
            sdk.within(_CLOSE_S, release, f"{self.device_id} cannot be closed")

    def _genicam(self) -> Any:
        return self._camera.get_device().get_genicam()

    def _run_continuously(self) -> None:
        """Choose continuous acquisition: the HAL alone decides when a run ends.

        A device whose last program was killed may still send images to nobody: stop it first.
        """
        with suppress(*sdk.errors()):
            self._camera.stop_acquisition()
        mode = self._genicam().get_node("AcquisitionMode")
        if mode is not None and mode.get_string_value() != "Continuous":
            mode.set_string_value("Continuous")

    def _pixel_format(self) -> PixelFormat:
        """Return the chosen format, or raise DeviceError where it is not decoded."""
        genicam = self._genicam()
        node = genicam.get_node("PixelFormat")
        with sdk.sentences("PixelFormat cannot be read", self.device_id):
            found = BY_CODE.get(node.get_int_value())
            if found is not None:
                return found
            formats = decoded_formats(features.AravisFeature(node))
            raise not_decoded(self.device_id, "aravis", node.get_string_value(), formats)

    def _parameters(self) -> list[Parameter]:
        own = [*frame_parameters(lambda: self._pixel_format().bits), self._relationship]
        if self._camera.is_gv_device():
            own += self._link_parameters()
        found = features.device_parameters(
            self._genicam(), lambda: self._stream is not None, without=self._ignored
        )
        return in_place_of(found, own)

    def _link_parameters(self) -> list[Parameter]:
        return [
            BoolParameter(
                "PacketResend",
                lambda: self._options.packet_resend,
                lambda value: self._set_options(packet_resend=value),
                access=Access.RW_IDLE,
                description="Ask the device for lost packets again, where it can.",
            ),
            BoolParameter(
                "PacketSocket",
                lambda: self._options.packet_socket,
                lambda value: self._set_options(packet_socket=value),
                access=Access.RW_IDLE,
                description="Take packets past the kernel's UDP: less load at high rates. Wants "
                "the "
                "capability CAP_NET_RAW and a real network; on loopback no frame comes.",
            ),
        ]

    def _set_options(self, **changes: bool) -> None:
        self._options = replace(self._options, **changes)
