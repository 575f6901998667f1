"""Which binnings a device really does: some take the value, read it back and send as before."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fluoroview_aravis import sdk

_SIZE_OF = {"BinningHorizontal": "Width", "BinningVertical": "Height"}
# In the order in which they are put back: a region is limited by the binning, a place by the size.
_CHANGED_BY_A_TRIAL = (*_SIZE_OF, *_SIZE_OF.values(), "OffsetX", "OffsetY")


def ignored(genicam: Any) -> frozenset[str]:
    """Return the binnings of an Aravis.Gc that the device takes without a smaller image.

    Each is tried once and put back with the region that it changed; one that cannot be written
    now is believed. The device must be idle.
    """
    return frozenset(name for name in _SIZE_OF if _is_ignored(genicam, name))


def _is_ignored(genicam: Any, name: str) -> bool:
    node, size = genicam.get_node(name), genicam.get_node(_SIZE_OF[name])
    if not isinstance(node, sdk.load().GcInteger) or size is None:
        return False
    with suppress(*sdk.errors()), _put_back(genicam):
        before = _extent(size)
        node.set_value(1 if node.get_value() == 2 else 2)
        return _extent(size) == before
    return False  # it is read-only now, or cannot be 2: nothing to be believed wrongly


def _extent(size: Any) -> tuple[int, int]:
    """Return a size and its limit: a region smaller than the sensor may stay as it is."""
    return size.get_value(), size.get_max()


@contextmanager
def _put_back(genicam: Any) -> Iterator[None]:
    """Put back what a trial changes, as far as the device lets it be read and written."""
    before: dict[str, int] = {}
    for name in _CHANGED_BY_A_TRIAL:
        with suppress(*sdk.errors(), AttributeError):  # AttributeError: it has no such node
            before[name] = genicam.get_node(name).get_value()
    try:
        yield
    finally:
        for name, value in before.items():
            node = genicam.get_node(name)
            with suppress(*sdk.errors()):
                if node.get_value() != value:
                    node.set_value(value)
