"""Text from outside reaches a terminal, a log and a label as one printable line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoroview.hal.foreign_text import plain


@pytest.mark.parametrize(
    "text", ["Philips Azurion 7", "Röntgen µGy·m²", "患者", "", "a  b", "{[</x>]}"]
)
def test_printable_text_is_unchanged(text):
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("first\nsecond\r\nthird\tend\u2028x", "first second  third end x"),
        ("exe.\u202efdp", r"exe.\u202efdp"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("caf\udce9", r"caf\xe9"),
        ("lone\ud800", r"lone\ud800"),
        ("nul\0", r"nul\x00"),
    ],
)
def test_what_is_not_printable_is_shown(text, shown):
    assert plain(text) == shown


def test_a_long_path_keeps_its_beginning_and_its_end():
    path = "/data/" + "x" * 5000 + "/run.fluoro.h5"
    shown = plain(path)
    assert len(shown) == 200
    assert shown.startswith("/data/xxx")
    assert shown.endswith("/run.fluoro.h5")
    assert "…" in shown


@given(st.text(st.characters(exclude_categories=())), st.integers(3, 300))
def test_every_text_becomes_one_printable_line(text, limit):
    shown = plain(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    shown.encode("utf-8")
