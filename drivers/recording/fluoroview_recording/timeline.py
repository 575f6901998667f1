"""When a recording's frames and pulses are due, with which counter, and what was lost between."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from statistics import median

from fluoroview.hal import FrameHeader, LossCause, Pulse
from fluoroview.recording import Recording, RunAccount

USUAL_GAP_NS = 33_333_333
"""Between two runs or passes with too few frames to show the usual gap: 30 frames per second."""
_TRUST = 0.1
"""Hardware times whose span differs by more from the host's are not the times of the frames."""

Losses = dict[LossCause, int]


@dataclass(frozen=True, slots=True)
class FrameEvent:
    """Frame `place` of the recording; `lost` before it. The header's counter is the pass's."""

    due_ns: int
    place: int
    header: FrameHeader
    lost: Losses


@dataclass(frozen=True, slots=True)
class PulseEvent:
    """A pulse; its index is the pass's."""

    due_ns: int
    pulse: Pulse


@dataclass(frozen=True, slots=True)
class EndEvent:
    """The end of a run: what was lost after its last frame."""

    due_ns: int
    lost: Losses


Event = FrameEvent | PulseEvent | EndEvent


@dataclass(frozen=True, slots=True)
class Timeline:
    """One pass: events in order, `due_ns` from its start; its length holds a gap at the end.

    Counters run from `first_counter` to before `next_counter`, pulse indices likewise.
    """

    events: list[Event]
    length_ns: int
    first_counter: int
    next_counter: int
    first_pulse: int
    next_pulse: int

    @property
    def frames(self) -> int:
        """Frames in a pass."""
        return sum(isinstance(event, FrameEvent) for event in self.events)

    @property
    def rate_hz(self) -> float:
        """Mean rate of frames."""
        return self.frames * 1e9 / self.length_ns if self.length_ns else 0.0

    def passed(self, times: int) -> Iterator[Event]:
        """Yield the events of a later pass: time, counter and pulse index go on."""
        return _shift(
            self.events,
            time_ns=times * self.length_ns,
            hardware_ns=times * self.length_ns,
            counter=times * (self.next_counter - self.first_counter),
            pulse=times * (self.next_pulse - self.first_pulse),
        )


def build_timeline(recording: Recording, run: int = 0) -> Timeline:
    """Return the pass of one run, or (`run` 0) of all runs without the pauses between them."""
    accounts = {account.run: account for account in recording.runs}
    frames: dict[int, list[tuple[int, FrameHeader]]] = {}
    for place, header in enumerate(recording.headers):
        frames.setdefault(header.run, []).append((place, header))
    pulses: dict[int, list[Pulse]] = {}
    for number, pulse in recording.pulses:
        pulses.setdefault(number, []).append(pulse)
    parts = [
        _one_run(
            frames.get(number, []), pulses.get(number, []), accounts.get(number, RunAccount(number))
        )
        for number in sorted(frames.keys() | pulses.keys())
        if run in (0, number)
    ]
    return reduce(_join, parts) if parts else Timeline([], 0, 0, 0, 0, 0)


def _one_run(
    frames: list[tuple[int, FrameHeader]], pulses: list[Pulse], account: RunAccount
) -> Timeline:
    headers = [header for _, header in frames]
    due = _due_ns(headers)
    start = min([*due[:1], *(pulse.host_time_ns for pulse in pulses[:1])])
    budget = _budget(account)
    events = [*_pulse_events(pulses, headers, due), *_frame_events(frames, due, budget)]
    events.sort(key=lambda event: event.due_ns)  # stable: a pulse stays before its frame
    end = events[-1].due_ns
    left = {cause: count for cause, count in budget.items() if count}
    if left:
        events.append(EndEvent(end, left))
    first_counter = headers[0].frame_number if headers else 0
    next_counter = (headers[-1].frame_number + 1 if headers else 0) + sum(left.values())
    stated = [pulse.pulse_index for pulse in pulses] + [header.pulse_index for header in headers]
    indices = [index for index in stated if index >= 0] or [0]
    return Timeline(
        list(_shift(events, time_ns=-start)),
        max(end - start, sum(due[-1:]) - sum(due[:1]) + _usual_gap_ns(due)),
        first_counter,
        next_counter,
        min(indices),
        max(indices) + 1,
    )


def _pulse_events(
    pulses: list[Pulse], headers: list[FrameHeader], due: list[int]
) -> Iterator[Event]:
    """Yield the pulses; none comes after its image, whatever the jitter of the clocks."""
    images = {header.pulse_index: at for header, at in zip(headers, due, strict=True)}
    for pulse in pulses:
        latest = images.get(pulse.pulse_index, pulse.host_time_ns)
        yield PulseEvent(min(pulse.host_time_ns, latest), pulse)


def _frame_events(
    frames: list[tuple[int, FrameHeader]], due: list[int], budget: Losses
) -> Iterator[Event]:
    """Yield the frames; the gaps before them consume the budget."""
    expected = frames[0][1].frame_number if frames else 0
    for (place, header), at in zip(frames, due, strict=True):
        number = header.frame_number
        lost = _deal_out(budget, number - expected)
        yield FrameEvent(at, place, replace(header, hardware_counter=number), lost)
        expected = number + 1


def _due_ns(headers: list[FrameHeader]) -> list[int]:
    """Return when each frame is due, host clock: by its hardware time where it has one."""
    host = [header.host_time_ns for header in headers]
    hardware = [header.hardware_time_ns for header in headers]
    if len(host) < 2:
        return host
    span, measured = host[-1] - host[0], hardware[-1] - hardware[0]
    rising = all(after > before for before, after in pairwise(hardware))
    if rising and abs(measured - span) <= _TRUST * span:
        return [host[0] + time - hardware[0] for time in hardware]
    return host


def _usual_gap_ns(due: list[int]) -> int:
    if len(due) < 2:
        return USUAL_GAP_NS
    return round(median(after - before for before, after in pairwise(due)))


def _budget(account: RunAccount) -> Losses:
    """Return what is known to have been lost in a run; what the recorder skipped is SDK."""
    return {
        LossCause.SDK: account.lost_sdk + account.left_out,
        LossCause.RING: account.lost_ring,
        LossCause.LINK: account.lost_link,
    }


def _deal_out(budget: Losses, gap: int) -> Losses:
    """Subtract a gap's losses from the run's; losses without a known cause count as SDK."""
    lost: Losses = {}
    for cause, known in budget.items():
        taken = min(gap, known)
        if taken > 0:
            lost[cause] = taken
            gap -= taken
    for cause, taken in lost.items():
        budget[cause] -= taken
    if gap > 0:
        lost[LossCause.SDK] = lost.get(LossCause.SDK, 0) + gap
    return lost


def _join(done: Timeline, part: Timeline) -> Timeline:
    """Append a run: its times, counter and pulse index go on where the last run ended."""
    counter = done.next_counter - part.first_counter
    pulse = done.next_pulse - part.first_pulse
    moved = _shift(
        part.events,
        time_ns=done.length_ns,
        hardware_ns=_hardware_start_ns(done) + done.length_ns - _hardware_start_ns(part),
        counter=counter,
        pulse=pulse,
    )
    return Timeline(
        done.events + list(moved),
        done.length_ns + part.length_ns,
        done.first_counter,
        part.next_counter + counter,
        done.first_pulse,
        part.next_pulse + pulse,
    )


def _hardware_start_ns(timeline: Timeline) -> int:
    """Return what the device's clock showed when the pass began."""
    for event in timeline.events:
        if isinstance(event, FrameEvent):
            return event.header.hardware_time_ns - event.due_ns
    return 0


def _shift(
    events: Iterable[Event],
    *,
    time_ns: int = 0,
    hardware_ns: int = 0,
    counter: int = 0,
    pulse: int = 0,
) -> Iterator[Event]:
    for event in events:
        due = event.due_ns + time_ns
        if isinstance(event, FrameEvent):
            old = event.header
            header = replace(
                old,
                hardware_counter=old.hardware_counter + counter,
                hardware_time_ns=old.hardware_time_ns and old.hardware_time_ns + hardware_ns,
                pulse_index=old.pulse_index + pulse if old.pulse_index >= 0 else -1,
            )
            yield replace(event, due_ns=due, header=header)
        elif isinstance(event, PulseEvent):
            moved = replace(event.pulse, pulse_index=event.pulse.pulse_index + pulse)
            yield replace(event, due_ns=due, pulse=moved)
        else:
            yield replace(event, due_ns=due)
