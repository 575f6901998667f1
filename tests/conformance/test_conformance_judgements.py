"""Rules that are judged from observations: tables of frames, and the verdict."""

import math

import pytest

from fluoroview.conformance import Verdict, counting, images, pulses, timing
from fluoroview.conformance.endurance import Footprint, growth
from fluoroview.conformance.probe import Commit, ReportedLoss, ReportedPulse, RunLog
from fluoroview.conformance.watch import Image, Watched
from fluoroview.hal import Exposure, FrameFormat, FrameHeader, LossCause, Pulse
from fluoroview.hal.runtime.ledger import Ledger

MS = 1_000_000
PASS, WARN, FAIL = Verdict.PASS, Verdict.WARN, Verdict.FAIL
NOT_APPLICABLE = Verdict.NOT_APPLICABLE


def watched(counters=range(10), bits=16, times_ms=None, at_ms=None, rate_hz=100.0, **named):
    counters = list(counters)
    times = times_ms or [10 * n + 5 for n in range(len(counters))]
    arrivals = at_ms or [10 * n + 5 for n in range(len(counters))]
    commits = [
        Commit(FrameHeader(c, round(t * MS)), round(a * MS), again=False, late=False)
        for c, t, a in zip(counters, times, arrivals, strict=True)
    ]
    log = RunLog(commits, acquired=len(commits), used_up=len(commits), fresh=len(commits))
    seen = Watched(FrameFormat(48, 64), "Mono16", 12, bits, rate_hz, False, log)
    seen.ledger = Ledger(expected=len(commits), delivered=len(commits))
    for key, value in named.items():
        setattr(log if hasattr(log, key) else seen, key, value)
    return seen


def verdict(judge, rule, seen):
    return {finding.rule: finding for finding in judge(seen)}[rule].verdict


@pytest.mark.parametrize(
    ("counters", "bits", "losses", "continuity", "wrap"),
    [
        ([1, 2, 3], 16, [], PASS, PASS),
        ([65534, 65535, 0, 1], 16, [], PASS, PASS),
        ([65534, 65535, 0, 1], 64, [], PASS, FAIL),
        ([65534, 65535, 65536], 16, [], PASS, FAIL),
        ([-1, 0, 1], 16, [], PASS, FAIL),
        ([1, 2, 2, 3], 16, [], FAIL, PASS),
        ([5, 6, 4, 7], 16, [], FAIL, PASS),
        ([1, 2, 5, 6], 16, [], WARN, PASS),
        ([1, 2, 5, 6], 16, [ReportedLoss(2, 2, LossCause.LINK)], PASS, PASS),
        ([1], 16, [], NOT_APPLICABLE, PASS),
        ([1, 2], 65, [], PASS, FAIL),
    ],
)
def test_counters(counters, bits, losses, continuity, wrap):
    seen = watched(counters, bits, losses=losses)
    assert verdict(counting.judge, "counter-continuity", seen) is continuity
    assert verdict(counting.judge, "counter-wrap", seen) is wrap


@pytest.mark.parametrize(
    ("ledger", "losses", "expected"),
    [
        (Ledger(expected=4, delivered=4), [], PASS),
        (Ledger(expected=4, delivered=3), [], FAIL),
        (Ledger(expected=4, delivered=3, lost_link=1), [ReportedLoss(2, 1, LossCause.LINK)], FAIL),
    ],
)
def test_ledger(ledger, losses, expected):
    seen = watched([1, 2, 3, 4], ledger=ledger, losses=losses)
    assert verdict(counting.judge, "ledger-exact", seen) is expected


@pytest.mark.parametrize(
    ("times_ms", "monotonic", "unit"),
    [
        (None, PASS, PASS),
        ([10 * n / 1000 + 1 for n in range(10)], PASS, FAIL),
        ([0.0] * 10, WARN, NOT_APPLICABLE),
        ([10, 20, 30, 40, 40, 60, 70, 80, 90, 100], WARN, PASS),
        ([10, 20, 30, 40, 35, 60, 70, 80, 90, 100], FAIL, PASS),
    ],
)
def test_hardware_time(times_ms, monotonic, unit):
    seen = watched(times_ms=times_ms)
    assert verdict(timing.judge, "time-monotonic", seen) is monotonic
    assert verdict(timing.judge, "time-unit", seen) is unit


@pytest.mark.parametrize(
    ("rate_hz", "triggered", "expected"),
    [
        (100.0, False, PASS),
        (110.0, False, WARN),
        (200.0, False, FAIL),
        (math.nan, False, NOT_APPLICABLE),
        (200.0, True, NOT_APPLICABLE),
    ],
)
def test_rate(rate_hz, triggered, expected):
    seen = watched(rate_hz=rate_hz, triggered=triggered)
    assert verdict(timing.judge, "rate", seen) is expected


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [
        (None, PASS),
        ([0, 10, 24, 30, 44, 50, 64, 70, 84, 90], WARN),
        ([0, 39, 39, 39, 39, 79, 79, 79, 79, 119], FAIL),
    ],
)
def test_jitter(at_ms, expected):
    assert verdict(timing.judge, "jitter", watched(at_ms=at_ms)) is expected


@pytest.mark.parametrize(
    ("pixel_format", "bits", "expected"),
    [
        ("Mono8", 8, PASS),
        ("Mono8", 12, FAIL),
        ("Mono12p", 12, PASS),
        ("Mono16", 14, PASS),
        ("Mono16", 0, FAIL),
        ("RGB8", 8, PASS),
        ("BayerRG12", 17, FAIL),
    ],
)
def test_pixel_format(pixel_format, bits, expected):
    seen = watched(pixel_format=pixel_format, bit_depth=bits)
    assert verdict(images.judge, "pixel-format", seen) is expected


@pytest.mark.parametrize(
    ("rule", "second", "expected"),
    [
        ("pixel-range", Image(2, 0, 4095, 8, 0, 0), PASS),
        ("pixel-range", Image(2, 0, 4096, 8, 0, 0), FAIL),
        ("slot-written", Image(2, 0, 9, 8, 0, 1), FAIL),
        ("pixel-range", Image(2, 0, 65535, 8, 0, 1), NOT_APPLICABLE),
        ("image-content", Image(2, 7, 7, 8, 0, 0), WARN),
        ("fresh-image", Image(2, 0, 9, 1, 0, 0), WARN),
        ("fresh-image", Image(1, 0, 9, 1, 0, 0), PASS),
    ],
)
def test_images(rule, second, expected):
    seen = watched(images=[Image(1, 0, 9, 1, 0, 0), second])
    assert verdict(images.judge, rule, seen) is expected


@pytest.mark.parametrize(
    ("rule", "pulse", "expected"),
    [
        ("pulse-values", Pulse(2, 20 * MS, Exposure()), PASS),
        ("pulse-values", Pulse(2, 20 * MS, Exposure(), -1.0), FAIL),
        ("pulse-values", Pulse(2, 20 * MS, Exposure(), 0.0), FAIL),
        ("pulse-values", Pulse(2, 2000 * MS, Exposure()), FAIL),
        ("pulse-index", Pulse(1, 20 * MS, Exposure()), FAIL),
        ("pulse-after-release", Pulse(2, 20 * MS, Exposure()), PASS),
    ],
)
def test_pulses(rule, pulse, expected):
    reported = [
        ReportedPulse(Pulse(1, 10 * MS, Exposure()), 10 * MS),
        ReportedPulse(pulse, 20 * MS),
    ]
    assert verdict(pulses.judge, rule, watched(pulses=reported, released_ns=15 * MS)) is expected


def test_a_pulse_long_after_the_release_is_dose_without_a_reason():
    reported = [ReportedPulse(Pulse(1, 100 * MS, Exposure()), 100 * MS)]
    seen = watched(pulses=reported, released_ns=15 * MS)
    assert verdict(pulses.judge, "pulse-after-release", seen) is FAIL


@pytest.mark.parametrize(
    ("kb_a_run", "threads_a_run", "memory", "threads"),
    [(0.0, 0, PASS, PASS), (10.0, 0, PASS, PASS), (150.0, 0, WARN, PASS), (900.0, 1, FAIL, FAIL)],
)
def test_growth(kb_a_run, threads_a_run, memory, threads):
    prints = [Footprint(1e5 + kb_a_run * n, 5 + threads_a_run * n, 9, 0) for n in range(103)]
    found = {finding.rule: finding.verdict for finding in growth(prints)}
    flat = {"handles-flat": PASS, "processes-flat": PASS}
    assert found == {"memory-flat": memory, "threads-flat": threads} | flat


@pytest.mark.parametrize("at", [4, 6, 7, 10])
def test_memory_that_is_allocated_in_one_step_is_no_leak(at):
    prints = [Footprint(1e5 + 5e4 * (n >= at), 5, 9, 0) for n in range(12)]
    assert {finding.verdict for finding in growth(prints)} == {PASS}


def test_a_leak_shows_within_a_dozen_runs():
    prints = [Footprint(1e5 + 4000.0 * n, 5, 9, 0) for n in range(12)]
    assert next(growth(prints)).verdict is FAIL


def test_memory_that_fills_a_cache_and_stays_is_no_leak():
    prints = [Footprint(1e5 + 900.0 * min(n, 30), 5, 9, 0) for n in range(103)]
    assert {finding.verdict for finding in growth(prints)} == {PASS}
