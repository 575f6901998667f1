"""Sample loops and recordings that come with the source: simulated, and marked as such.

`sample_data/make_samples.py` makes them. They lie in the source tree and not in a wheel; a program
installed from a wheel has none and says where they are.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from fluoroview.hal.errors import FluoroError

_FOLDER = Path(__file__).resolve().parent.parent / "sample_data"
_LOOPS, _RECORDINGS = "loops", "recordings"


class SampleKind(StrEnum):
    """How a sample is stored."""

    LOOP = "DICOM loop"
    RECORDING = "raw recording"


class SampleError(FluoroError):
    """A sample that does not exist, or is not installed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A file that `fluoroview play` and File > Open sample can open."""

    name: str
    title: str
    kind: SampleKind
    path: Path


_SAMPLES = (
    Sample(
        "swallow",
        "Modified barium swallow with penetration",
        SampleKind.LOOP,
        Path(_LOOPS, "swallow.dcm"),
    ),
    Sample(
        "dsa",
        "Cerebral angiography, DSA run with mask",
        SampleKind.LOOP,
        Path(_LOOPS, "dsa.dcm"),
    ),
    Sample(
        "coronary",
        "Left coronary artery, cine",
        SampleKind.LOOP,
        Path(_LOOPS, "coronary.dcm"),
    ),
    Sample(
        "recording",
        "Raw recording of a run",
        SampleKind.RECORDING,
        Path(_RECORDINGS, "run.fluoro.h5"),
    ),
)


def samples() -> tuple[Sample, ...]:
    """Return the samples found on this machine; none outside a source tree."""
    placed = (Sample(each.name, each.title, each.kind, _FOLDER / each.path) for each in _SAMPLES)
    return tuple(each for each in placed if each.path.is_file())


def find_sample(name: str = "") -> Sample:
    """Return the sample `name`; without a name, the first one. Raises SampleError."""
    found = samples()
    if not found:
        raise SampleError(
            "No sample data is installed: samples come with the source, not with the wheel.",
            "Get the source of FluoroView and run `fluoroview play sample` there.",
            code="FV-API-004",
        )
    for each in found:
        if name in ("", each.name):
            return each
    names = ", ".join(each.name for each in found)
    raise SampleError(
        f"There is no sample {name!r}; there are: {names}.", "Name one of these.", code="FV-API-005"
    )
