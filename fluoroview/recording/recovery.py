"""`recover`: save what is whole of a damaged recording.

The recording itself is never changed. What is whole goes into a new file next to it, frame by
frame as it is compressed, and nothing that was not recorded is added.
"""

import errno
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fluoroview.hal.foreign_text import plain
from fluoroview.hal.safe_files import reason_and_remedy, unfinished_file
from fluoroview.recording.errors import DiskFullError, RecordError
from fluoroview.recording.layout import SUFFIX, Ending
from fluoroview.recording.reading import Recording
from fluoroview.recording.writing import RecordingFile


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """The result of `recover`.

    `saved`: the new file, or None when the recording was whole and none was needed. `seconds` is
    the time the saved frames span, without the pauses between runs.
    """

    path: Path
    saved: Path | None
    ending: str
    frames: int
    damaged: int
    pulses: int
    runs: int
    seconds: float
    left_out: int
    damage: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing was wrong with the recording."""
        return self.saved is None

    @property
    def sentence(self) -> str:
        """The whole report in sentences."""
        runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
        held = f"{self.frames} frames of {runs} ({self.seconds:.1f} s), {self.pulses} pulses"
        if self.whole:
            ended = "" if self.ending == Ending.CLOSED else f" It ended early: {self.ending}."
            text = f"{self.path} is whole: {held}.{ended} Nothing had to be done."
        else:
            text = f"Saved from {self.path} to {self.saved}: {held}."
            if self.damaged:
                are = "frame is" if self.damaged == 1 else "frames are"
                text += f" {self.damaged} {are} damaged and could not be saved."
            text = " ".join([text, *self.damage])
        if self.left_out:
            text += f" {self.left_out} frames were never recorded, because the disk was slow."
        return text

    def as_dict(self) -> dict[str, Any]:
        """Return the report JSON-able."""
        return asdict(self) | {
            "path": str(self.path),
            "saved": str(self.saved) if self.saved else None,
            "damage": list(self.damage),
            "whole": self.whole,
            "sentence": self.sentence,
        }


def recover(
    path: str | Path,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> RecoveryReport:
    """Save what is whole of a recording into NAME.recovered.fluoro.h5 next to it.

    A recording that is whole is left as it is. Every frame is read and checked; `progress` gets
    (frames checked, frames). Raises RecordError when the file is not a recording, is still
    being recorded, or nothing of it can be read.
    """
    with Recording(path) as recording:
        if recording.in_progress:
            raise RecordError(
                f"{recording.path} is being recorded right now.",
                "Stop the recording first; nothing needs to be recovered before that.",
                code="FV-REC-008",
            )
        good = []
        for index in range(recording.frame_count):
            if _is_whole(recording, index):
                good.append(index)
            progress(index + 1, recording.frame_count)
        damaged = recording.frame_count - len(good)
        whole = not damaged and not recording.damage
        saved = None if whole else _save(recording, good)
        return _report(recording, good, damaged, saved)


def _is_whole(recording: Recording, index: int) -> bool:
    try:
        recording.read(index)
    except RecordError:
        return False
    return True


def _save(recording: Recording, good: list[int]) -> Path:
    """Copy the good frames, the pulses and the accounts to a new file.

    Raises RecordError when it cannot be written; no file is then left.
    """
    path = _free_name(recording.path)
    try:
        with unfinished_file(path) as part:
            _copy(recording, good, part)
    except (OSError, DiskFullError) as error:
        full = OSError(errno.ENOSPC, "") if isinstance(error, DiskFullError) else error
        reason, remedy = reason_and_remedy(path, full)
        raise RecordError(
            f"{plain(path)} was not written: {reason}.", remedy, code="FV-REC-009"
        ) from error
    return path


def _copy(recording: Recording, good: list[int], path: Path) -> None:
    file = RecordingFile(path, recording.format, recording.info, _Origin(recording))
    try:
        recorded = dict.fromkeys((account.run for account in recording.runs), 0)
        for index in good:
            header, crc32, chunk = recording.chunk(index)
            file.add_stored_frame(header, crc32, chunk)
            recorded[header.run] = recorded.get(header.run, 0) + 1
        for run, pulse in recording.pulses:
            file.add_pulses(run, [pulse])
        for account in recording.runs:
            file.put_run(replace(account, recorded=recorded[account.run]))
        file.close(Ending.CLOSED)
    except BaseException:
        file.discard()
        raise


def _report(
    recording: Recording, good: list[int], damaged: int, saved: Path | None
) -> RecoveryReport:
    spans: dict[int, tuple[int, int]] = {}
    for header in (recording.headers[index] for index in good):
        first, _ = spans.get(header.run, (header.host_time_ns, 0))
        spans[header.run] = (first, header.host_time_ns)
    return RecoveryReport(
        recording.path,
        saved,
        str(recording.ending),
        len(good),
        damaged,
        len(recording.pulses),
        len(spans),
        sum(last - first for first, last in spans.values()) / 1e9,
        recording.left_out,
        tuple(recording.damage),
    )


def _free_name(path: Path) -> Path:
    stem = path.name.removesuffix(SUFFIX) if path.name.endswith(SUFFIX) else path.stem
    for attempt in range(1, 1000):
        number = "" if attempt == 1 else f"-{attempt}"
        free = path.with_name(f"{stem}.recovered{number}{SUFFIX}")
        if not free.exists():
            return free
    raise RecordError(
        f"There are 999 recoveries of {path} already.", "Delete some of them.", code="FV-REC-010"
    )


class _Origin:
    """The clock of the recovered file: when the recording began, not when it was saved."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def utc_now(self) -> Any:
        return self._recording.started_utc

    def monotonic_ns(self) -> int:
        return self._recording.started_host_time_ns
