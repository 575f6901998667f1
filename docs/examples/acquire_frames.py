"""Acquire frames of a detector, and see that none was lost."""

import fluoroview as fv

settings = {"Width": 256, "Height": 256, "AcquisitionFrameRate": 60.0}
with fv.open_detector("pattern", parameters=settings) as detector:
    frames = detector.acquire(30)

print(frames)
print(f"mean of the first frame: {frames.pixels[0].mean():.1f} counts")
print(f"lost: {frames.ledger.lost}")
