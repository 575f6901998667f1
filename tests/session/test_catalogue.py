"""The catalogue: offers of the drivers, choices from it, and refusals of wrong names."""

import pytest

from fluoroview.hal.testing import has_code
from fluoroview.session.devices.catalogue import (
    CaseEntry,
    Catalogue,
    CatalogueError,
    ProcedureEntry,
    read_catalogue,
    read_catalogue_apart,
)


def entry(name, *cases, **more):
    return ProcedureEntry(
        driver="sim",
        name=name,
        cases=tuple(CaseEntry(name=case, title=case.title()) for case in cases),
        bodies=("medium", "child"),
        **more,
    )


CATALOGUE = Catalogue(
    procedures=(
        entry("modified-barium-swallow", "normal", "aspiration", "penetration"),
        entry("barium-enema", "normal", "polyp", title="Barium enema, double contrast"),
        entry("coronary-angiography", "stenosis", "balloon"),
    )
)


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ({}, {}),
        ({"procedure": "barium-enema"}, {"Procedure": "barium-enema"}),
        ({"procedure": "Barium-Enema"}, {"Procedure": "barium-enema"}),
        ({"procedure": "Barium enema, double contrast"}, {"Procedure": "barium-enema"}),
        (
            {"procedure": "barium-enema", "case": "Polyp", "body": "child"},
            {"Procedure": "barium-enema", "PatientSize": "child", "Case": "polyp"},
        ),
    ],
)
def test_a_choice_is_what_is_written_to_the_device_in_this_order(asked, written):
    assert list(CATALOGUE.parameters("sim", **asked).items()) == list(written.items())


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"procedure": "barium-swalow"},
            "There is no procedure 'barium-swalow'. Did you mean modified-barium-swallow",
        ),
        ({"procedure": "swalow"}, "Did you mean modified-barium-swallow?"),
        ({"procedure": "enema"}, "Did you mean barium-enema?"),
        ({"procedure": "zzz"}, "There is no procedure 'zzz'. `fluoroview procedures` lists"),
        (
            {"procedure": "barium-enema", "case": "polip"},
            "The procedure barium-enema has no case 'polip'. Did you mean polyp? It has: normal,",
        ),
        (
            {"procedure": "barium-enema", "body": "huge"},
            "has no patient size 'huge'. Allowed are: medium, child.",
        ),
        ({"case": "normal"}, "--case needs --procedure: normal is a case of modified-barium-"),
        ({"case": "x"}, "--case needs --procedure: no procedure has a case 'x'."),
        ({"body": "child"}, "--body needs --procedure: patient sizes belong to a procedure."),
    ],
)
def test_a_wrong_choice_gets_a_sentence_with_the_nearest_names(asked, sentence):
    with pytest.raises(CatalogueError) as caught:
        CATALOGUE.parameters("sim", **asked)
    assert sentence in str(caught.value)


def test_a_driver_without_procedures_is_an_error_that_names_it():
    with pytest.raises(CatalogueError, check=has_code("FV-SES-011")):
        CATALOGUE.parameters("pattern", "barium-enema")


def test_what_drivers_announce_is_read_and_a_broken_one_costs_only_its_own(test_drivers):
    catalogue = read_catalogue()
    angiogram = catalogue.procedure("theatre", "angiogram")
    assert angiogram.subtraction
    assert angiogram.cases[0].abnormal
    assert angiogram.controls[0].shortcut == ("Up", "Down")
    assert "ImportError: libvendor.so.7" in catalogue.errors["broken_import"]
    with pytest.raises(CatalogueError, check=has_code("FV-SES-010")):
        catalogue.procedure("broken_import", "any")


def test_a_process_of_its_own_reads_the_same(test_drivers):
    assert read_catalogue_apart().of("theatre") == read_catalogue().of("theatre")


def test_an_entry_that_is_not_as_it_should_be_is_reported(test_drivers, monkeypatch):
    monkeypatch.setattr(
        "fluoroview_testdrivers.theatre.PROCEDURES", [{"name": "x", "rate_hz": "often"}]
    )
    assert "rate_hz" in read_catalogue().errors["theatre"]
