"""The oesophagogram: the wave strips, narrowings hold up, levels are level, with refusals."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.procedures.oesophagogram import course
from fluoroview_simulated.procedures.oesophagogram.procedure import Oesophagogram
from fluoroview_simulated.render.canvas import GRID, Canvas, ViewLayers

CASES = [c.name for c in Oesophagogram.info.cases]


def drawn(
    case: str, t_s: float, *actions: tuple, body: str = "medium"
) -> tuple[Canvas, Oesophagogram]:
    """The canvas of a case at a time, after actions."""
    procedure = Oesophagogram(case, 1, body)
    for act in actions:
        procedure.actions.record(*act)
    layers = ViewLayers(View(procedure.info.geometry))
    procedure.layers(layers.view, layers)
    canvas = Canvas()
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    canvas.finish()
    return canvas, procedure


def contrast_near(canvas: Canvas, point: np.ndarray, cells: int = 10) -> float:
    """Most contrast within some cells of where a point of the patient lies in the image."""
    (x, y), _ = canvas.view.cells(np.atleast_2d(point), GRID)[0][0], None
    i, j = round(float(y)), round(float(x))
    return float(canvas.contrast[i - cells : i + cells, j - cells : j + cells].max())


def test_the_wave_goes_down_and_leaves_only_coat_and_what_escapes():
    since = np.linspace(0.6, 9.0, 60)
    waves = [course.wave_mm(s, 250.0) for s in since]
    assert np.all(np.diff(waves) >= 0)
    assert np.max(np.diff(waves)) > 0
    canvas, procedure = drawn("normal", course.FIRST_S + 5.0)
    g = procedure.oesophagus
    wave = course.wave_mm(5.0, g.end_mm)
    above = g.line[np.searchsorted(g.s_mm, wave - 80.0)]
    below = g.line[np.searchsorted(g.s_mm, wave + 40.0)]
    assert contrast_near(canvas, below) > 4.0
    assert contrast_near(canvas, above) < 2.5


def test_a_span_holds_its_volume_where_the_oesophagus_can_take_it():
    s = np.arange(0.0, 260.0, 2.0)
    span = course.Span(40.0, 200.0, 12.0)
    r = course.radii(s, span, np.ones(len(s)), np.full(len(s), 12.0))
    assert np.pi * (r**2).sum() * 2.0 * 1e-3 == pytest.approx(12.0, rel=0.02)
    assert r[s < 40.0].max() == 0.0
    assert r[s > 200.0].max() == 0.0


def test_a_stricture_never_opens_and_holds_barium_that_drains():
    procedure = Oesophagogram("stricture")
    g = procedure.oesophagus
    inside = (g.s_mm > g.narrow_mm[0] + 8.0) & (g.s_mm < g.narrow_mm[1] - 8.0)
    assert g.wide_mm[inside].max() < 3.5 < g.wide_mm[g.s_mm < g.narrow_mm[0] - 30.0].max()
    held = [course.held_ml(t, [1.0], 22.0, 1.6) for t in (4.0, 8.0, 20.0)]
    assert held[0] > held[1] > held[2] > 0.0
    canvas, _ = drawn("stricture", 12.0)
    column = g.line[np.searchsorted(g.s_mm, g.narrow_mm[0] - 14.0)]
    healthy, _ = drawn("normal", 12.0)
    assert contrast_near(canvas, column) > 2.0 * contrast_near(healthy, column)


def test_achalasia_stands_under_a_level():
    canvas, procedure = drawn("achalasia", 12.0)
    g = procedure.oesophagus
    rows = np.flatnonzero((canvas.contrast > 8.0).any(axis=1))
    top = rows[0]
    wide = (canvas.contrast[top + 2 : top + 6] > 6.0).sum(axis=1)
    assert wide.min() > 40  # flat: at once as wide as the oesophagus
    assert canvas.soft[top - 20].min() < -10.0  # air above it
    assert g.sac is not None


def test_bearing_down_sends_barium_back_into_the_oesophagus():
    quiet, procedure = drawn("hiatal-hernia", 27.0)
    pushed, _ = drawn("hiatal-hernia", 27.0, (25.0, "Valsalva", None))
    g = procedure.oesophagus
    place = g.line[np.searchsorted(g.s_mm, g.sphincter_mm - 30.0)]
    assert contrast_near(pushed, place, 6) > 3.0 * max(contrast_near(quiet, place, 6), 0.5)
    cleared, _ = drawn("hiatal-hernia", 27.0, (10.0, "Valsalva", None))
    assert np.allclose(cleared.contrast, quiet.contrast)


def test_begin_waits_for_the_next_swallow_and_never_goes_back():
    procedure = Oesophagogram("normal")
    for t in (0.0, 3.0, 14.5, 40.0):
        start = procedure.begin(t)
        assert start >= t
        assert 0.0 <= course.swallows(start + 1.0, [])[-1] - start <= 0.81


def test_two_swallows_at_once_are_refused():
    procedure = Oesophagogram("normal")
    procedure.actions.record(6.0, "Swallow")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-034"):
        procedure.check("Swallow", None, 6.8)
    procedure.check("Swallow", None, 8.0)


def test_the_lower_oesophagus_breathes_unless_the_breath_is_held():
    ways = []
    for actions in ((), ((2.0, "BreathHold", True),)):
        low, high = (drawn("achalasia", t, *actions)[0] for t in (3.2, 5.2))
        tops = [int(np.argmax((c.contrast > 8.0).any(axis=1))) for c in (low, high)]
        ways.append(abs(tops[1] - tops[0]) * low.cell_mm)
    assert ways[0] > 5.0
    assert ways[1] < 2.0


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_drawn_again_alike_and_shows_barium(case):
    first, procedure = drawn(case, 18.7, *Oesophagogram.info.gallery_actions)
    again, _ = drawn(case, 18.7, *Oesophagogram.info.gallery_actions)
    assert np.array_equal(first.contrast, again.contrast)
    assert first.contrast.max() > 5.0
    assert np.isfinite(first.contrast).all()
    assert first.contrast.min() >= 0.0
    assert procedure.status(18.7)
    assert procedure.truth(18.7)["swallows"] == 2


@pytest.mark.parametrize("body", ["small", "large", "child"])
def test_bodies_of_other_sizes(body):
    canvas, _ = drawn("achalasia", 18.7, body=body)
    assert canvas.contrast.max() > 3.0
