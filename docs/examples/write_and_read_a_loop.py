"""Store frames as a DICOM loop, and read it again."""

import tempfile
from pathlib import Path

import fluoroview as fv

with fv.open_detector("pattern", parameters={"Width": 128, "Height": 128}) as detector:
    frames = detector.acquire(10)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "loop.dcm"
    fv.write_loop(path, frames.pixels, rate_hz=15.0, simulated=True)
    with fv.read_cine(path) as cine:
        print(cine.description)
        assert (cine.read(3) == frames.pixels[3]).all()
