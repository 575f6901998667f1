"""The dose report: plain data with units in its keys, an origin next to its figures."""

import json
import math

import pytest

from fluoroview.dose import DoseReport
from fluoroview.hal.frame import DoseOrigin


def report(fluoroscope):
    text = DoseReport.of(fluoroscope.account, fluoroscope.clock).to_json()
    return json.loads(text)


def test_it_carries_totals_and_runs(fluoroscope):
    fluoroscope.expose(2.0, kap_ugym2=0.5)
    fluoroscope.expose(1.0, kap_ugym2=0.5)
    data = report(fluoroscope)
    assert data["air_kerma_at_reference_point_mgy"] == {
        "value": pytest.approx(0.09),
        "origin": "simulated",
        "pulses_not_included": 0,
    }
    assert data["kerma_area_product_gycm2"]["value"] == pytest.approx(0.45)
    assert data["fluoroscopy_time_s"] == pytest.approx(3.0)
    assert [run["pulses"] for run in data["runs"]] == [60, 30]
    assert data["runs"][0]["mean_tube_voltage_kv"] == 70.0
    assert "Not a medical device" in data["notice"]


def test_what_is_not_available_is_null(fluoroscope):
    fluoroscope.expose(1.0, kerma_ugy=math.nan, origin=DoseOrigin.NOT_AVAILABLE)
    data = report(fluoroscope)
    assert data["air_kerma_at_reference_point_mgy"] == {
        "value": None,
        "origin": "not available",
        "pulses_not_included": 30,
    }
    assert data["runs"][0]["air_kerma_at_reference_point_mgy"] is None
    assert data["runs"][0]["pulses"] == 30


def test_an_empty_procedure_is_a_report_too(fluoroscope):
    data = report(fluoroscope)
    assert data["runs"] == []
    assert data["pulses"] == 0
    assert data["fluoroscopy_time"] == "0.0 min"
