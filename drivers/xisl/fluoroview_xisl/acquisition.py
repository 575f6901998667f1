"""One run: the ring that XISL fills, and the callback in XISL's own thread.

What XISL does not forgive, and where it is kept:
  - it goes on calling until Acquisition_Abort has returned, so the two callbacks live as long as
    the process and look the run up by its handle; ring and run are let go after the abort only;
  - an abort from the callback waits for itself, so it never comes from there;
  - an exception must not run into C: it ends the run through the sink.
"""

import ctypes
import threading
import time
from collections.abc import Callable

import numpy as np

from fluoroview.hal import DeviceError, FluoroError, FrameHeader, FrameSink, LossCause
from fluoroview.hal.sdk.driver_errors import CHECK_POWER
from fluoroview_xisl.errors import ALREADY_RUNNING, device_error
from fluoroview_xisl.frame_account import FrameAccount
from fluoroview_xisl.library import Xisl
from fluoroview_xisl.structs import (
    CALLBACK,
    DWORD,
    SEQ_CONTINUOUS,
    CHwHeaderInfo,
    CHwHeaderInfoEx,
)

RING_FRAMES = 8
_CALLBACK_TIMEOUT_S = 0.5


class Acquisition:
    """A run of one sensor from `start` to `stop`.

    `gain_mode` and `binning` go to each frame's header. `silence_s` is asked how long no frame may
    come before that is an error; None: as long as it likes.
    """

    def __init__(
        self,
        xisl: Xisl,
        handle: int,
        sink: FrameSink,
        *,
        rows: int,
        columns: int,
        has_counter: bool,
        gain_mode: int,
        binning: int,
        silence_s: Callable[[], float | None],
    ) -> None:
        self._xisl = xisl
        self._handle = handle
        self._sink = sink
        self._ring = np.zeros((RING_FRAMES, rows, columns), np.uint16)
        self._has_counter = has_counter
        self._gain_mode = gain_mode
        self._binning = binning
        self._silence_s = silence_s
        self._account = FrameAccount()
        self._first = True
        self._over = False
        self._outside = threading.Event()  # set while no callback of this run is on its way
        self._outside.set()
        self._callback_thread = 0
        self._ended = threading.Event()
        self._gone = threading.Event()
        self._aborting = threading.Lock()
        self._last_frame_s = 0.0
        self._watch = threading.Thread(target=self._watch_silence, daemon=True, name="xisl watch")

    def start(self) -> None:
        """Hand ring and callbacks to XISL and start; DeviceError when it refuses."""
        handle, (frames, rows, columns) = self._handle, self._ring.shape
        what = "the run cannot start"
        ensure_idle(handle, what)  # before XISL is given another ring
        pixels = self._ring.ctypes.data_as(ctypes.POINTER(ctypes.c_ushort))
        self._xisl.call(
            what, "Acquisition_DefineDestBuffers", handle, pixels, frames, rows, columns
        )
        self._xisl.call(
            what,
            "Acquisition_SetCallbacksAndMessages",
            handle,
            None,
            0,
            0,
            _END_FRAME,
            _END_ACQUISITION,
        )
        _running[handle] = self
        self._last_frame_s = time.monotonic()
        self._xisl.status("Acquisition_SetReady", handle, True)
        code = self._xisl.status(
            "Acquisition_Acquire_Image", handle, frames, 0, SEQ_CONTINUOUS, None, None, None
        )
        if code:
            del _running[handle]
            raise device_error(what, code)
        self._watch.start()

    def stop(self) -> None:
        """End the run; no commit follows. From the callback itself the abort comes after it."""
        self._over = True
        self._ended.set()
        if threading.get_ident() == self._callback_thread:
            threading.Thread(target=self._abort, name="xisl abort").start()
            return
        code = self._abort()
        if self._watch.ident is not None and self._watch is not threading.current_thread():
            self._watch.join()
        if code:
            raise device_error("the run cannot be ended", code)
        if not self._outside.is_set():
            raise DeviceError(
                "the run cannot be ended: a frame is still on its way.",
                CHECK_POWER,
                code="FV-XIS-001",
            )

    def wait_gone(self) -> bool:
        """Return whether the run is over and XISL has let go of it; waits for its abort."""
        return self._over and self._gone.wait(_CALLBACK_TIMEOUT_S)

    def _abort(self) -> int:
        with self._aborting:  # once only, from whichever thread is first
            return 0 if self._gone.is_set() else self._abort_once()

    def _abort_once(self) -> int:
        code = self._xisl.status("Acquisition_Abort", self._handle)
        if self._outside.wait(_CALLBACK_TIMEOUT_S) and not code:
            _running.pop(self._handle, None)  # else the ring stays: XISL may still write to it
            self._gone.set()
        return code

    def end_frame(self) -> None:
        """Take one frame, in XISL's thread; never raises."""
        self._callback_thread = threading.get_ident()
        self._outside.clear()
        try:
            if not self._over:
                self._take()
        except BaseException as error:
            self._fail(error)
        finally:
            self._callback_thread = 0
            self._outside.set()

    def end_acquisition(self) -> None:
        """Say why XISL ended a run that nobody stopped; never raises."""
        try:
            code, board = DWORD(), DWORD()
            self._xisl.status(
                "Acquisition_GetErrorCode", self._handle, ctypes.byref(code), ctypes.byref(board)
            )
            self._fail(device_error("the acquisition ended unexpectedly", code.value))
        except BaseException as error:
            self._fail(error)

    def _take(self) -> None:
        self._last_frame_s = time.monotonic()
        index, slot = DWORD(), DWORD()
        self._xisl.call(
            "a frame cannot be found",
            "Acquisition_GetActFrame",
            self._handle,
            ctypes.byref(index),
            ctypes.byref(slot),
        )
        lost_link, lost_sdk = self._account.step(self._counter(), index.value)
        self._sink.lost(lost_link, LossCause.LINK)
        self._sink.lost(lost_sdk, LossCause.SDK)
        if self._first:  # exposed for a part of its time only
            self._first = False
            self._sink.lost(1, LossCause.SDK)
        else:
            self._commit((slot.value - 1) % RING_FRAMES)
        self._xisl.status("Acquisition_SetReady", self._handle, True)

    def _counter(self) -> int | None:
        if not self._has_counter:
            return None
        info, extended = CHwHeaderInfo(), CHwHeaderInfoEx()
        self._xisl.call(
            "a frame's header cannot be read",
            "Acquisition_GetLatestFrameHeader",
            self._handle,
            ctypes.byref(info),
            ctypes.byref(extended),
        )
        return int(extended.wFrameCnt)

    def _commit(self, slot: int) -> None:
        target = self._sink.acquire()
        np.copyto(target.pixels, self._ring[slot])
        target.commit(
            FrameHeader(
                hardware_counter=self._account.counter or 0,
                hardware_time_ns=time.monotonic_ns(),
                gain_mode=self._gain_mode,
                binning=self._binning,
            )
        )

    def _fail(self, error: BaseException) -> None:
        """Report to the HAL, then end the run from a thread that is not XISL's."""
        if self._over:
            return
        self._over = True
        self._ended.set()
        known = isinstance(error, FluoroError)
        self._sink.fail(
            error if known else f"{type(error).__name__} in the frame callback: {error}"
        )
        threading.Thread(target=self._abort, name="xisl abort", daemon=True).start()

    def _watch_silence(self) -> None:
        while not self._ended.wait(0.1):
            allowed_s = self._silence_s()
            if allowed_s is None:
                continue
            if time.monotonic() - self._last_frame_s > allowed_s:
                self._fail(
                    DeviceError(
                        f"no frame came for {allowed_s:.1f} s.", CHECK_POWER, code="FV-XIS-002"
                    )
                )


_running: dict[int, Acquisition] = {}


def ensure_idle(handle: int, what: str) -> None:
    """Wait for an abort that is on its way; DeviceError "`what`: ..." while a run goes on."""
    run = _running.get(handle)
    if run is not None and not run.wait_gone():
        raise device_error(what, ALREADY_RUNNING)


def _end_frame(handle: int | None) -> None:
    if (run := _running.get(handle or 0)) is not None:
        run.end_frame()


def _end_acquisition(handle: int | None) -> None:
    if (run := _running.get(handle or 0)) is not None:
        run.end_acquisition()


# Never collected: XISL may call once more after the run, and a collected callback is a crash.
_END_FRAME = CALLBACK(_end_frame)
_END_ACQUISITION = CALLBACK(_end_acquisition)
