"""Meshes to path lengths: right in length and place from any angle, no streaks; kept on disk."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.project import project_parts
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.phantom.procedure import DRUM_MM, Phantom
from fluoroview_simulated.render import cache as store
from fluoroview_simulated.render import projection
from fluoroview_simulated.room.technique import Geometry

VIEWS = [(0.0, 0.0), (30.0, 20.0), (-45.0, -30.0), (90.0, 0.0)]


def ball(radius_mm, middle=(0.0, 0.0, 0.0), rings=96):
    """A sphere as a tube whose radius follows the circle."""
    a = np.linspace(0.0, np.pi, rings)
    z = -np.cos(a) * radius_mm
    line = np.stack([0 * z, 0 * z, z], axis=1) + middle
    return tube_mesh(line, np.maximum(np.sin(a) * radius_mm, 1e-3), 128)


def exact(view, radius_mm, middle, size):
    """Chords of a sphere along the rays of a view, (size, size) mm."""
    place = ((np.arange(size) + 0.5) / size - 0.5) * view.view_mm
    x, y = np.meshgrid(place, place)
    away = np.full_like(x, view.geometry.source_isocentre_mm)
    ray = np.stack([x, y, away], axis=-1) @ view.axes
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    start = view.source - np.asarray(middle)
    along = ray @ start
    return 2.0 * np.sqrt(np.maximum(along**2 - start @ start + radius_mm**2, 0.0))


@pytest.mark.parametrize("angles", VIEWS)
def test_chords_of_a_sphere(angles):
    view = View(Geometry(primary_deg=angles[0], secondary_deg=angles[1]))
    middle = (12.0, -20.0, 9.0)
    soft, _ = project_parts([Part(ball(40.0, middle), soft=1.0)], view, 512)
    chords = exact(view, 40.0, middle, 512)
    inside = chords > 25.0  # the rim of a mesh is not round
    assert np.abs(soft - chords)[inside].max() < 0.25
    assert soft[chords == 0.0].max() < 12.0
    assert soft.sum() == pytest.approx(chords.sum(), rel=2e-3)


@pytest.mark.parametrize("angles", VIEWS)
def test_no_ray_slips_between_two_faces(angles):
    """A missed face would leave a streak as long as the way to the source."""
    view = View(Geometry(primary_deg=angles[0], secondary_deg=angles[1], isocentre_mm=(3, 5, 7)))
    bumpy = ball(60.0)
    rng = np.random.default_rng(1)
    shaken = bumpy.vertices + rng.normal(0, 0.3, bumpy.vertices.shape).astype(np.float32)
    soft, _ = project_parts([Part(Mesh(shaken, bumpy.faces), soft=1.0)], view, 1024)
    assert soft.max() < 124.0


@pytest.mark.parametrize("depth_mm", [-120.0, 0.0, 120.0])
def test_projected_size_follows_the_geometry_within_half_a_pixel(depth_mm):
    size, radius = 1024, 15.0
    view = View(Geometry())
    middle = view.unproject(20.0, -10.0, depth_mm)
    soft, _ = project_parts([Part(ball(radius, middle), soft=1.0)], view, size)
    columns = np.flatnonzero(soft.max(axis=0) > 0.3)
    away = view.geometry.source_isocentre_mm + depth_mm
    px = size / view.view_mm * view.geometry.source_isocentre_mm / away
    # The cone touches the sphere before its equator.
    wide = 2 * radius / np.sqrt(1 - (radius / away) ** 2) * px
    assert columns[-1] - columns[0] + 1 == pytest.approx(wide, abs=1.0)  # half a pixel each side
    centre = (columns[0] + columns[-1]) / 2
    assert centre == pytest.approx((20.0 / view.view_mm + 0.5) * size - 0.5, abs=0.5)


def test_laterality():
    """At 0° the patient's left is on the right; LAO 90° shows the back on the right."""
    lump = [Part(ball(10.0, (40.0, 0.0, 30.0)), soft=1.0)]
    soft, _ = project_parts(lump, View(Geometry()), 256)
    y, x = np.unravel_index(soft.argmax(), soft.shape)
    assert x > 160
    assert y < 110
    lump = [Part(ball(10.0, (0.0, 40.0, 0.0)), soft=1.0)]
    soft, _ = project_parts(lump, View(Geometry(primary_deg=90.0)), 256)
    assert soft.argmax() % 256 > 160


def test_cortex_is_thickest_where_it_is_seen_on_edge():
    part = Part(ball(20.0), soft=-1.0, bone=0.2, shell_mm=0.8)
    _, bone = project_parts([part], View(Geometry()), 512)
    middle = bone[256, 256]
    assert middle == pytest.approx(0.2 * 40.0 + 2 * 0.8, rel=0.02)
    assert bone[256].max() > 1.2 * (2 * 0.8) / 0.3


def test_view_finds_the_way_back():
    view = View(Geometry(primary_deg=35.0, secondary_deg=-20.0, isocentre_mm=(10, 20, 30)))
    point = view.unproject(12.0, -34.0, 50.0)
    place, scale = view.project(point[None])
    assert place[0] == pytest.approx((12.0, -34.0))
    assert scale[0] == pytest.approx(880.0 / 930.0)


def test_second_projection_comes_from_the_disk(monkeypatch):
    view = View(Geometry(primary_deg=11.0))
    first = projection.project(Phantom("water-drum"), view, 512, 0.2)
    monkeypatch.setattr(projection, "project_parts", None)
    again = projection.project(Phantom("water-drum"), view, 512, 0.2)
    assert np.array_equal(first.soft, again.soft)


@pytest.mark.parametrize("damage", ["cut", "bytes", "other"])
def test_damaged_file_is_made_again_with_a_warning(damage, caplog):
    phantom, view = Phantom("water-drum"), View(Geometry(primary_deg=12.0))
    whole = projection.project(phantom, view, 512, 0.2)
    path = store.place(phantom, view, 512, 0.2)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "bytes":
        data[len(data) // 3] ^= 0xFF
        path.write_bytes(data)
    else:
        path.write_bytes(b"not a patient")
    again = projection.project(phantom, view, 512, 0.2)
    assert np.array_equal(whole.soft, again.soft)
    assert path.name in caplog.text
    assert "again" in caplog.text
    assert store.load(path, 512) is not None


def test_projector_previews_first_and_drops_outdated_views():
    projector = projection.Projector(Phantom("water-drum"), 512, lambda _g: 0.2)
    first = projector.now(View(Geometry()))
    assert not first.preview
    for angle in range(1, 20):
        projector.request(View(Geometry(primary_deg=float(angle))))
    seen = []
    while projector.busy:
        newest = projector.newest()
        if newest not in seen:
            seen.append(newest)
    last = projector.newest()
    assert last.view.geometry.primary_deg == 19.0
    assert not last.preview
    assert last.soft.max() * projection.PATH_UNIT_MM == pytest.approx(2 * DRUM_MM, rel=0.01)


def test_the_error_of_a_projection_is_raised_once():
    class Broken(Phantom):
        def parts(self):
            raise ValueError("no bones today")

    projector = projection.Projector(Broken("normal"), 512, lambda _g: 0.2)
    projector.request(View(Geometry(primary_deg=77.0)))
    while projector.busy:
        pass
    with pytest.raises(ValueError, match="no bones today"):
        projector.newest()
    assert projector.newest() is None
