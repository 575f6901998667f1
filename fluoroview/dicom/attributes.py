"""Reading single attributes out of data sets written by real equipment.

A value that breaks its own type (a decimal string "30.0 " in an integer, a comma for a point) is
recovered where its meaning is plain, and is absent otherwise; nothing here raises.
"""

import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydicom.datadict import dictionary_keyword, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from fluoroview.hal.foreign_text import plain

_MAX_TEXT = 1024


def label(keyword: str) -> str:
    """Return an attribute's name for a sentence: "FrameTime (0018,1063)"."""
    tag = BaseTag(tag_for_keyword(keyword) or 0)
    return f"{keyword} ({tag.group:04X},{tag.element:04X})"


def keyword_of(tag: int) -> str:
    """Return the keyword of a tag, or "" for one that is not in the dictionary."""
    try:
        return dictionary_keyword(tag)
    except KeyError:
        return ""


@contextmanager
def quiet() -> Iterator[None]:
    """Silence pydicom's warnings about values that break a rule of the standard.

    pydicom converts values at the first access and warns then; what matters to a user becomes a
    sentence where the value is read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def value(data: Dataset, keyword: str) -> Any:
    """Return an attribute's value as pydicom reads it; None if absent, empty or unreadable."""
    try:
        with quiet():
            found = data.get(keyword)
    except Exception:  # pydicom raises many types for values that break their VR
        return None
    return None if found is None or (isinstance(found, str) and not found.strip()) else found


def text(data: Dataset, keyword: str) -> str:
    """Return an attribute as harmless text; "" if absent. Of several values, the first."""
    found = value(data, keyword)
    if found is None:
        return ""
    if isinstance(found, Iterable) and not isinstance(found, str | bytes):
        found = next(iter(found), "")
    return plain(str(found).strip(), _MAX_TEXT)


def numbers(data: Dataset, keyword: str) -> tuple[float, ...]:
    """Return the finite numbers of an attribute, in order; empty if absent or unreadable."""
    tag = tag_for_keyword(keyword)
    if tag is None or tag not in data:
        return ()
    found = _value_or_bytes(data, tag)
    several = isinstance(found, Iterable) and not isinstance(found, str | bytes)
    try:
        parsed = tuple(map(_parse, found if several else _split(found)))
    except (TypeError, ValueError):
        return ()
    return parsed if all(map(math.isfinite, parsed)) else ()


def raw_element(data: Dataset, tag: int) -> RawDataElement | None:
    """Return an element as it was read, unconverted; None if absent, converted or unreadable."""
    try:
        with quiet():
            raw = data.get_item(tag)
    except Exception:  # see `value`
        return None
    return raw if isinstance(raw, RawDataElement) else None


def number(data: Dataset, keyword: str) -> float | None:
    """Return the first number of an attribute; None if absent or unreadable."""
    return next(iter(numbers(data, keyword)), None)


def _value_or_bytes(data: Dataset, tag: int) -> Any:
    try:
        with quiet():
            return data[tag].value
    except Exception:  # see `value`
        raw = raw_element(data, tag)
        return raw.value if raw is not None else None


def _split(found: Any) -> list[Any]:
    if isinstance(found, bytes):
        found = found.decode("ascii", "replace")
    if isinstance(found, str):
        return [part for part in found.split("\\") if part.strip("\0 ")]
    return [] if found is None else [found]


def _parse(part: Any) -> float:
    return float(part.replace(",", ".").strip("\0 ") if isinstance(part, str) else part)
