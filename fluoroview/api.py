"""The public interface for scripts and notebooks, without Qt: `import fluoroview as fv`.

Every function raises `FluoroError` with a sentence where something is missing, refused or late.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from fluoroview.hal import DeviceError, DeviceInfo, FluoroError, FrameHeader, Ledger
from fluoroview.hal.runtime.dead_man import DeadMan
from fluoroview.hal.runtime.host import DeviceHost, Isolation
from fluoroview.hal.runtime.registry import (
    DriverInfo,
    discover_all,
    find_driver,
    installed_drivers,
    look_for,
)
from fluoroview.hal.runtime.ring import RingReader

if TYPE_CHECKING:
    from fluoroview.conformance import Report
    from fluoroview.dicom import DicomCine, WrittenFile
    from fluoroview.recording import Recording, RecordingStatus

Value = bool | int | float | str
_FIRST_FRAME_S = 30.0
"""How long the first frame may take: a generator prepares, a simulated patient is computed."""
_NEXT_FRAME_S = 5.0
_POLL_S = 0.1


class AcquisitionTimeoutError(DeviceError):
    """Fewer frames came than were asked for, within the time allowed."""


@dataclass(frozen=True)
class AcquiredFrames:
    """Frames of one run, with what is known about each.

    Iteration gives (header, pixels) pairs; an index gives one pair, a slice fewer frames.
    """

    pixels: npt.NDArray[Any]
    """(frames, rows, columns), uint8 or uint16, as the detector delivered them."""
    headers: tuple[FrameHeader, ...]
    """One header for each frame: numbers, times, exposure."""
    ledger: Ledger = field(repr=False)
    """The account of the run: delivered frames and losses by cause."""
    device: str = ""

    def __len__(self) -> int:
        return len(self.headers)

    def __iter__(self) -> Iterator[tuple[FrameHeader, npt.NDArray[Any]]]:
        return zip(self.headers, self.pixels, strict=True)

    def __getitem__(self, index: int) -> tuple[FrameHeader, npt.NDArray[Any]]:
        return self.headers[index], self.pixels[index]

    def __repr__(self) -> str:
        rows, columns = self.pixels.shape[1:]
        return (
            f"<AcquiredFrames: {len(self)} frames of {rows}×{columns} {self.pixels.dtype}"
            f" from {self.device}, {self.ledger.lost} lost>"
        )


class OpenDetector:
    """An open detector. Leave its `with` block, or call `close`, to release the device.

    Methods block; use it from one thread.
    """

    def __init__(self, host: DeviceHost, faults: list[FluoroError]) -> None:
        self._host = host
        self._faults = faults

    @property
    def name(self) -> str:
        """Driver and device id."""
        return self._host.name

    @property
    def state(self) -> str:
        """State of the device: CLOSED, IDLE, ARMED, RUNNING or FAULT."""
        return str(self._host.state)

    @property
    def parameters(self) -> dict[str, Value]:
        """Values of the parameters by name, read from the device now."""
        return {each.name: each.value for each in self._host.parameters()}

    def __getitem__(self, name: str) -> Value:
        """Return the value of a parameter, read from the device now. KeyError for no such name."""
        return self.parameters[name]

    def __setitem__(self, name: str, value: Value) -> None:
        """Write a parameter. Raises ParameterError with what is allowed."""
        self._host.write(name, value)

    def acquire(self, frames: int = 1, timeout_s: float | None = None) -> AcquiredFrames:
        """Start a run, wait for so many frames, stop, and return them with their headers.

        Args:
            frames: how many frames to return; frames that were lost are not among them, and the
                ledger counts them.
            timeout_s: how long all of it may take. None: 30 s for the first frame and 5 s for each
                one after it.

        Raises AcquisitionTimeoutError where fewer frames came, and the device's own error where it
        failed.
        """
        if frames < 1:
            raise ValueError(f"{frames} frames cannot be acquired; at least 1 is needed")
        with _Run(self._host, self._faults) as run:
            ring = self._host.ring
            assert ring is not None
            size = ring.layout.format
            pixels = np.empty((frames, size.rows, size.columns), size.dtype)
            headers = []
            run.start()
            for number, (header, image) in enumerate(run.frames(frames, timeout_s)):
                np.copyto(pixels[number], image)
                headers.append(header)
            ledger = run.stop()
        return AcquiredFrames(pixels, tuple(headers), ledger, self.name)

    def record(
        self, path: str | PathLike[str], frames: int, timeout_s: float | None = None
    ) -> "RecordingStatus":
        """Record the raw frames and pulses of a run to a new file; return how it ended.

        Raises as `acquire`, and RecordError where the file cannot be written.
        """
        from fluoroview.recording import Recorder, RecordingInfo

        with _Run(self._host, self._faults) as run:
            assert self._host.ring is not None
            info = RecordingInfo.of(self._host)
            recorder = Recorder(self._host.ring, Path(path), info)
            try:
                run.start()
                for _ in run.frames(frames, timeout_s):
                    pass
                recorder.end_run(run.stop())
            finally:
                status = recorder.close()
        return status

    def close(self) -> None:
        """Release the device. Safe at any time, and twice."""
        self._host.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<OpenDetector: {self.name}, {self.state}>"


class _Run:
    """One run of a host: armed on entry, stopped and disarmed on exit."""

    def __init__(self, host: DeviceHost, faults: list[FluoroError]) -> None:
        self._host = host
        self._faults = faults
        self._reader: RingReader | None = None
        self._running = False

    def __enter__(self) -> Self:
        self._reader = self._host.arm().reader()
        return self

    def start(self) -> None:
        """Start the device; the beam ends with this process, whatever happens to it."""
        if self._host.traits.makes_radiation:
            self._host.prepare()
        self._host.start(dead_man=DeadMan.PROCESS)
        self._running = True

    def frames(
        self, count: int, timeout_s: float | None
    ) -> Iterator[tuple[FrameHeader, npt.NDArray[Any]]]:
        """Yield so many frames; the pixels are valid until the next one."""
        assert self._reader is not None
        began_s = time.monotonic()
        for number in range(count):
            patience_s = _NEXT_FRAME_S if number else _FIRST_FRAME_S
            due_s = time.monotonic() + patience_s if timeout_s is None else began_s + timeout_s
            while (frame := self._reader.next(_POLL_S)) is None:
                if self._faults:
                    raise self._faults[0]
                if time.monotonic() > due_s:
                    allowed_s = patience_s if timeout_s is None else timeout_s
                    raise AcquisitionTimeoutError(
                        f"{self._host.name} delivered {number} of {count} frames within"
                        f" {allowed_s:g} s.",
                        "Check its trigger and its frame rate, or allow more time.",
                        self._host.name,
                        code="FV-API-001",
                    )
            yield frame.header, frame.pixels
            self._reader.release()

    def stop(self) -> Ledger:
        """Stop the device; return the account of the run."""
        self._running = False
        return self._host.stop()

    def __exit__(self, *_error: object) -> None:
        failed = bool(self._faults)
        try:
            if self._running and not failed:
                self.stop()
        finally:
            if self._reader is not None:
                self._reader.close()
            if str(self._host.state) == "ARMED":
                self._host.disarm()


def drivers() -> list[DriverInfo]:
    """Return the installed drivers, without importing any."""
    return installed_drivers()


def devices(driver: str = "") -> list[DeviceInfo]:
    """Return the devices that one driver finds, or all drivers; takes up to seconds.

    Raises DriverError for an unknown driver and DeviceError where a named driver cannot look.
    """
    if driver:
        return look_for(driver).devices
    return [info for found in discover_all() for info in found.devices]


def open_detector(
    driver: str,
    device: str = "",
    *,
    parameters: Mapping[str, Value] | None = None,
    isolation: Isolation = "process",
) -> OpenDetector:
    """Open a detector and set its parameters.

    Args:
        driver: name of an installed driver; `drivers()` lists them.
        device: id of the device; "": the first that the driver finds.
        parameters: values to write, in this order.
        isolation: "process" runs the driver in a child process, so that its crash is an error and
            not the end of the script; "thread" runs it in this one.

    Raises DriverError, DeviceError or ParameterError.
    """
    find_driver(driver)
    device = device or look_for(driver).first_id()
    faults: list[FluoroError] = []
    host = DeviceHost(driver, device, isolation, on_fault=faults.append, on_refuse=faults.append)
    try:
        host.open()
        for name, value in (parameters or {}).items():
            host.write(name, value)
    except BaseException:
        host.close()
        raise
    return OpenDetector(host, faults)


def record(
    driver: str,
    path: str | PathLike[str],
    frames: int,
    *,
    device: str = "",
    parameters: Mapping[str, Value] | None = None,
    timeout_s: float | None = None,
) -> "RecordingStatus":
    """Open a detector, record so many raw frames to a new file, and close the detector.

    Returns how the recording ended: frames, bytes, problems. Raises as `OpenDetector.record`.
    """
    with open_detector(driver, device, parameters=parameters) as detector:
        return detector.record(path, frames, timeout_s)


def read_recording(path: str | PathLike[str]) -> "Recording":
    """Open a raw recording; use it in a `with` block. Raises RecordError."""
    from fluoroview.recording import Recording

    return Recording(Path(path))


def read_cine(path: str | PathLike[str]) -> "DicomCine":
    """Open a DICOM cine loop; use it in a `with` block. Raises DicomError.

    Its images are read one by one: `cine.read(0)`, or `for image in cine`; uint16, rows × columns.
    """
    from fluoroview.dicom import DicomCine

    return DicomCine(path)


def write_loop(
    path: str | PathLike[str],
    frames: npt.NDArray[Any] | Iterable[npt.NDArray[Any]],
    *,
    rate_hz: float = 15.0,
    simulated: bool = False,
    **description: Any,
) -> "WrittenFile":
    """Write frames as a multi-frame DICOM loop (XRF or XA), playing at `rate_hz`.

    Args:
        path: the file; one that exists is replaced once the new one is whole.
        frames: (frames, rows, columns) or a sequence of (rows, columns); uint8 or uint16.
        rate_hz: frames per second.
        simulated: whether there was no patient; the file then says so.
        description: other fields of `fluoroview.dicom.LoopDescription`, as `exposure` or `window`.

    Raises DicomError.
    """
    from fluoroview.dicom import LoopDescription
    from fluoroview.dicom import write_loop as write

    images = list(frames)
    times_ms = (1000.0 / rate_hz,) * len(images)
    return write(path, images, LoopDescription(times_ms, simulated, **description))


def check(
    driver: str,
    device: str = "",
    *,
    rules: Collection[str] | None = None,
    effort: str = "standard",
    progress: Callable[[int, int, str], None] = lambda _done, _total, _what: None,
) -> "Report":
    """Check a driver against the contract, as `fluoroview check` does.

    Args:
        driver: name of an installed driver.
        device: id of the device; "": the first that the driver finds.
        rules: only these rules; None: all.
        effort: "quick", "standard" or "thorough".
        progress: called with what is done, of how much, and what comes next.

    Raises DriverError for an unknown driver and FluoroError for an unknown rule.
    """
    from fluoroview.conformance import EFFORTS
    from fluoroview.conformance import check as run

    if effort not in EFFORTS:
        raise FluoroError(
            f"There is no effort {effort!r}.",
            f"Allowed are {', '.join(sorted(EFFORTS))}.",
            code="FV-API-002",
        )
    selection = None if rules is None else list(rules)
    return run(driver, device, selection=selection, effort=EFFORTS[effort], progress=progress)
