"""FluoroView: a real-time fluoroscopy viewer on a hardware abstraction layer.

Not a medical device. The names below are the public interface for scripts and notebooks; each is
imported at its first use, and none needs Qt:

    import fluoroview as fv

    with fv.open_detector("gentl") as detector:
        frames = detector.acquire(100)

    frames.pixels.shape  # (100, rows, columns)
"""

from importlib import import_module
from typing import Any

_API = "fluoroview.api"
_PLACES = {
    "AcquiredFrames": _API,
    "FluoroError": "fluoroview.hal.errors",
    "OpenDetector": _API,
    "Pipeline": "fluoroview.pipeline",
    "PipelineSettings": "fluoroview.pipeline",
    "Room": "fluoroview.session.room",
    "Session": "fluoroview.session.session",
    "check": _API,
    "devices": _API,
    "drivers": _API,
    "open_detector": _API,
    "read_cine": _API,
    "read_recording": _API,
    "read_room": "fluoroview.session.room",
    "record": _API,
    "write_loop": _API,
}

__all__ = ["__version__", *_PLACES]  # noqa: PLE0604 - names of modules loaded later


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _PLACES:
        value = getattr(import_module(_PLACES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fluoroview")
    except PackageNotFoundError:  # a source tree that is not installed
        return "0+unknown"
