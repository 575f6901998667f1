"""The driver: a Varex or PerkinElmer flat panel as a FluoroView detector."""

import logging

from fluoroview.hal import Detector, DeviceError, DeviceInfo, FluoroError, FrameSink, ParameterTree
from fluoroview_xisl import sensors
from fluoroview_xisl.acquisition import Acquisition, ensure_idle
from fluoroview_xisl.library import Xisl
from fluoroview_xisl.parameters import parameter_tree
from fluoroview_xisl.sensors import Sensor
from fluoroview_xisl.settings import Settings

_LOGGER = logging.getLogger(__name__)
_SILENCE_S = 2.0  # and at least five frame times


class XislDetector(Detector):
    """A panel behind XISL; `device_id` is its serial number or its channel, for example GbIF-0."""

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._xisl: Xisl | None = None
        self._sensor: Sensor | None = None
        self._settings: Settings | None = None
        self._tree: ParameterTree | None = None
        self._run: Acquisition | None = None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the panels that XISL finds. Raises DriverError without the library."""
        return sensors.discover()

    def open(self) -> None:
        """Claim the panel and bring it to a known state.

        Raises DriverError without the library, DeviceError when the panel is gone or in use.
        """
        self._xisl, self._sensor = sensors.claim_sensor(self.device_id)
        try:
            name = f"xisl:{self._sensor.id}"
            ensure_idle(self._sensor.handle, f"{name} cannot be opened")
            self._settings = Settings(self._xisl, self._sensor.handle, name)
            self._settings.load()
            self._tree = parameter_tree(self._settings, self._sensor)
        except Exception:
            self.close()
            raise

    def parameters(self) -> ParameterTree:
        """Return the settings as they stand after `open`."""
        if self._tree is None:
            raise DeviceError(
                f"{self.device_id} is not open.",
                "Open it first.",
                self.device_id,
                code="FV-XIS-003",
            )
        return self._tree

    def start(self, sink: FrameSink) -> None:
        """Start the acquisition; frames come in XISL's own thread."""
        assert self._xisl is not None
        assert self._sensor is not None
        assert self._settings is not None
        settings = self._settings
        run = Acquisition(
            self._xisl,
            self._sensor.handle,
            sink,
            rows=settings.size.rows,
            columns=settings.size.columns,
            has_counter=settings.has_counter,
            gain_mode=settings.gain,
            binning=settings.binning_factors()[0],
            silence_s=self._silence_s,
        )
        run.start()
        self._run = run

    def stop(self) -> None:
        """End the acquisition; no frame is committed after this returns."""
        run, self._run = self._run, None
        if run is not None:
            run.stop()

    def close(self) -> None:
        """Release the panel."""
        try:
            self.stop()
        except FluoroError as error:
            _LOGGER.warning("%s did not stop before it was closed: %s", self.device_id, error)
        finally:
            xisl, self._xisl = self._xisl, None
            self._sensor = self._settings = self._tree = None
            if xisl is not None:
                sensors.release()

    def _silence_s(self) -> float | None:
        """Return how long no frame may come; with a trigger from outside, any time."""
        settings = self._settings
        if settings is None or settings.sync_mode == "ExternalTrigger":
            return None
        return max(_SILENCE_S, 5e-6 * settings.exposure_time_us())
