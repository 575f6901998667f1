"""Playing a cine: play, pause, step, scrub, speed, loop and sweep.

`Playback` is the rule (which image at which time), a pure function of the clock; `LoopPlayer`
follows it and publishes images. A late player skips to the image that is
due: time is kept, not every image.
"""

import logging
import threading
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from fluoroview.hal import Clock
from fluoroview.hal.sequencing import Sequencing
from fluoroview.session.playback.cine import Cine
from fluoroview.session.schedule import Schedule

logger = logging.getLogger(__name__)

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


class Playback:
    """Which image is due. Times are monotonic ns; images are numbered from 0."""

    def __init__(self, durations_ms: list[float]) -> None:
        if not durations_ms:
            raise ValueError("a cine without images cannot be played")
        self._starts_ms = [0.0, *accumulate(max(duration, 1e-3) for duration in durations_ms)]
        self.speed = 1.0
        self.sequencing = Sequencing.LOOP
        self.playing = False
        self._at_ms = 0.0  # where in the (possibly folded) timeline, at _since_ns
        self._since_ns = 0

    @property
    def frame_count(self) -> int:
        """Number of images."""
        return len(self._starts_ms) - 1

    @property
    def length_ms(self) -> float:
        """Duration of the whole cine at normal speed."""
        return self._starts_ms[-1]

    def index(self, now_ns: int) -> int:
        """Return the image that is due now."""
        at_ms, last = self._position_ms(now_ns), self.frame_count - 1
        if self.sequencing is Sequencing.ONCE:
            if self.playing and at_ms >= self.length_ms:
                self.seek(last, now_ns)
                self.playing = False
            return min(self._at(at_ms), last)
        period = self.length_ms * (2 if self.sequencing is Sequencing.SWEEP else 1)
        folded = at_ms % period
        if folded >= self.length_ms:
            folded = period - folded
        return min(self._at(folded), last)

    def play(self, now_ns: int) -> None:
        """Play from the present position; at the end of a once-only cine, from the beginning."""
        if self.sequencing is Sequencing.ONCE and self.index(now_ns) == self.frame_count - 1:
            self._at_ms = 0.0
        self._since_ns = now_ns
        self.playing = True

    def pause(self, now_ns: int) -> None:
        """Pause on the image that is due."""
        index = self.index(now_ns)
        self.playing = False
        self._at_ms = self._starts_ms[index]

    def seek(self, index: int, now_ns: int) -> None:
        """Go to image `index`, within bounds; playing or paused as before."""
        self._at_ms = self._starts_ms[min(max(index, 0), self.frame_count - 1)]
        self._since_ns = now_ns

    def step(self, count: int, now_ns: int) -> None:
        """Pause, and go `count` images forward (or back), around the ends."""
        self.pause(now_ns)
        self.seek((self.index(now_ns) + count) % self.frame_count, now_ns)

    def set_speed(self, speed: float, now_ns: int) -> None:
        """Play `speed` times as fast from now on."""
        self._at_ms, self._since_ns = self._position_ms(now_ns), now_ns
        self.speed = speed

    def set_sequencing(self, sequencing: Sequencing, now_ns: int) -> None:
        """Change what comes after the last image, staying on the one that is due."""
        index = self.index(now_ns)
        self.sequencing = sequencing
        self.seek(index, now_ns)

    def _position_ms(self, now_ns: int) -> float:
        if not self.playing:
            return self._at_ms
        return self._at_ms + (now_ns - self._since_ns) / 1e6 * self.speed

    def _at(self, at_ms: float) -> int:
        return bisect_right(self._starts_ms, at_ms + 1e-9) - 1


class LoopPlayer:
    """Plays a cine to `publish(index)`, once it is started; all methods from any thread."""

    def __init__(
        self, cine: Cine, clock: Clock, publish: Callable[[int], None], schedule: Schedule
    ) -> None:
        self.cine = cine
        self._clock = clock
        self._publish = publish
        self._playback = Playback([cine.duration_ms(i) for i in range(cine.frame_count)])
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._shown = -1
        self._loop = schedule.loop("player", self._step, self._wake.set, self._failed)

    def start(self) -> None:
        """Publish the image that is due, and from then on each that becomes due."""
        self._loop.start()

    @property
    def index(self) -> int:
        """Number of the image that is due, from 0."""
        with self._lock:
            return self._playback.index(self._clock.monotonic_ns())

    @property
    def frame_count(self) -> int:
        """Number of images."""
        return self._playback.frame_count

    @property
    def playing(self) -> bool:
        """Whether it plays (True) or is paused."""
        return self._playback.playing

    @property
    def speed(self) -> float:
        """How many times as fast as recorded."""
        return self._playback.speed

    @property
    def sequencing(self) -> Sequencing:
        """What comes after the last image."""
        return self._playback.sequencing

    def play(self) -> None:
        """Play."""
        self._do(self._playback.play)

    def pause(self) -> None:
        """Pause."""
        self._do(self._playback.pause)

    def step(self, count: int) -> None:
        """Pause, and go `count` images forward or back."""
        self._do(lambda now_ns: self._playback.step(count, now_ns))

    def seek(self, index: int) -> None:
        """Go to image `index`."""
        self._do(lambda now_ns: self._playback.seek(index, now_ns))

    def set_speed(self, speed: float) -> None:
        """Play `speed` times as fast as recorded."""
        self._do(lambda now_ns: self._playback.set_speed(speed, now_ns))

    def set_sequencing(self, sequencing: Sequencing) -> None:
        """Choose loop, sweep or once."""
        self._do(lambda now_ns: self._playback.set_sequencing(sequencing, now_ns))

    def close(self) -> None:
        """Stop; nothing is published after this returns, also where it was never started."""
        self._loop.close()

    def _do(self, change: Callable[[int], None]) -> None:
        with self._lock:
            change(self._clock.monotonic_ns())
        self._wake.set()

    def _step(self, wait_s: float) -> bool:
        index = self.index
        if index != self._shown:
            self._shown = index
            self._publish(index)
        # 4 ms is finer than any screen refreshes; a paused player waits to be woken
        self._wake.wait(min(wait_s, 0.004) if self.playing else wait_s)
        self._wake.clear()
        return True

    def _failed(self, error: Exception) -> None:
        logger.error("the player stopped", exc_info=error)
