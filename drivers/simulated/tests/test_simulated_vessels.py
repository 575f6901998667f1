"""Trees of vessels: growth, lesions, contrast that flows in them, devices that slide in them."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy.flow import Flow, Injection
from fluoroview_simulated.anatomy.sliding import Slide, relaxed
from fluoroview_simulated.anatomy.vessels import Branch, draw, smooth_line, sprouted, tree_of
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.render.canvas import Canvas, ViewLayers
from fluoroview_simulated.room.technique import Geometry

STEM = Branch("stem", [(0, 0, 0), (0, 0, 50), (0, 0, 100)], (4.0, 3.0))
SIDE = Branch("side", [(0, 0, 50), (20, 0, 60), (40, 0, 60)], (2.0, 1.0), "stem")


@pytest.fixture(scope="module")
def tree():
    return tree_of([STEM, SIDE], step_mm=1.0)


def canvas(**geometry):
    out = Canvas()
    out.begin(ViewLayers(View(Geometry(**geometry))), 0.0)
    return out


def test_parents_come_before_children_and_lengths_add_up(tree):
    assert (tree.parent[1:] < np.arange(1, len(tree.parent))).all()
    assert tree.length_mm[tree.node("stem", 1.0)] == pytest.approx(100.0, abs=0.1)
    fork = tree.run("side")[0]
    assert tree.length_mm[fork] == pytest.approx(50.0, abs=0.6)
    assert tree.radius_mm[tree.node("stem", 0.5)] == pytest.approx(3.5, abs=0.05)


def test_a_smooth_line_goes_through_its_points_in_even_steps():
    points = np.array([(0, 0, 0), (10, 5, 0), (12, 20, 3), (0, 30, 6)], float)
    line, _ = smooth_line(points, 0.5)
    gaps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    assert gaps.std() < 0.02 * gaps.mean()
    nearest = np.linalg.norm(line[:, None] - points[None], axis=2).min(axis=0)
    assert nearest.max() < 0.3


def test_unknown_branches_and_orphans_are_named(tree):
    with pytest.raises(KeyError, match="no branch 'vein'; there are stem, side"):
        tree.run("vein")
    with pytest.raises(ValueError, match="comes before its parent"):
        tree_of([SIDE])


def test_a_stenosis_narrows_its_place_only(tree):
    sick = tree.narrowed("stem", 0.7, length_mm=10.0, fraction=0.8)
    there = tree.node("stem", 0.7)
    assert sick.radius_mm[there] == pytest.approx(0.2 * tree.radius_mm[there], rel=0.02)
    far = np.abs(tree.length_mm - tree.length_mm[there]) > 6.0
    assert np.array_equal(sick.radius_mm[far], tree.radius_mm[far])


def test_an_occlusion_takes_what_is_fed_through_it(tree):
    shut = tree.cut("stem", 0.3)
    assert shut.names == ("stem",)
    assert shut.length_mm.max() == pytest.approx(30.0, abs=1.1)
    beyond = tree.cut("side", 0.5)
    assert beyond.names == ("stem", "side")
    assert beyond.points[:, 0].max() == pytest.approx(18.0, abs=2.0)


def test_a_sac_has_the_volume_of_its_sphere(tree):
    sac = tree.with_sac("stem", 0.8, radius_mm=5.0, direction=(1, 0, 0))
    run = sac.run("stem sac")[1:]
    r, x = sac.radius_mm[run], sac.points[run, 0]
    volume = np.trapezoid(np.pi * r**2, x)
    assert volume == pytest.approx(4 / 3 * np.pi * 5.0**3, rel=0.1)


def test_sprouts_stay_where_they_may_grow_and_follow_the_seed(tree):
    def flat(points):
        return points * (1.0, 0.0, 1.0)

    def grown(seed):
        return sprouted(tree, np.random.default_rng(seed), ["side"], 4, 15.0, keep=flat)

    first, again, other = grown(3), grown(3), grown(4)
    assert len(first.names) == 6
    assert np.abs(first.points[len(tree.points) :, 1]).max() < 1e-9
    assert np.array_equal(first.points, again.points)
    assert not np.array_equal(first.points, other.points)


def test_contrast_arrives_late_far_away_and_leaves_again(tree):
    flow = Flow(tree.arrival_s(50.0), flow_ml_s=3.0)
    shot = [Injection(1.0, 6.0, 3.0, 0.3)]
    near, far = tree.node("stem", 0.1), tree.node("stem", 1.0)
    early = flow.concentration(1.8, shot)
    assert early[near] > 0.2 > 0.01 > early[far]
    late = flow.concentration(4.2, shot)
    assert late[near] < 0.05 < 0.2 < late[far]
    assert flow.concentration(0.9, shot).max() == 0.0
    assert flow.concentration(40.0, shot).max() < 1e-3


def test_all_that_is_given_passes_every_place(tree):
    flow = Flow(tree.arrival_s(60.0), flow_ml_s=4.0)
    shot = Injection(0.5, 6.0, 2.0, 0.3)
    t = np.arange(0.0, 25.0, 0.02)
    passed = sum(flow.concentration(float(s), [shot]) for s in t) * 0.02 * 4.0
    assert passed == pytest.approx(np.full(len(passed), 6.0 * 0.3), rel=0.01)


def test_a_fast_injection_runs_back():
    flow = Flow(np.zeros(1), flow_ml_s=2.0)
    assert flow.reflux_ml(9.0, [Injection(0.0, 6.0, 3.0)]) == pytest.approx(2.0)
    assert flow.reflux_ml(9.0, [Injection(0.0, 6.0, 1.5)]) == 0.0


def test_the_image_holds_the_volume_of_the_vessels(tree):
    c = canvas(isocentre_mm=(0.0, 0.0, 50.0))
    draw(c, tree, np.full(len(tree.parent), 0.3))
    seen = c.contrast.sum() * c.cell_mm**2
    stem = np.pi * (4.0**2 + 4.0 * 3.0 + 3.0**2) / 3 * 100.0
    side = np.pi * 7.0 / 3 * 40.0
    assert seen == pytest.approx(0.3 * (stem + side), rel=0.06)


def test_a_fork_is_no_darker_than_the_stem(tree):
    c = canvas(isocentre_mm=(0.0, 0.0, 50.0))
    draw(c, tree, np.full(len(tree.parent), 0.3))
    assert c.contrast.max() < 0.3 * 8.0 * 1.06


@pytest.mark.parametrize(("turn_deg", "branch"), [(0.0, "side"), (180.0, "stem")])
def test_the_tip_takes_the_branch_to_which_it_points(tree, turn_deg, branch):
    slide = Slide(tree, bend_deg=50.0, side=(1.0, 0.0, 0.0))
    way = slide.way([(40.0, turn_deg), (70.0, turn_deg)])
    assert way.branch == branch
    assert way.inserted_mm == 70.0
    assert np.linalg.norm(np.diff(way.points(1.0), axis=0), axis=1).sum() == pytest.approx(70, 0.02)


def test_a_device_comes_back_and_chooses_again_and_stops_at_the_end(tree):
    slide = Slide(tree, bend_deg=50.0, side=(1.0, 0.0, 0.0))
    moves = [(70.0, 0.0), (40.0, 0.0), (40.0, 180.0), (95.0, 180.0)]
    assert [slide.way(moves[: k + 1]).branch for k in range(4)] == ["side", "stem", "stem", "stem"]
    over = slide.way([(400.0, 180.0)])
    assert over.inserted_mm == pytest.approx(100.0, abs=0.1)
    assert over.end_mm == over.inserted_mm


def test_a_springy_device_cuts_corners_within_the_vessel():
    bend = np.array([(0, 0, z) for z in range(20)] + [(x, 0, 19) for x in range(1, 20)], float)
    loose = relaxed(bend, 2.0)
    length = [np.linalg.norm(np.diff(p, axis=0), axis=1).sum() for p in (bend, loose)]
    assert length[1] < length[0] - 1.0
    assert np.linalg.norm(loose - bend, axis=1).max() <= 2.0 + 1e-9
    assert np.array_equal(loose[[0, -1]], bend[[0, -1]])
