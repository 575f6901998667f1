"""Record raw frames, and read them again with their headers."""

import tempfile
from pathlib import Path

import fluoroview as fv

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "run.fluoro.h5"
    settings = {"Width": 128, "Height": 128, "AcquisitionFrameRate": 30.0}
    status = fv.record("pattern", path, 20, parameters=settings)
    print(f"{status.frames} frames, {status.bytes_written / 1e3:.0f} kB")
    with fv.read_recording(path) as recording:
        print(f"frame {recording.headers[0].frame_number}: {recording.read(0).shape}")
