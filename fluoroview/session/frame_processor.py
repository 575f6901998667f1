"""Every frame of the detector: ring → pipeline → last-image hold, loop buffer, screen.

Nothing is asked of an earlier stage, and nothing waits for the display. Pulses are read elsewhere
(`pulse_reader`): a fault in an image must not cost a pulse.
"""

import logging
import threading
from collections.abc import Callable

import cv2

from fluoroview.hal import Clock, Frame, FrameHeader
from fluoroview.hal.runtime.ring import FrameRing
from fluoroview.pipeline.chain import Pipeline
from fluoroview.pipeline.technique import Technique
from fluoroview.session.events import Mode
from fluoroview.session.images.beam_on import BeamOnDetector
from fluoroview.session.images.display_windows import DisplayWindows, ExposureStability
from fluoroview.session.images.image_pool import ImageBuffer, ImagePool, LatestImage
from fluoroview.session.images.stream_statistics import StreamStatistics
from fluoroview.session.last_image_hold import MAX_HOLD_FRAMES, LastImageHold
from fluoroview.session.loop_buffer import WAITING_IMAGES, LoopBuffer
from fluoroview.session.messages import BeamSeen, FrameProcessed, Message, ReaderFailed
from fluoroview.session.pedal import Permit
from fluoroview.session.schedule import Schedule

# newest, shown, being made, held, hold being formed, being written, one spare
_BUFFERS = 7 + WAITING_IMAGES + MAX_HOLD_FRAMES

logger = logging.getLogger(__name__)


class FrameProcessor:
    """Makes an image of each frame of one armed detector.

    `send` receives a message for each image and, with a `beam` detector, for each change of the
    beam; dark frames then go no further. `image_ready` follows each published image. If an image
    fails, `withdraw` is called first and at once, then the failure is logged and sent.
    """

    def __init__(
        self,
        ring: FrameRing,
        pipeline: Pipeline,
        name: str,
        *,
        latest: LatestImage,
        loop_buffer: LoopBuffer,
        statistics: StreamStatistics,
        windows: DisplayWindows,
        sources: tuple[int, int],
        clock: Clock,
        schedule: Schedule,
        send: Callable[[Message], None],
        image_ready: Callable[[], None],
        withdraw: Callable[[], Permit | None],
        beam: BeamOnDetector | None = None,
    ) -> None:
        rows, columns = pipeline.shape
        self.pipeline = pipeline
        self.pool = ImagePool(rows, columns, _BUFFERS)
        self.hold_made_of = 0
        self.lost_consumer = 0
        self.frames = 0
        """Frames of the present or last run that became images."""
        self.source = sources[0]
        """Where the last image comes from: counts of two sources do not compare."""
        self._name = name
        self._reader = ring.reader()
        self._latest = latest
        self._loop_buffer = loop_buffer
        self._statistics = statistics
        self._windows = windows
        self._sources = sources
        self._clock = clock
        self._send = send
        self._image_ready = image_ready
        self._withdraw = withdraw
        self._beam = beam
        self._stability = ExposureStability()
        self._hold = LastImageHold(rows, columns)
        self._hold_lock = threading.Lock()
        self._held: tuple[ImageBuffer, int] | None = None
        self._adding_source = sources[0]
        self._live = False
        self._hold_due = False
        self._loop = schedule.loop(f"frames of {name}", self._read, self._reader.wake, self._failed)
        self._loop.start()

    def begin_run(self, hold_frames: int) -> None:
        """Make ready for a run, before the device starts: no image of the last one remains."""
        self.pipeline.reset()
        self._hold.begin(hold_frames)
        self._statistics.begin_run()
        self._stability.begin_run()
        self.frames = 0
        self.lost_consumer = 0
        self._hold_due = False
        self._live = True
        if self._beam is not None:
            self._beam.on = False

    def end_live(self) -> None:
        """The pedal is up: what still comes belongs to the hold, which is formed at once."""
        self._live = False
        self._hold_due = True
        self._reader.wake()

    def show_hold(self) -> bool:
        """Show the last-image hold again; return False where there is none."""
        with self._hold_lock:
            if self._held is None:
                return False
            buffer, source = self._held
            self._latest.publish(buffer, Mode.HOLD, source, self._clock.monotonic_ns())
        self._image_ready()
        return True

    def forget_hold(self) -> None:
        """Never show the held image again: it is another patient's."""
        with self._hold_lock:
            held, self._held = self._held, None
        if held is not None:
            held[0].drop()

    def drain(self, timeout_s: float) -> bool:
        """Wait until every frame is an image and the hold is formed; False if that takes long."""
        return self._loop.drain(timeout_s)

    def close(self) -> None:
        """End, and leave the ring."""
        self._loop.close()
        self._reader.close()

    def _read(self, wait_s: float) -> bool:
        frame = self._reader.next(wait_s)
        if frame is not None:
            self._process(frame)
        if self._reader.pending > 0:
            return False
        if self._hold_due:
            self._form_hold()
        return True

    def _process(self, frame: Frame) -> None:
        header = frame.header
        if not self._beam_on(frame):
            self._reader.release()
            return
        buffer = self.pool.take()
        if buffer is None:  # cannot happen while the pool is larger than all its users together
            self.lost_consumer += 1
            self._reader.release()
            return
        try:
            technique = _technique(header)
            self._stability.look(technique)
            # OpenCV's own threads would take turns with the window, the disk and the driver's
            # process; one thread is enough, and its time is the same for each frame.
            cv2.setNumThreads(1)
            self.pipeline.process(frame.pixels, buffer.pixels, technique)
        finally:
            self._reader.release()
        self.frames += 1
        self._send(FrameProcessed(header))
        self._statistics.committed(header)
        self._store(buffer, header)
        buffer.drop()

    def _store(self, buffer: ImageBuffer, header: FrameHeader) -> None:
        """Give an image to the hold, the loop buffer and the screen."""
        source = self._sources[self.pipeline.subtracted]
        if source != self._adding_source:
            self._hold.clear()  # a mean of plain and subtracted images would be neither
            self._adding_source = source
        self._hold.add(buffer)
        self._loop_buffer.add(buffer, header, source)
        if not self._live:
            self._hold_due = True
            return
        self.source = source
        self._latest.publish(buffer, Mode.LIVE, source, header.host_time_ns, header)
        self._settle_window(buffer, source)
        self._image_ready()

    def _settle_window(self, buffer: ImageBuffer, source: int) -> None:
        images, maximum = self._stability.images, self.pipeline.image_maximum
        self._windows.settle(source, images, buffer.pixels, maximum)

    def _beam_on(self, frame: Frame) -> bool:
        """Return whether this frame was exposed; report changes where the signal shows them."""
        if self._beam is None:
            return True
        was_on = self._beam.on
        on = self._beam.update(frame.pixels)
        if on and not was_on:
            self.pipeline.reset()
        if on is not was_on:
            self._send(BeamSeen(on))
            self._hold_due = not on
        return on

    def _form_hold(self) -> None:
        self._hold_due = False
        buffer = self.pool.take()
        if buffer is None:
            return
        self.hold_made_of = self._hold.form(buffer.pixels)
        if self.hold_made_of:
            with self._hold_lock:
                old, self._held = self._held, (buffer.keep(), self._adding_source)
            if old is not None:
                old[0].drop()
            self.source = self._adding_source
            self._settle_window(buffer, self.source)
            self.show_hold()
        buffer.drop()

    def _failed(self, error: Exception) -> None:
        withdrawn = self._withdraw()
        logger.error("the frames of %s are no longer processed", self._name, exc_info=error)
        self._send(ReaderFailed("frames", self._name, error, withdrawn))


def _technique(header: FrameHeader) -> Technique | None:
    """Return tube voltage and mAs of a frame, where its driver states them."""
    exposure = header.exposure
    if exposure is None:
        return None
    return exposure.tube_voltage_kv, exposure.tube_current_ma * exposure.pulse_width_ms / 1e3
