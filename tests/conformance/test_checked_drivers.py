"""Each planted fault is found by its rule and by no other; right drivers break none.

Checks mostly wait, so they run three at a time, and the tests read their reports.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import genicam
import numpy as np
import pytest

from fluoroview.conformance import Effort, Verdict, check
from fluoroview.conformance.catalogue import KINDS, RULES, groups_of
from fluoroview.dicom import LoopDescription, write_loop
from fluoroview.hal.runtime.registry import installed_drivers
from fluoroview.hal.testing import BROKEN_S

INSTALLED = Path(__file__).parent / "installed"
sys.path.insert(0, str(INSTALLED))
from fluoroview_planted import wrong_others  # noqa: E402 - needs the path
from fluoroview_planted.wrong import FAULTS  # noqa: E402

assert wrong_others  # enters its drivers into FAULTS

sys.path.remove(str(INSTALLED))

SMALL = Effort(
    "small",
    opens=5,
    runs=12,
    stream_s=0.3,
    settle_s=0.08,
    first_frame_s=15.0,
    reopen_s=1.0,
    trial_s=20.0,
)
NOT_APPLICABLE = Verdict.NOT_APPLICABLE
TABLE = {name: (rule, verdict) for name, (_, rule, verdict) in FAULTS.items()}
TABLE["wrong-missing-sdk"] = ("loads", "FAIL")
HOUSE = {
    "simulated": "suite",
    "gentl": "viky.cti:VikyTL_DEV_red",
    "dicom_replay": "",  # a loop that the fixture writes
    "template": "SN001",
    "generator": "tube",
    "manual": "operator",
    "dose_meter_sim": "meter",
}
"""Drivers of this house that need no more than is installed here, and a device of each."""
LOOP = LoopDescription(durations_ms=(33.3,) * 12, simulated=False)
APART = (
    {"discover", "discover-ids", "two-devices"},
    {"process-isolation", "discover-in-run", "kill-9"},
)
"""Rules that start processes of their own: tried on right drivers and on those that break them."""


OF_THE_HOST = {
    "jitter": {Verdict.WARN, Verdict.FAIL},
    "rate": {Verdict.WARN},
    "rate-set": {Verdict.WARN},
    "time-unit": {Verdict.WARN},
    "pulses-reported": {Verdict.WARN},
    "kill-9": {Verdict.WARN},
}
"""The verdicts of these rules for any driver when the computer that runs the tests is busy."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Install the planted drivers for this process and its children."""
    with pytest.MonkeyPatch.context() as patch:
        paths = [str(INSTALLED), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(paths).rstrip(os.pathsep))
        patch.setenv("GENICAM_GENTL64_PATH", str(Path(genicam.__file__).parent))
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
        patch.syspath_prepend(str(INSTALLED))
        yield


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    """A DICOM loop of twelve different frames."""
    frames = (np.full((64, 64), 100 * i, np.uint16) for i in range(12))
    path = tmp_path_factory.mktemp("loop") / "loop.dcm"
    return str(write_loop(path, frames, LOOP).path)


@pytest.fixture(scope="module")
def reports(planted, loop, request):
    """Driver → future of its report."""
    selected = [item.callspec.params["driver"] for item in request.session.items if _is_table(item)]
    pool = ThreadPoolExecutor(3)
    yield {
        driver: pool.submit(_check, driver, loop)
        for driver in sorted(selected, key=HOUSE.__contains__, reverse=True)
    }
    pool.shutdown(cancel_futures=True)


def _is_table(item):
    return item.module.__name__ == __name__ and "driver" in getattr(item, "callspec", _None).params


class _None:
    params = ()


def _check(driver, loop):
    rules = set(RULES)
    if driver in TABLE:
        rules = rules.difference(*[group for group in APART if TABLE[driver][0] not in group])
    device = HOUSE.get(driver, "r0") or loop
    # a right driver has all the time that a busy computer takes
    effort = SMALL if driver in TABLE else replace(SMALL, trial_s=3 * BROKEN_S)
    return check(driver, device, selection=sorted(rules), effort=effort)


@pytest.mark.parametrize("driver", HOUSE)
def test_the_drivers_of_this_house_break_no_rule(driver, reports):
    report = reports[driver].result()
    assert report.device
    broken = {result.rule.id: result.finding.seen for result in report.failed}
    assert not {rule: seen for rule, seen in broken.items() if rule not in OF_THE_HOST}


@pytest.mark.parametrize("driver", TABLE)
def test_a_fault_is_found_by_its_rule_and_by_no_other(driver, reports):
    rule, verdict = TABLE[driver]
    report = reports[driver].result()
    found = {r.rule.id: r.verdict for r in report.results if _counts(r, rule)}
    assert found == {rule: verdict}, [r.finding.seen for r in report.results if r.rule.id in found]
    assert report.exit_code == bool(report.failed)  # of a busy computer's jitter, too


def _counts(result, rule):
    busy = result.verdict in OF_THE_HOST.get(result.rule.id, ()) and result.rule.id != rule
    return result.verdict in (Verdict.FAIL, Verdict.WARN) and not busy


@pytest.mark.parametrize(
    ("right", "kind"),
    [("right", KINDS[0]), ("right-generator", KINDS[1]), ("right-meter", KINDS[2])],
)
def test_the_right_driver_keeps_every_rule_of_its_kind(planted, right, kind):
    steps = []
    report = check(right, effort=SMALL, progress=lambda *step: steps.append(step))
    broken = {r.rule.id: r.finding.seen for r in report.results if _counts(r, "")}
    assert not broken
    rules = {rule.id for group in groups_of(kind).values() for rule in group}
    assert rules == {r.rule.id for r in report.results if r.verdict is not NOT_APPLICABLE}
    assert rules == {r.rule.id for r in report.results}
    assert report.device == "r0"
    assert report.exit_code == 0
    assert [done for done, _, _ in steps] == list(range(len(steps)))


def test_a_rule_for_another_kind_of_device_is_not_applicable(planted):
    report = check("right-meter", selection=["roi", "pulses-reported", "loads"], effort=SMALL)
    reported = {result.rule.id: result.finding.seen for result in report.results}
    assert reported["roi"] == "It is a rule for a detector; this is a dose meter."
    assert reported["pulses-reported"] == "It is a rule for a generator; this is a dose meter."
    assert report["loads"].verdict is Verdict.PASS
    assert report.exit_code == 0


def test_every_rule_has_a_fault_planted():
    assert set(RULES) == {rule for rule, _ in TABLE.values()}


def test_the_documentation_counts_the_faults():
    docs = Path(__file__).parents[2] / "docs" / "conformance.md"
    text = " ".join(docs.read_text("utf-8").split())
    assert f"{len(TABLE)} that are wrong in one way each" in text


def test_every_fault_is_installed(planted):
    assert {driver.name for driver in installed_drivers()} >= TABLE.keys()
