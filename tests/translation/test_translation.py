"""Texts in the user's language: the catalogue, the templates, and the environment's language."""

import ast
from pathlib import Path

import pytest

from fluoroview import translation
from fluoroview.translation.extract import extract
from fluoroview.translation.po import PoEntry, po_text, read_po
from fluoroview.translation.templates import Templates, placeholders

GERMAN = {
    "Auto window": "Fenster automatisch",
    "Frame {number} of {file} is damaged.": "Bild {number} von {file} ist beschädigt.",
    "Choose another file.": "Eine andere Datei wählen.",
    "{file} cannot be played: {reason}": "{file} lässt sich nicht abspielen: {reason}",
}


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Auto window", "Fenster automatisch"),
        ("Frame 7 of a.dcm is damaged.", "Bild 7 von a.dcm ist beschädigt."),
        (
            "Frame 7 of a b. c.dcm is damaged. Choose another file.",
            "Bild 7 von a b. c.dcm ist beschädigt. Eine andere Datei wählen.",
        ),
        (
            "x.dcm cannot be played: Frame 2 of x.dcm is damaged.",
            "x.dcm lässt sich nicht abspielen: Bild 2 von x.dcm ist beschädigt.",
        ),
        ("Nobody knows this. Choose another file.", "Nobody knows this. Eine andere Datei wählen."),
        ("Nobody knows this.", "Nobody knows this."),
        (
            "a.dcm cannot be played: it is cut. Choose another file.",
            "a.dcm lässt sich nicht abspielen: it is cut. Eine andere Datei wählen.",
        ),
        ("Frame {x} of {file} is damaged.", "Bild {x} von {file} ist beschädigt."),
    ],
)
def test_a_message_is_translated_by_the_longest_template_that_fits(english, german):
    assert Templates(GERMAN).translate(english) == german


def test_a_catalogue_reads_back_what_was_written(tmp_path):
    texts = {'A "quoted" text\nin two lines': "Ein „Text“\nin \\ zwei Zeilen", "Ü": "ü"}
    path = tmp_path / "de.po"
    path.write_text(
        po_text([PoEntry(a, b, ("x.py",)) for a, b in texts.items()], {"Language": "de"}),
        encoding="utf-8",
    )

    assert read_po(path) == texts


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "de"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "fr:de"}, "de"),
        ({"LANG": "de_DE", "LC_ALL": "en_US"}, "en"),
        ({"LANG": "en_GB", "FLUOROVIEW_LANGUAGE": "de"}, "de"),
        ({"LANG": "de_DE", "FLUOROVIEW_LANGUAGE": "tlh"}, "de"),
    ],
)
def test_the_language_is_the_first_of_the_environment_with_a_catalogue(environment, code):
    assert translation.language_of_environment(environment) == code


def test_a_text_without_translation_stays_english():
    translation.set_language("de")
    try:
        assert translation.tr("no text of this program") == "no text of this program"
        assert translation.language() == "de"
    finally:
        translation.set_language("en")


def test_texts_are_collected_from_the_source(tmp_path):
    source = tmp_path / "fluoroview" / "some.py"
    source.parent.mkdir()
    source.write_text(
        "class DriverError(FluoroError): ...\n"
        "class OddError(DriverError): ...\n"
        "tr('Auto ' 'window')\n"
        "raise OddError(f'{self.name} has {len(x)} of {self.name}.', 'Do ' + 'it.', code='FV')\n"
        "raise ValueError('not shown')\n"
        "IntParameter('Gain', doc='Gain of the amplifier.')\n"
        "Case('a', 'Normal heart', False, 'Look at it.')\n"
    )

    assert list(extract(tmp_path)) == [
        "Auto window",
        "{name} has {x} of {name}.",
        "Do it.",
        "Gain of the amplifier.",
        "Normal heart",
        "Look at it.",
    ]


def test_no_text_is_translated_that_is_no_literal():
    """`tr(f"...")` is never found in the catalogue: the value is in the text already."""
    root = Path(translation.__file__).parent.parent
    for path in root.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr":
                assert not isinstance(node.args[0], ast.JoinedStr), f"{path}:{node.lineno}"


@pytest.mark.parametrize("code", [each for each in translation.languages() if each != "en"])
def test_a_catalogue_has_every_text_of_the_viewer_and_of_the_command_line(code):
    """Texts of `tr` are complete; those of drivers and errors may follow (`--check` lists them)."""
    known = read_po(translation.catalogue_path(code))
    used = extract()
    shown = {
        text
        for text, files in used.items()
        if any(file.startswith(("fluoroview/viewer", "fluoroview/cli")) for file in files)
    }

    assert sorted(shown - known.keys()) == []
    other = [text for text in known if not placeholders(known[text]) <= placeholders(text)]
    assert other == []
