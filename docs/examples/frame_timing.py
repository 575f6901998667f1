"""Measure the intervals of frames by the clock of the host."""

import numpy as np

import fluoroview as fv

settings = {"Width": 128, "Height": 128, "AcquisitionFrameRate": 50.0}
with fv.open_detector("pattern", parameters=settings) as detector:
    frames = detector.acquire(50)

times_ms = np.array([header.host_time_ns for header in frames.headers]) / 1e6
intervals_ms = np.diff(times_ms)
print(f"interval: median {np.median(intervals_ms):.1f} ms, longest {intervals_ms.max():.1f} ms")
