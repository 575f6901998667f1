"""Region of interest, binning and counted runs: frames have the size that is set."""

from collections.abc import Iterator

from fluoroview.conformance.images import WRITTEN
from fluoroview.conformance.rig import Rig, Violation, until
from fluoroview.conformance.settings import values_to_try, writable
from fluoroview.conformance.trial import TO_STREAM, Trial, TrialContext
from fluoroview.conformance.verdict import (
    Finding,
    Rule,
    failed,
    not_applicable,
    passed,
    warned,
)
from fluoroview.hal.parameter import Value

ROI = Rule(
    "roi",
    "After Width or Height is reduced, frames have that size and are written completely.",
    "A region that the detector does not deliver leaves an old image in the rest of the buffer.",
)
BINNING = Rule(
    "binning",
    "Binning by 2 halves the size, frames have that size and their headers state binning 2.",
    "Lengths measured on an image are wrong by an unknown binning factor.",
)
COUNTED = Rule(
    "counted-run",
    "With AcquisitionMode MultiFrame and AcquisitionFrameCount n, exactly n frames come.",
    "A calibration that requests 32 frames averages 32, not 31 and an old one.",
)
_COUNT = 5


def _geometry(context: TrialContext) -> Iterator[Finding]:
    yield _roi(context)
    yield _binning(context)
    yield _counted(context)


def _roi(context: TrialContext) -> Finding:
    seen: list[str] = []
    for name in ("Width", "Height"):
        with context.open_rig() as rig:
            smaller = _smaller(rig, name)
            if smaller is None:
                continue
            original = rig.tree[name].read()
            write(rig, name, smaller, ROI.id)
            fault, text = _fills(rig, ROI.id)
            rig.disarm()
            write(rig, name, original, ROI.id)
        if fault:
            return failed(ROI.id, f"After {name} was set to {smaller} {fault}")
        seen.append(f"{name} {smaller}: {text}")
    if not seen:
        return not_applicable(ROI.id, "Width and Height cannot be reduced.")
    return passed(ROI.id, " ".join(seen))


def _smaller(rig: Rig, name: str) -> Value | None:
    parameter = rig.tree[name]
    if not writable(parameter):
        return None
    limits, now = parameter.limits(), int(parameter.read())
    low, step = limits["minimum"] or 1, limits["increment"] or 1
    value = low + (now - low) // 2 // step * step
    return int(value) if value < now else None


def _binning(context: TrialContext) -> Finding:
    seen: list[str] = []
    for name, size in (("BinningHorizontal", "Width"), ("BinningVertical", "Height")):
        with context.open_rig() as rig:
            if not _can_bin(rig, name):
                continue
            original, region = rig.tree[name].read(), int(rig.tree[size].read())
            before = _widen(rig, size)
            write(rig, name, _two(rig, name), BINNING.id)
            finding, text = _binned(rig, name, size, before)
            write(rig, name, original, BINNING.id)
            if before != region:
                write(rig, size, region, BINNING.id)
        if finding is not None:
            return finding
        seen.append(text)
    if not seen:
        return not_applicable(BINNING.id, "There is no binning by 2.")
    return passed(BINNING.id, " ".join(seen))


def _widen(rig: Rig, size: str) -> int:
    """Set a size to its maximum, because a smaller region need not change; return the size."""
    parameter = rig.tree[size]
    if writable(parameter) and (most := parameter.limits()["maximum"]) is not None:
        write(rig, size, most, BINNING.id)
    return int(parameter.read())


def _binned(rig: Rig, name: str, size: str, before: int) -> tuple[Finding | None, str]:
    """Judge a device that bins by 2; return what is wrong, if anything, and what was seen."""
    after = int(rig.tree[size].read())
    step = int(rig.tree[size].limits().get("increment") or 1)
    if abs(after - before / 2) > step:
        return failed(BINNING.id, f"{name} 2 made {size} {after}, from {before}."), ""
    fault, text = _fills(rig, BINNING.id)
    reported = {commit.header.binning for commit in rig.log.frames}
    rig.disarm()
    if fault:
        return failed(BINNING.id, f"After {name} was set to 2 {fault}"), ""
    if reported != {2}:
        return warned(BINNING.id, f"{name} is 2, but frame headers state {sorted(reported)}."), ""
    return None, f"{name} 2: {size} {before} became {after}. {text}"


def _can_bin(rig: Rig, name: str) -> bool:
    if name not in rig.tree or not writable(rig.tree[name]):
        return False
    parameter = rig.tree[name]
    if parameter.kind == "enum":
        return "2" in parameter.limits()["choices"] and str(parameter.read()) == "1"
    limits = parameter.limits()
    return (limits["maximum"] or 2) >= 2 > (limits["minimum"] or 1) and parameter.read() == 1


def _two(rig: Rig, name: str) -> Value:
    return "2" if rig.tree[name].kind == "enum" else 2


def _fills(rig: Rig, rule: str) -> tuple[str, str]:
    """Run for a few frames; return what is wrong with their size, or nothing, and what was seen."""
    frame_format = rig.arm(poison=True)
    rig.start()
    parts: list[tuple[int, int]] = [rig.untouched(frame) for frame in rig.frames(0.0, 4)]
    rig.stop()
    rig.drain()
    size = f"{frame_format.columns}×{frame_format.rows}"
    if rig.log.wrong_sizes:
        return rig.log.wrong_sizes[0], ""
    if rig.log.failures:
        return f"the driver reported: {rig.log.failures[0]}", ""
    if len(parts) < 4:
        return f"only {len(parts)} frames came.", ""
    rows, columns = map(max, zip(*parts, strict=True))
    if rows or columns:
        return f"{rows} rows and {columns} columns of {size} were not written.", ""
    return "", f"{len(parts)} frames of {size}."


def _counted(context: TrialContext) -> Finding:
    rule = COUNTED.id
    with context.open_rig() as rig:
        tree = rig.tree
        if not _can_count(rig):
            return not_applicable(rule, "AcquisitionMode MultiFrame with a count is not offered.")
        mode, count = tree["AcquisitionMode"].read(), tree["AcquisitionFrameCount"].read()
        write(rig, "AcquisitionMode", "MultiFrame", rule)
        write(rig, "AcquisitionFrameCount", _COUNT, rule)
        rig.arm()
        rig.start()
        until(lambda: rig.pending >= _COUNT, context.effort.first_frame_s)
        until(lambda: False, max(context.effort.settle_s, 3.0 / max(rig.rate_hz, 1.0)))
        came = len(rig.log.frames)
        rig.stop()
        rig.disarm()
        write(rig, "AcquisitionFrameCount", count, rule)
        write(rig, "AcquisitionMode", mode, rule)
    text = f"{came} frames came where {_COUNT} were asked for."
    return (passed if came == _COUNT else failed)(rule, text)


def _can_count(rig: Rig) -> bool:
    tree = rig.tree
    names = ("AcquisitionMode", "AcquisitionFrameCount")
    if not all(name in tree and writable(tree[name]) for name in names):
        return False
    return "MultiFrame" in values_to_try(tree["AcquisitionMode"])


def write(rig: Rig, name: str, value: Value, rule: str) -> None:
    """Write a parameter; raise Violation of `rule` where it is not taken."""
    back = rig.call("write", rule, name=name, value=value, idle=True)
    if back != value:
        raise Violation(rule, f"{name} was set to {value!r} and reads {back!r}.")


GEOMETRY = Trial(
    "geometry",
    _geometry,
    (ROI, BINNING, COUNTED),
    needs=(*TO_STREAM, WRITTEN.id),
)
