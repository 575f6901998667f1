"""Opening a source that may take its time, without holding up the end of a run."""

import threading
from collections.abc import Callable

from fluoroview_video.capture import Capture


class Opening:
    """Opens in a thread of its own. Whoever waits for it may give up; then nothing stays open."""

    def __init__(self, open_capture: Callable[[], Capture]) -> None:
        self._open_capture = open_capture
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._capture: Capture | None = None
        self._error: Exception | None = None
        self._abandoned = False
        threading.Thread(target=self._open, name="open video", daemon=True).start()

    def wait(self, timeout_s: float) -> Capture | None:
        """Return the opened capture, None when it is not open yet; raises why it cannot be."""
        if not self._done.wait(timeout_s):
            return None
        with self._lock:
            if self._error is not None:
                raise self._error
            capture, self._capture = self._capture, None
            return capture

    def abandon(self) -> None:
        """Give up; what opens later is closed at once."""
        with self._lock:
            self._abandoned = True
            capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _open(self) -> None:
        try:
            capture = self._open_capture()
        except Exception as error:
            self._error = error
        else:
            self._hand_over(capture)
        self._done.set()

    def _hand_over(self, capture: Capture) -> None:
        with self._lock:
            if not self._abandoned:
                self._capture = capture
                return
        capture.release()
