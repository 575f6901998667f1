"""Recording at line rate: a detector, recorded for some time.

What is counted as the recording is the processor time of the recorder's own threads. The peer
in the same run writes the same bytes raw to the same disk.
"""

import resource
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import psutil

from fluoroview.hal import (
    DeadMan,
    DeviceHost,
    EnumParameter,
    FloatParameter,
    FrameHeader,
    FrameSink,
    IntParameter,
    Ledger,
    ParameterTree,
    PolledDetector,
)
from fluoroview.hal.frame import Pixels
from fluoroview.hal.runtime.registry import load_driver
from fluoroview.recording import Recorder, RecordError, Recording, RecordingInfo, RecordingStatus

PREPARE_S = 3.0
FIRST_FRAME_S = 10.0
PEER_FRAMES = 300
MATRICES = (512, 1024, 2048)
"""What the simulated driver has."""
TILED_FRAMES = 8
TARGET_CORE = 0.3


def run(
    size: int = 1024,
    rate: float = 30.0,
    seconds: float = 60.0,
    *,
    driver: str = "simulated",
    folder: Path | None = None,
    progress: Callable[[float, float], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Record `seconds` of size × size frames at `rate` Hz into a temporary file and read it back.

    A few seconds of `driver` are recorded first and then played in a loop by the driver
    `recording` in a child process, so that making the images is not what the computer is busy
    with. A size that `driver` does not have is played from memory. `progress` gets (seconds done,
    seconds). Raises FluoroError when a device or the disk fails.
    """
    with tempfile.TemporaryDirectory(prefix="fluoroview-bench-", dir=folder) as place:
        source, path = Path(place) / "source.fluoro.h5", Path(place) / "bench.fluoro.h5"
        matrix = max((each for each in MATRICES if each <= size), default=MATRICES[0])
        host = DeviceHost(driver, load_driver(driver).discover()[0].id)
        _record(host, {"Matrix": str(matrix)}, source, PREPARE_S)
        host, settings = _player(source, size, rate)
        ledger, status, core = _record(host, settings, path, seconds, progress)
        with Recording(path) as recording:
            figures = _figures(recording, ledger, status, seconds)
            return figures | {"core_fraction": round(core, 3)} | _peer(recording, place, rate)


def _player(source: Path, size: int, rate: float) -> tuple[DeviceHost, dict[str, Any]]:
    """Return a device that plays a recording at `rate` Hz and `size`, and its settings."""
    with Recording(source) as recording:
        if recording.format.rows != size:
            return _from_memory(recording, size, rate), {}
    settings = {"PlaybackSequencing": "loop", "PlaybackSpeed": rate / _rate_hz(source)}
    return DeviceHost("recording", str(source)), settings


def _from_memory(recording: Recording, size: int, rate: float) -> DeviceHost:
    """Return a device that gives its first images, next to and below each other to fill `size`."""
    images = []
    for index in range(min(TILED_FRAMES, recording.frame_count)):
        image = recording.read(index)
        times = -(-size // min(image.shape))
        images.append(np.ascontiguousarray(np.tile(image, (times, times))[:size, :size]))

    class Player(MemoryPlayer):
        frames, rate_hz = images, rate

    return DeviceHost("memory", f"{size} px", "thread", driver_class=Player)


class MemoryPlayer(PolledDetector):
    """A detector of a few frames in memory, whose own cost is one copy."""

    frames: ClassVar[list[Pixels]] = []
    rate_hz: ClassVar[float] = 30.0

    def open(self) -> None:
        """Do nothing."""

    def parameters(self) -> ParameterTree:
        """Return the size."""
        rows, columns = self.frames[0].shape
        return ParameterTree(
            [
                IntParameter("Width", lambda: columns, unit="px"),
                IntParameter("Height", lambda: rows, unit="px"),
                EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
                FloatParameter("AcquisitionFrameRate", lambda: self.rate_hz, unit="Hz"),
            ]
        )

    def start(self, sink: FrameSink) -> None:
        """Begin at the first frame."""
        self._count, self._due_s = 0, time.monotonic()
        super().start(sink)

    def read(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Give the next frame when it is due; one that is late does not delay the next."""
        self._due_s += 1.0 / self.rate_hz
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        np.copyto(pixels, self.frames[self._count % len(self.frames)])
        self._count += 1
        return FrameHeader(self._count, time.monotonic_ns())

    def close(self) -> None:
        """Stop, if need be."""
        self.stop()


def _record(
    host: DeviceHost,
    settings: dict[str, Any],
    path: Path,
    seconds: float,
    progress: Callable[[float, float], None] = lambda _done, _total: None,
) -> tuple[Ledger, RecordingStatus, float]:
    """Record a run; return its account, how it ended, and the recorder's share of a core."""
    try:
        host.open()
        for name, value in settings.items():
            host.write(name, value)
        recorder = Recorder(host.arm(), path, RecordingInfo.of(host))
        try:
            host.start(dead_man=DeadMan.PROCESS)
            _wait_for_first_frame(host)
            begun, cpu = time.monotonic(), _recorder_cpu_s()
            while (done := time.monotonic() - begun) < seconds:
                progress(done, seconds)
                time.sleep(min(1.0, seconds - done))
            core = (_recorder_cpu_s() - cpu) / (time.monotonic() - begun)
            ledger = host.stop()
            recorder.end_run(ledger)
        finally:
            status = recorder.close()
    finally:
        host.close()
    return ledger, status, core


def _wait_for_first_frame(host: DeviceHost) -> None:
    """A simulator may first have to draw its patient."""
    latest = time.monotonic() + FIRST_FRAME_S
    while host.ledger().delivered == 0 and time.monotonic() < latest:
        time.sleep(0.02)


def _rate_hz(path: Path) -> float:
    """Return the mean rate at which a recording was made."""
    with Recording(path) as recording:
        times = [header.host_time_ns for header in recording.headers]
    return (len(times) - 1) * 1e9 / (times[-1] - times[0])


def _recorder_cpu_s() -> float:
    """Return the processor time of the recorder's threads so far, s."""
    ids = {
        thread.native_id for thread in threading.enumerate() if thread.name.startswith("recorder ")
    }
    times = [each for each in psutil.Process().threads() if each.id in ids]
    return float(sum(each.user_time + each.system_time for each in times))


def _figures(
    recording: Recording, ledger: Ledger, status: RecordingStatus, seconds: float
) -> dict[str, Any]:
    raw = recording.frame_count * recording.format.frame_bytes
    damaged = sum(not _readable(recording, index) for index in range(recording.frame_count))
    numbers = [header.frame_number for header in recording.headers]
    return {
        "what": "raw recording of every frame and pulse, bitshuffle/LZ4, checksums",
        "source": recording.info.name,
        "frame": f"{recording.format.columns}×{recording.format.rows} {recording.format.dtype}",
        "seconds": seconds,
        "frames_per_s": round(recording.frame_count / seconds, 2),
        "frames_expected": ledger.expected,
        "frames_recorded": recording.frame_count,
        "lost_before_the_recorder": ledger.lost,
        "lost_by_the_recorder": ledger.delivered - recording.frame_count,
        "numbers_missing": int((np.diff(numbers) - 1).sum()) if numbers else 0,
        "damaged_when_read_back": damaged,
        "pulses": len(recording.pulses),
        "ending": str(status.ending),
        "target_core_fraction": TARGET_CORE,
        "raw_mb_per_s": round(raw / seconds / 1e6, 1),
        "disk_mb_per_s": round(status.bytes_written / seconds / 1e6, 1),
        "compression_ratio": round(raw / max(1, status.bytes_written), 2),
    }


def _readable(recording: Recording, index: int) -> bool:
    try:
        recording.read(index)
    except RecordError:
        return False
    return True


def _peer(recording: Recording, place: str, rate_hz: float) -> dict[str, Any]:
    """Write the frames raw to the same disk; return the part of a core used at the same rate."""
    count = min(PEER_FRAMES, recording.frame_count)
    frames: list[Pixels] = [recording.read(index) for index in range(min(30, count))]
    begun, wall = _own_cpu_s(), time.perf_counter()
    with (Path(place) / "peer.raw").open("wb", buffering=0) as stream:
        for index in range(count):
            stream.write(frames[index % len(frames)].data)
    cpu, wall = _own_cpu_s() - begun, time.perf_counter() - wall
    return {
        "peer": "the same bytes written raw, not compressed, no checksum",
        "peer_core_fraction": round(cpu / count * rate_hz, 3) if count else None,
        "peer_mb_per_s_flat_out": round(count * recording.format.frame_bytes / wall / 1e6, 1),
    }


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return usage.ru_utime + usage.ru_stime


def table(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the figures as rows for people."""
    return [(name.replace("_", " "), str(value)) for name, value in figures.items()]
