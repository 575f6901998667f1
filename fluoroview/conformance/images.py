"""Rules about pixels: format, range, unwritten slots, repeated images."""

from collections.abc import Iterator
from itertools import pairwise

from fluoroview.conformance.verdict import (
    Finding,
    Rule,
    failed,
    not_applicable,
    passed,
    warned,
)
from fluoroview.conformance.watch import Watched

FORMAT = Rule(
    "pixel-format",
    "PixelFormat and BitDepth agree: MonoN has at most N bits, and BitDepth is 1 to 16.",
    "Windowing, recording and DICOM rely on these two.",
)
RANGE = Rule(
    "pixel-range",
    "Every value fits into BitDepth.",
    "High bits with other contents appear as white speckle, or as an overlay.",
)
SIZE = Rule(
    "frame-size",
    "Frames have the Width and Height that were stated when the device was armed.",
    "One missing line shifts every pixel after it.",
)
WRITTEN = Rule(
    "slot-written",
    "Every row and column of a committed slot was written.",
    "An unwritten part shows an older image, possibly of another patient.",
)
CONTENT = Rule(
    "image-content",
    "Images do not consist of a single value.",
    "A detector that is not connected, or not in this mode, sends constant images.",
)
FRESH = Rule(
    "fresh-image",
    "Each counter value comes with a new image.",
    "A recycled buffer under a new number looks live but is not.",
)
RULES = (FORMAT, RANGE, SIZE, WRITTEN, CONTENT, FRESH)


def judge(seen: Watched) -> Iterator[Finding]:
    """Judge the rules of this file by one run."""
    yield _format(seen)
    yield _size(seen)
    if not seen.images:
        for rule in (RANGE, WRITTEN, CONTENT, FRESH):
            yield not_applicable(rule.id, "No image could be examined.")
        return
    yield _range(seen)
    yield _written(seen)
    yield _content(seen)
    yield _fresh(seen)


def _format(seen: Watched) -> Finding:
    text = f"PixelFormat {seen.pixel_format}, BitDepth {seen.bit_depth}, {seen.format.dtype}."
    digits = "".join(c for c in seen.pixel_format.removeprefix("Mono")[:2] if c.isdigit())
    container = int(digits) if seen.pixel_format.startswith("Mono") and digits else 16
    fits = 1 <= seen.bit_depth <= container
    return (passed if fits else failed)(FORMAT.id, text)


def _size(seen: Watched) -> Finding:
    if seen.log.wrong_sizes:
        return failed(SIZE.id, f"In its run {seen.log.wrong_sizes[0]}")
    return passed(SIZE.id, f"{seen.format.columns}×{seen.format.rows} {seen.format.dtype}.")


def _range(seen: Watched) -> Finding:
    allowed = (1 << seen.bit_depth) - 1
    low, high = min(p.low for p in seen.images), max(p.high for p in seen.images)
    text = f"Values from {low} to {high}; {seen.bit_depth} bits allow {allowed}."
    if high > allowed and any(p.untouched_rows or p.untouched_columns for p in seen.images):
        return not_applicable(RANGE.id, "Parts of the images were not written; see slot-written.")
    return (failed if high > allowed else passed)(RANGE.id, text)


def _written(seen: Watched) -> Finding:
    for image in seen.images:
        rows, columns = image.untouched_rows, image.untouched_columns
        if rows or columns:
            parts = [f"{n} {kind}" for n, kind in ((rows, "rows"), (columns, "columns")) if n]
            return failed(
                WRITTEN.id,
                f"Frame {image.counter} was committed with {' and '.join(parts)} of "
                f"{seen.format.columns}×{seen.format.rows} not written.",
            )
    return passed(WRITTEN.id, f"{len(seen.images)} images were written completely.")


def _content(seen: Watched) -> Finding:
    constant = [p for p in seen.images if p.low == p.high]
    if constant:
        return warned(
            CONTENT.id,
            f"{len(constant)} of {len(seen.images)} images contain only the value "
            f"{constant[0].low}.",
        )
    return passed(CONTENT.id, f"{len(seen.images)} images have more than one value.")


def _fresh(seen: Watched) -> Finding:
    recycled = [
        (a, b)
        for a, b in pairwise(seen.images)
        if a.checksum == b.checksum and a.counter != b.counter and a.low != a.high
    ]
    if recycled:
        a, b = recycled[0]
        return warned(
            FRESH.id,
            f"{len(recycled)} of {len(seen.images)} images repeat the previous one, the first "
            f"frame {b.counter} that of {a.counter}; correct only for a static test pattern.",
        )
    return passed(FRESH.id, f"{len(seen.images)} images differ from the previous one.")
