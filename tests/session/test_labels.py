"""Names, keys and views as people read them."""

import pytest

from fluoroview.session.devices.catalogue import ControlEntry, ProcedureEntry
from fluoroview.session.labels import angle_words, control_words, humanize, key_cap, technique_words


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("CatheterAdvance", "Catheter advance"),
        ("Inject", "Inject"),
        ("FieldOfView", "Field of view"),
        ("KVP", "KVP"),
        ("PeakSkinDose", "Peak skin dose"),
    ],
)
def test_a_parameters_name_has_its_words_apart(name, read):
    assert humanize(name) == read


@pytest.mark.parametrize(
    ("primary", "secondary", "words"),
    [(0, 0, "AP"), (30, 0, "LAO 30°"), (-30, 20, "RAO 30°  CRAN 20°"), (0, -25, "CAUD 25°")],
)
def test_a_view_is_spoken_of_as_in_the_room(primary, secondary, words):
    assert angle_words(primary, secondary) == words


@pytest.mark.parametrize(
    ("key", "cap"), [("Up", "↑"), ("I", "I"), ("Shift+Left", "⇧ ←"), ("+", "+")]
)
def test_a_key_is_shown_as_its_cap(key, cap):
    assert key_cap(key) == cap


@pytest.mark.parametrize(
    ("description", "unit", "words"),
    [
        ("Catheter forward and back. Refused at the wall.", "mm", "Catheter forward and back (mm)"),
        ("Inject; starts the injector", "", "Inject"),
        ("", "bar", "Balloon pressure (bar)"),
    ],
)
def test_a_control_is_reported_in_a_few_words(description, unit, words):
    assert (
        control_words(ControlEntry(name="BalloonPressure", description=description, unit=unit))
        == words
    )


def test_a_start_technique_is_one_line():
    entry = ProcedureEntry(
        driver="sim",
        name="x",
        agent="iodine",
        technique={"kv": 70.0, "tube_current_ma": 12.5, "pulse_width_ms": 5.0},
        geometry={"primary_deg": 30.0, "secondary_deg": 0.0},
        rate_hz=7.5,
    )
    assert technique_words(entry) == "iodine · 70 kV 12.5 mA 5 ms · 7.5 pulses/s · LAO 30°"
