"""The errors that many drivers share, each written once.

A missing library, a failing SDK, a device that is absent, not open, or delivers another image than
the run was armed for.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from fluoroview.hal.errors import DeviceError, DriverError

CHECK_POWER = "Check its power and cable, then open it again."
CLOSE_OTHER_PROGRAM = "Another program holds it: close that program, then open it again."


@contextmanager
def requires(driver: str, libraries: str, install: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn an import that fails into DriverError: which libraries, and how to install them.

    `errors` are what the import raises besides ImportError.
    """
    failures: tuple[type[Exception], ...] = (ImportError, *errors)
    try:
        yield
    except failures as error:
        raise DriverError(
            f"The {driver} driver needs {libraries}, which cannot be loaded: {error}.",
            install,
            driver,
            code="FV-SDK-003",
        ) from error


@contextmanager
def translated(
    what: str,
    device: str,
    errors: Callable[[], tuple[type[Exception], ...]],
    reason: Callable[[BaseException], str],
    remedy: Callable[[BaseException], str] = lambda _error: CHECK_POWER,
) -> Iterator[None]:
    """Turn what an SDK raises into DeviceError: "`what`: the SDK's reason."."""
    try:
        yield
    except errors() as error:
        raise DeviceError(
            f"{what}: {reason(error)}.", remedy(error), device, code="FV-SDK-004"
        ) from error


def absent(
    kind: str,
    device_id: str,
    present: Sequence[str],
    check: str = "Check its power and cable",
) -> DeviceError:
    """Return the error for a device that is not there; `kind` is such as "GenTL device"."""
    return DeviceError(
        f"There is no {kind} {device_id!r}.",
        f"Present: {', '.join(present) or 'none'}. {check}, or choose one of these.",
        device_id,
        code="FV-SDK-005",
    )


def require_only(kind: str, device_id: str, only: str) -> None:
    """Raise DeviceError unless `device_id` is the one device of a driver, or empty."""
    if device_id not in (only, ""):
        raise DeviceError(
            f"The {kind} has no device {device_id!r}.",
            f"It has one: {only}.",
            device_id,
            code="FV-SDK-006",
        )


def not_open(device_id: str) -> DeviceError:
    """Return the error for a call that needs an open device."""
    return DeviceError(f"{device_id} is not open.", "Open it first.", device_id, code="FV-SDK-007")


def not_as_armed(delivered: str, armed: str) -> DeviceError:
    """Return the error for an image of another size or format than the run was armed for.

    Its sentence starts with "it", for `sink.fail`.
    """
    return DeviceError(
        f"it delivered {delivered}, but the run was armed for {armed}.",
        "Width, Height and PixelFormat may change only while the device is idle.",
        code="FV-SDK-008",
    )
