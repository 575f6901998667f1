"""The road of a frame inside the examination: ring → pipeline → hold, loop store, screen.

One thread per armed device. It reads every frame of the ring and every pulse of the pulse ring;
nothing is asked of an earlier stage, and nothing waits for the display.
"""

import threading
from collections.abc import Callable

import cv2

from fluoroview.hal import Clock, Frame, FrameHeader, Pulse
from fluoroview.hal.runtime.ring import FrameRing
from fluoroview.pipeline.chain import Pipeline
from fluoroview.pipeline.technique import Technique
from fluoroview.session.events import Mode
from fluoroview.session.images.beam_on import BeamOnDetector
from fluoroview.session.images.display_windows import ExposureStability
from fluoroview.session.images.image_pool import ImageBuffer, ImagePool, Screen
from fluoroview.session.images.stream_statistics import StreamStatistics
from fluoroview.session.last_image_hold import MAX_HOLD_FRAMES, LastImageHold
from fluoroview.session.loop_buffer import WAITING_IMAGES, LoopBuffer

# newest, shown, being made, held, hold being formed, being written, one spare
_BUFFERS = 7 + WAITING_IMAGES + MAX_HOLD_FRAMES
_POLL_S = 0.05


class FrameProcessor:
    """Takes the frames of one armed device to the screen.

    `on_frame(header)` follows each frame, `on_image(buffer)` each published image; `on_pulses`
    gets each batch of pulses, and `on_error` the exception that ended the road, if one did. With a
    `beam` detector `on_beam(on)` follows each change, and dark frames go no further. All are
    called from the road's thread.
    """

    def __init__(
        self,
        ring: FrameRing,
        pipeline: Pipeline,
        screen: Screen,
        store: LoopBuffer,
        health: StreamStatistics,
        *,
        clock: Clock,
        source: int,
        subtracted_source: int,
        on_image: Callable[[ImageBuffer], None],
        on_pulses: Callable[[list[Pulse], int], None],
        on_error: Callable[[Exception], None],
        beam: BeamOnDetector | None = None,
        on_beam: Callable[[bool], None] = lambda _on: None,
        on_frame: Callable[[FrameHeader], None] = lambda _header: None,
    ) -> None:
        rows, columns = pipeline.shape
        self.pipeline = pipeline
        self.store = store
        self.pool = ImagePool(rows, columns, _BUFFERS)
        self.hold_made_of = 0
        self.lost_consumer = 0
        self.frames = 0
        self.steadiness = ExposureStability()
        self._ring = ring
        self._reader = ring.reader()
        self._pulses_seen = int(ring.pulses_since(0)[0])
        self._screen = screen
        self._health = health
        self._clock = clock
        self._sources = (source, subtracted_source)
        self.source = source
        """Whose the last image is: their counts do not compare, nor do their windows."""
        self._on_image = on_image
        self._on_pulses = on_pulses
        self._on_error = on_error
        self._beam = beam
        self._on_beam = on_beam
        self._on_frame = on_frame
        self._hold = LastImageHold(rows, columns)
        self._held: ImageBuffer | None = None
        self._held_source = self._adding_source = source
        self._live = False
        self._hold_due = False
        self._closed = False
        self._drained = threading.Event()
        self._thread = threading.Thread(target=self._go, name="road", daemon=True)
        self._thread.start()

    def begin_run(self, hold_frames: int) -> None:
        """Make ready for a run, before the device starts: no image of the last one remains."""
        self.pipeline.reset()
        self._hold.begin(hold_frames)
        self._health.begin_run()
        self.frames = 0
        self.steadiness.begin_run()
        self.lost_consumer = 0
        self._live = True
        if self._beam is not None:
            self._beam.on = False

    def end_live(self) -> None:
        """The pedal is up: what still comes belongs to the hold, which is formed at once."""
        self._live = False
        self._hold_due = True
        self._reader.wake()

    def show_hold(self) -> bool:
        """Put the hold on the screen (again); False when there is none yet."""
        held = self._held
        if held is None:
            return False
        self.source = self._held_source
        self._screen.publish(held, Mode.HOLD, self.source, self._clock.monotonic_ns())
        self._on_image(held)
        return True

    def drain(self, timeout_s: float) -> bool:
        """Wait until every frame and pulse of the run is through; False if that takes too long."""
        # a new event: the round that goes on now may have looked before the last frame came
        self._drained = drained = threading.Event()
        self._reader.wake()
        return drained.wait(timeout_s)

    def close(self) -> None:
        """End the thread and leave the ring."""
        self._closed = True
        self._reader.wake()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._reader.close()

    def _go(self) -> None:
        # OpenCV's own threads would take turns with the window, the disk and the driver's process;
        # one thread is enough for the figures asked, and its time is the same each frame.
        cv2.setNumThreads(1)
        try:
            while not self._closed:
                drained = self._drained
                frame = self._reader.next(_POLL_S)
                self._read_pulses()  # a pulse is told before the frame that it made
                if frame is not None:
                    self._carry(frame)
                if self._reader.pending == 0:
                    if self._hold_due:
                        self._form_hold()
                    drained.set()
        except Exception as error:
            self._on_error(error)

    def _carry(self, frame: Frame) -> None:
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
            self.steadiness.look(technique)
            self.pipeline.process(frame.pixels, buffer.pixels, technique)
        finally:
            self._reader.release()
        self.frames += 1
        self._on_frame(header)
        self._health.committed(header)
        source = self._sources[self.pipeline.subtracted]
        if source != self._adding_source:
            self._hold.clear()  # a mean of both would be neither
            self._adding_source = source
        self._hold.add(buffer)
        self.store.add(buffer, header, source)
        if self._live:
            self.source = source
            self._screen.publish(buffer, Mode.LIVE, source, header.host_time_ns, header)
            self._on_image(buffer)
        else:
            self._hold_due = True
        buffer.drop()

    def _beam_on(self, frame: Frame) -> bool:
        """Return whether this frame was exposed; where that comes from the signal, tell changes."""
        if self._beam is None:
            return True
        was_on = self._beam.on
        on = self._beam.look(frame.pixels)
        if on and not was_on:
            self.pipeline.reset()
        if on is not was_on:
            self._on_beam(on)
            self._hold_due = not on
        return on

    def _form_hold(self) -> None:
        self._hold_due = False
        buffer = self.pool.take()
        if buffer is None:
            return
        self.hold_made_of = self._hold.form(buffer.pixels)
        if self.hold_made_of:
            old, self._held = self._held, buffer.keep()
            self._held_source = self._adding_source
            if old is not None:
                old.drop()
            self.show_hold()
        buffer.drop()

    def _read_pulses(self) -> None:
        count, pulses = self._ring.pulses_since(self._pulses_seen)
        missed = count - self._pulses_seen - len(pulses)
        self._pulses_seen = count
        if pulses or missed:
            self._on_pulses(pulses, missed)


def _technique(header: FrameHeader) -> Technique | None:
    """Return tube voltage and mAs of a frame, where its driver tells them."""
    seen = header.exposure
    return (
        None
        if seen is None
        else (seen.tube_voltage_kv, seen.tube_current_ma * seen.pulse_width_ms / 1e3)
    )
