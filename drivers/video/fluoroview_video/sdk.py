"""OpenCV, imported late, because it may be missing, and with short waits."""

import os
from typing import Any

from fluoroview.hal.sdk.driver_errors import requires

STREAM_TIMEOUT_MS = 600
"""How long the read of a stream may block: stop waits for it, and the HAL gives stop 1 s."""
_GRABBER_TIMEOUT_S = 1
"""The same of a grabber, which takes whole seconds only."""


def load() -> Any:
    """Return the module cv2, or raise DriverError with the line that installs it."""
    # OpenCV reads this once; its own 10 s are longer than stop may take.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(_GRABBER_TIMEOUT_S))
    with requires("video", "OpenCV", "Install it with: pip install opencv-python-headless"):
        import cv2
    return cv2
