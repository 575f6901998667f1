"""Every error has a code of its own, and the page of codes is up to date."""

import importlib.util
import sys
from pathlib import Path

_TOOL = Path(__file__).parents[2] / "docs" / "tools" / "error_codes.py"
_spec = importlib.util.spec_from_file_location("error_codes", _TOOL)
error_codes = importlib.util.module_from_spec(_spec)
sys.modules["error_codes"] = error_codes
_spec.loader.exec_module(error_codes)


def test_every_error_has_a_code_of_its_own():
    assert error_codes.problems() == []


def test_the_page_lists_the_codes_of_the_source():
    written = error_codes.PAGE.read_text(encoding="utf-8")
    assert written == error_codes.page(), "run: python docs/tools/error_codes.py"
