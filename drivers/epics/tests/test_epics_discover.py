"""Which PVs are offered, and what is reported without p4p."""

import sys

import pytest

from fluoroview.hal import DriverError
from fluoroview_epics import EpicsDetector
from fluoroview_epics.detector import SEARCH_VARIABLE


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("fluoroview_epics.detector._DISCOVER_S", 0.5)


def test_nothing_listed_is_nothing_found():
    assert EpicsDetector.discover() == []


def test_listed_pvs_are_offered_and_those_that_do_not_answer_too(ioc, monkeypatch):
    ioc.post()
    monkeypatch.setenv(SEARCH_VARIABLE, "FV:Pva1:Image, NO:SUCH:Image FV:Pva1:Image:Scalar,")
    found = EpicsDetector.discover()
    assert [(device.driver, device.id) for device in found] == [
        ("epics", "FV:Pva1:Image"),
        ("epics", "NO:SUCH:Image"),
        ("epics", "FV:Pva1:Image:Scalar"),
    ]
    assert found[0].note == "64×48 uint16"
    assert "does not answer" in found[1].note
    assert "is no NTNDArray" in found[2].note


@pytest.mark.parametrize("call", [EpicsDetector.discover, EpicsDetector("any").open])
def test_a_missing_p4p_is_reported_with_the_line_that_installs_it(monkeypatch, call):
    monkeypatch.setitem(sys.modules, "p4p.client.thread", None)
    with pytest.raises(DriverError) as caught:
        call()
    assert "The epics driver needs p4p" in str(caught.value)
    assert "pip install p4p" in str(caught.value)
