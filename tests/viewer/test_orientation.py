"""Which way the patient lies: the letters at the edges, from a file or from a device."""

import pydicom
import pytest

from fluoroview.hal import Access, ParameterInfo, ParameterSet
from fluoroview.hal.roles import Role
from fluoroview.viewer.image.orientation import edge_marks


@pytest.mark.parametrize(
    ("stated", "left", "right", "top", "bottom"),
    [
        (r"A\F", "P", "A", "H", "F"),
        (r"P\F", "A", "P", "H", "F"),
        (r"L\F", "R", "L", "H", "F"),
        (r"la\fp", "RP", "LA", "HA", "FP"),
        (r" R \H".replace(" ", ""), "L", "R", "F", "H"),
    ],
)
def test_rows_and_columns_name_the_edges(stated, left, right, top, bottom):
    assert edge_marks(stated) == {"left": left, "right": right, "top": top, "bottom": bottom}


@pytest.mark.parametrize("stated", ["", "A", "A\\", "\\F", "A\\F\\L", "X\\Y", "LE\\V"])
def test_what_is_not_known_is_not_marked(stated):
    assert edge_marks(stated) == {}


def marks(window):
    return {edge: window.canvas.overlay.words(edge) for edge in ("left", "right", "top", "bottom")}


def test_a_file_marks_its_own_edges_and_takes_them_along(window, qtbot, hold_pedal, drop, tmp_path):
    hold_pedal(window)
    path = tmp_path / "loop.dcm"
    window.session.save_loop(path).result(30)
    with pydicom.dcmread(path) as data:
        data.PatientOrientation = ["A", "F"]
        data.save_as(path)
    assert set(marks(window).values()) == {()}
    drop(window, path)
    expected = {"left": ("P",), "right": ("A",), "top": ("H",), "bottom": ("F",)}
    qtbot.waitUntil(lambda: marks(window) == expected)
    window.session.stop_replay()
    qtbot.waitUntil(lambda: set(marks(window).values()) == {()})


def test_a_device_that_knows_how_its_image_lies_marks_the_edges(window, qtbot, hold_pedal):
    hold_pedal(window)
    stated = ParameterInfo("Orientation", r"A\F", access=Access.RO, role=Role.PATIENT_ORIENTATION)
    dispatcher = window.session._dispatcher
    parameters = ParameterSet([*window.session.parameters, stated])
    dispatcher.ask(lambda: dispatcher.change(parameters=parameters))
    qtbot.waitUntil(lambda: marks(window)["right"] == ("A",))
    assert marks(window)["bottom"] == ("F",)
