"""How long each frame of a cine stays on the screen, and which attribute states it.

DICOM standardises no precedence between the attributes that can state it. Ours, in order:

1. the attribute that FrameIncrementPointer (0028,0009) names, if it is one of the next two
2. FrameTimeVector (0018,1065), when its length fits the number of frames
3. FrameTime (0018,1063)
4. RecommendedDisplayFrameRate (0008,2144)
5. CineRate (0018,0040)
6. FrameReferenceDateTime (0018,9151) of the functional groups (enhanced objects)
7. `DEFAULT_FPS`

A source whose figures cannot be a fluoroscopy timing (see `PLAUSIBLE_MS`) is passed over with a
warning: equipment has written seconds where milliseconds belong.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from pydicom.dataset import Dataset

from fluoroview.dicom.attributes import keyword_of, label, number, numbers, value
from fluoroview.hal.sequencing import Sequencing

DEFAULT_FPS = 15.0
"""Played when a file states no rate: the commonest rate of cardiac cine and a usual pulse rate."""

PLAUSIBLE_MS = (1.0, 60_000.0)
"""Shortest and longest plausible mean time per frame."""


@dataclass(frozen=True, slots=True)
class CineTiming:
    """The timing of a cine. Frame indices start at 0.

    `durations_ms` has one entry per frame; `source` names the attribute it comes from, for the
    screen; `warnings` are sentences. `first_frame` and `last_frame` are the recommended trim,
    `sequencing` the preferred playback and `frame_delay_ms` the time from the start of the run
    to the first frame.
    """

    durations_ms: tuple[float, ...]
    source: str
    warnings: tuple[str, ...] = ()
    first_frame: int = 0
    last_frame: int = 0
    sequencing: Sequencing = Sequencing.LOOP
    frame_delay_ms: float = 0.0

    @property
    def mean_fps(self) -> float:
        """Mean frames per second."""
        return 1000.0 * len(self.durations_ms) / sum(self.durations_ms)

    @property
    def total_s(self) -> float:
        """Duration of the whole cine, s."""
        return sum(self.durations_ms) / 1000.0


class _UnfitError(ValueError):
    """An attribute that is present but cannot be the timing; its text is the reason."""


def read_timing(data: Dataset, frame_count: int) -> CineTiming:
    """Return the timing of `frame_count` frames (≥ 1) from a data set. Never raises."""
    durations, source, warnings = _durations(data, frame_count)
    first, last = _trim(data, frame_count)
    sweep = number(data, "PreferredPlaybackSequencing") == 1
    return CineTiming(
        durations,
        source,
        tuple(warnings),
        first,
        last,
        Sequencing.SWEEP if sweep else Sequencing.LOOP,
        number(data, "FrameDelay") or 0.0,
    )


def _durations(data: Dataset, frame_count: int) -> tuple[tuple[float, ...], str, list[str]]:
    warnings: list[str] = []
    default = (1000.0 / DEFAULT_FPS,) * frame_count
    if frame_count == 1:
        return default, "single image", warnings
    for keyword in _precedence(data):
        try:
            durations = _READERS[keyword](data, frame_count)
        except _UnfitError as reason:
            warnings.append(f"{label(keyword)} is not used: {reason}.")
            continue
        if durations is not None:
            return durations, label(keyword), warnings
    source = f"none in the file, {DEFAULT_FPS:g} frames/s assumed"
    warnings.append(
        f"The file states no frame rate; "
        f"{DEFAULT_FPS:g} frames per second are assumed. Set the speed by hand if you know it."
    )
    return default, source, warnings


def _precedence(data: Dataset) -> list[str]:
    order = list(_READERS)
    pointer = value(data, "FrameIncrementPointer")
    targets = pointer if isinstance(pointer, Sequence) else [pointer]
    for target in targets:
        keyword = keyword_of(target) if target is not None else ""
        if keyword in ("FrameTimeVector", "FrameTime"):
            order.remove(keyword)
            order.insert(0, keyword)
            break
    return order


def _from_vector(data: Dataset, frame_count: int) -> tuple[float, ...] | None:
    """FrameTimeVector[i] is the gap before frame i, so frame i stays for entry i + 1.

    PS3.3 C.7.6.5.1.2. Nothing follows the last frame; it stays as long as the one before it.
    """
    vector = numbers(data, "FrameTimeVector")
    if not vector:
        return None
    if len(vector) not in (frame_count, frame_count - 1):
        raise _UnfitError(f"it has {len(vector)} entries for {frame_count} frames")
    # Some equipment omits the leading zero and writes the gaps only.
    gaps = vector[-(frame_count - 1) :]
    if min(gaps) < 0:
        raise _UnfitError(f"it holds a negative time, {min(gaps):g} ms")
    _require_plausible(sum(gaps) / len(gaps))
    typical = statistics.median(gap for gap in gaps if gap > 0)
    # A zero gap would hide a frame from every player.
    shown = tuple(gap if gap > 0 else typical for gap in gaps)
    return (*shown, shown[-1])


def _from_frame_time(data: Dataset, frame_count: int) -> tuple[float, ...] | None:
    frame_time_ms = number(data, "FrameTime")
    if frame_time_ms is None:
        return None
    _require_plausible(frame_time_ms)
    return (frame_time_ms,) * frame_count


def _from_rate(keyword: str) -> Callable[[Dataset, int], tuple[float, ...] | None]:
    def read(data: Dataset, frame_count: int) -> tuple[float, ...] | None:
        fps = number(data, keyword)
        if fps is None:
            return None
        if fps <= 0:
            raise _UnfitError(f"{fps:g} frames per second cannot be")
        _require_plausible(1000.0 / fps)
        return (1000.0 / fps,) * frame_count

    return read


def _from_frame_datetimes(data: Dataset, frame_count: int) -> tuple[float, ...] | None:
    groups = value(data, "PerFrameFunctionalGroupsSequence")
    if not groups or len(groups) < frame_count:
        return None
    times = [_frame_datetime(group) for group in groups[:frame_count]]
    known = [time for time in times if time is not None]
    if len(known) < frame_count:
        return None
    try:
        gaps = [(after - before).total_seconds() * 1000.0 for before, after in pairwise(known)]
    except TypeError:
        raise _UnfitError("some of its times have a time zone and some have none") from None
    if min(gaps) <= 0:
        raise _UnfitError("its times do not increase from frame to frame")
    _require_plausible(sum(gaps) / len(gaps))
    return (*gaps, gaps[-1])


def _frame_datetime(group: Dataset) -> datetime | None:
    content = value(group, "FrameContentSequence")
    stamp = value(content[0], "FrameReferenceDateTime") if content else None
    if stamp is None:
        return None
    for form in ("%Y%m%d%H%M%S.%f%z", "%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S%z", "%Y%m%d%H%M%S"):
        try:
            return datetime.strptime(str(stamp).strip(), form)
        except ValueError:
            continue
    return None


_READERS: dict[str, Callable[[Dataset, int], tuple[float, ...] | None]] = {
    "FrameTimeVector": _from_vector,
    "FrameTime": _from_frame_time,
    "RecommendedDisplayFrameRate": _from_rate("RecommendedDisplayFrameRate"),
    "CineRate": _from_rate("CineRate"),
    "FrameReferenceDateTime": _from_frame_datetimes,
}


def _require_plausible(mean_ms: float) -> None:
    shortest, longest = PLAUSIBLE_MS
    if not shortest <= mean_ms <= longest:
        raise _UnfitError(
            f"{mean_ms:g} ms per frame is outside the {shortest:g} to {longest:g} ms that are "
            "believed"
        )


def _trim(data: Dataset, frame_count: int) -> tuple[int, int]:
    """Return StartTrim and StopTrim (1-based in the file) as indices from 0; all if implausible."""
    first = round(number(data, "StartTrim") or 1) - 1
    last = round(number(data, "StopTrim") or frame_count) - 1
    if 0 <= first <= last:
        last = min(last, frame_count - 1)
        return (first, last) if first <= last else (0, frame_count - 1)
    return 0, frame_count - 1
