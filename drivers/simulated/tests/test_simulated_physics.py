"""The source against independent references: NIST, the standard's geometry, and counted quanta.

Where it can be, through the whole chain: a procedure is drawn, exposed and read out by `Scene`.
"""

from collections import deque
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.project import project_parts
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.panel.empty_room import EmptyRoom
from fluoroview_simulated.panel.panel import LAG_PULSES, unsharpness_mm
from fluoroview_simulated.panel.settings import IDEAL, DetectorSettings
from fluoroview_simulated.physics.beam import (
    Beam,
    attenuation,
    mono_terms,
    pulse_kap_ugym2,
    pulse_kerma_ugy,
)
from fluoroview_simulated.procedures.base import Procedure
from fluoroview_simulated.procedures.phantom.procedure import Phantom
from fluoroview_simulated.render.scene import Scene
from fluoroview_simulated.room.brightness import CURVES, BrightnessControl
from fluoroview_simulated.room.technique import Geometry, Technique

OPEN = Geometry(field_width_mm=260.0, field_height_mm=260.0)
"""Shutters beyond the detector."""


class Slab(Procedure):
    """Soft tissue of one thickness over the whole view; another from CHANGE_S on."""

    info = replace(Phantom.info, name="slab")
    textured = False
    CHANGE_S = 1.0

    def __init__(self, first_mm=0.0, then_mm=None):
        super().__init__(f"{first_mm}-{then_mm}")
        self.first_mm, self.then_mm = first_mm, then_mm

    def parts(self):
        return []

    def resting(self, view, size):
        soft = np.full((size, size), self.first_mm, np.float32)
        return soft, np.zeros_like(soft)

    def draw(self, t_s, canvas):
        if self.then_mm is not None and t_s >= self.CHANGE_S:
            canvas.base["soft"] += np.float32(self.then_mm - self.first_mm)
            canvas.used["soft"] = True

    def sway_mm(self, t_s):
        return 0.0, 0.0


class Edge(Slab):
    """A step of 4 mm of soft tissue along a line that leans by 3 degrees."""

    info = replace(Phantom.info, name="edge")
    SLOPE = np.tan(np.deg2rad(3.0))

    def distance_px(self, size):
        at = np.arange(size) - (size - 1) / 2
        return at[None, :] * np.cos(np.arctan(self.SLOPE)) + at[:, None] * np.sin(
            np.arctan(self.SLOPE)
        )

    def resting(self, view, size):
        fine = 8
        columns = (np.arange(size * fine) + 0.5) / fine - size / 2
        rows = np.arange(size) + 0.5 - size / 2
        beyond = (columns[None, :] + self.SLOPE * rows[:, None]) > 0.0
        share = beyond.reshape(size, size, fine).mean(axis=2)
        return (50.0 + 4.0 * share).astype(np.float32), np.zeros((size, size), np.float32)


def box(width_mm, height_mm, depth_mm, cut=3):
    """A block about the origin, depth along y; each face in 2 · 4**cut triangles.

    Lengths are interpolated within a triangle, so large ones would be wrong.
    """
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    corners *= np.array([width_mm, depth_mm, height_mm]) / 2
    faces = [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)]
    faces += [(2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)]
    triangles = corners[np.array(faces)]
    for _ in range(cut):
        a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
        parts = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
        triangles = np.concatenate([np.stack(part, axis=1) for part in parts])
    vertices = triangles.reshape(-1, 3).astype(np.float32)
    return Mesh(vertices, np.arange(len(vertices), dtype=np.int32).reshape(-1, 3))


def with_quanta(scene, quanta):
    """A technique that gives so many quanta per pixel in the open field."""
    base = Technique(tube_current_ma=1.0, pulse_width_ms=1.0)
    return replace(base, tube_current_ma=quanta / scene.quanta_open(base))


# ---- beam ---------------------------------------------------------------------------------------


def test_half_value_layer_of_rqr5():
    """IEC 61267: 70 kV, 2.58 mm Al."""
    assert Beam(70.0, 2.8, 0.0).hvl_mm_al() == pytest.approx(2.58, rel=0.03)


# µ/ρ in cm²/g from NIST (Hubbell and Seltzer): ICRU-44 soft tissue and cortical bone, iodine.
NIST = [
    ("soft", 1.06, 40.0, 0.2688),
    ("soft", 1.06, 60.0, 0.2048),
    ("soft", 1.06, 100.0, 0.1693),
    ("bone", 1.92, 60.0, 0.3148),
    ("iodine", 1.0, 40.0, 22.10),
    ("iodine", 1.0, 60.0, 7.579),
]


@pytest.mark.parametrize(("material", "density", "energy_kev", "mass_cm2_g"), NIST)
def test_one_energy_through_a_slab_within_one_per_cent(material, density, energy_kev, mass_cm2_g):
    """Projected and attenuated, against exp(-µt) by hand."""
    thick_mm = {"soft": 80.0, "bone": 20.0, "iodine": 20.0}[material]
    view = View(Geometry())
    per_mm = {"soft": (1.0, 0.0), "bone": (0.0, 1.0), "iodine": (0.02, 0.0)}[material]
    part = Part(box(60.0, 60.0, thick_mm), soft=per_mm[0], bone=per_mm[1])
    soft, bone = project_parts([part], view, 256)
    path = np.zeros(4)
    path[:2] = soft[124:132, 124:132].mean(), bone[124:132, 124:132].mean()
    if material == "iodine":  # 20 mg/ml in a box, its path read as mass
        path[2], path[0] = path[0], 0.0
    weights, mu = mono_terms(energy_kev, "iodine")
    mass = thick_mm / 10.0 * (0.02 if material == "iodine" else density)
    assert np.exp(-path @ mu.T) @ weights == pytest.approx(np.exp(-mass_cm2_g * mass), rel=0.01)


@pytest.mark.parametrize("angle", [0.0, 20.0, 40.0])
def test_a_slab_seen_aslant_is_longer(angle):
    soft, _ = project_parts([Part(box(300.0, 300.0, 50.0), soft=1.0)], View(Geometry()), 256)
    slanted, _ = project_parts(
        [Part(box(300.0, 300.0, 50.0), soft=1.0)], View(Geometry(secondary_deg=angle)), 256
    )
    ratio = slanted[127:129, 127:129].mean() / soft[127:129, 127:129].mean()
    assert ratio == pytest.approx(1.0 / np.cos(np.deg2rad(angle)), rel=0.002)


@pytest.mark.parametrize(("agent", "edge_kev"), [("barium", 37.441), ("iodine", 33.169)])
def test_contrast_jumps_at_the_k_edge(agent, edge_kev):
    path = np.array([0.0, 0.0, 1.0, 0.0])
    below, above = (
        -np.log(np.exp(-path @ mono_terms(e, agent)[1].T).mean())
        for e in (edge_kev - 0.7, edge_kev + 0.7)
    )
    assert 4.5 < above / below < 5.8
    energies, mu = attenuation("baso4" if agent == "barium" else "iodine")
    window = (energies > 30.0) & (energies < 41.0)
    jump = energies[window][np.argmax(np.diff(mu[window]))]
    assert jump == pytest.approx(edge_kev, abs=0.75)


def test_contrast_falls_with_the_voltage_above_the_edge():
    contrast = [
        -np.log(Beam(kv, 2.8, 0.1, "iodine").transmission(150.0, 0, 1.0))
        + np.log(Beam(kv, 2.8, 0.1, "iodine").transmission(150.0))
        for kv in (65, 80, 110)
    ]
    assert contrast[0] > 1.2 * contrast[1] > 1.2 * contrast[2]


def test_inverse_square_from_tube_to_image():
    near = replace(OPEN, source_image_mm=1000.0, source_isocentre_mm=800.0)
    technique, means = Technique(tube_current_ma=4.0), []
    for geometry in (near, replace(near, source_image_mm=1250.0, source_isocentre_mm=1000.0)):
        scene = Scene(Slab(), 512, 1, geometry, settings=IDEAL)
        out = np.empty((512, 512), np.uint16)
        EmptyRoom(scene).frame(0, technique, out)
        means.append(out[120:136, 120:136].mean())
    assert means[0] / means[1] == pytest.approx(1.25**2, rel=0.005)
    b = Beam(72.0)
    assert b.kerma_ugy_per_mas(500.0) == pytest.approx(16 * b.kerma_ugy_per_mas(2000.0), rel=1e-12)


# ---- geometry -----------------------------------------------------------------------------------


def _width_px(map_):
    """Columns that the shadow covers in its widest row."""
    return int((map_ > 0.0).sum(axis=1).max())


@pytest.mark.parametrize("depth_mm", [-120.0, 0.0, 90.0])
@pytest.mark.parametrize("angles", [(0.0, 0.0), (35.0, 0.0), (-60.0, 25.0)])
def test_a_sphere_is_as_wide_as_its_tangent_cone(angles, depth_mm):
    g = Geometry(primary_deg=angles[0], secondary_deg=angles[1])
    view, radius, size = View(g), 20.0, 512
    middle = view.unproject(0.0, 0.0, depth_mm)
    a = np.linspace(0.0, np.pi, 121)
    line = np.stack([0 * a, 0 * a, -np.cos(a) * radius], axis=1) + middle
    ball = tube_mesh(line, np.maximum(np.sin(a) * radius, 1e-3), 160)
    soft, _ = project_parts([Part(ball, soft=1.0)], view, size)
    away = g.source_isocentre_mm + depth_mm
    expected = 2 * g.source_isocentre_mm * np.tan(np.arcsin(radius / away)) / view.view_mm * size
    assert _width_px(soft) == pytest.approx(expected, abs=1.0)  # whole pixels: half at either side
    area = np.count_nonzero(soft > 0.0)
    assert 2 * np.sqrt(area / np.pi) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("depth_mm", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("angles", [(0.0, 0.0), (50.0, 0.0), (0.0, -35.0)])
def test_a_rod_is_as_long_as_the_geometry_states(angles, depth_mm):
    g = Geometry(primary_deg=angles[0], secondary_deg=angles[1])
    view, size = View(g), 512
    points = np.array([[-30.0, depth_mm, 0.0], [30.0, depth_mm, 0.0]])
    soft, _ = project_parts(
        [Part(tube_mesh(np.linspace(*points, 41), 1.5, 24), soft=1.0)], view, size
    )
    local = (points - view.source) @ view.axes.T
    mm = local[:, :2] / local[:, 2:] * g.source_isocentre_mm
    ends = (mm / view.view_mm + 0.5) * size - 0.5
    length = float(np.hypot(*(ends[1] - ends[0])))
    along = (ends[1] - ends[0]) / length
    at = np.arange(-12.0, length + 12.0, 0.1)
    place = (ends[0] + at[:, None] * along).astype(np.float32)
    profile = cv2.remap(soft, place[:, 0], place[:, 1], cv2.INTER_LINEAR).ravel()
    # An end seen aslant falls off over some pixels, symmetrically about the axis.
    inside_first, inside_last = profile[np.searchsorted(at, (15.0, length - 15.0))]
    first = at[np.argmax(profile > inside_first / 2)]
    last = at[len(at) - 1 - np.argmax(profile[::-1] > inside_last / 2)]
    assert (first, last) == pytest.approx((0.0, length), abs=0.5)


# ---- detector, through the whole chain ----------------------------------------------------------


@pytest.fixture(scope="module")
def room():
    return Scene(Slab(), 1024, 1, OPEN)


def _pair(scene, quanta, middle):
    technique = with_quanta(scene, quanta)
    return (scene.frame(i, 0.0, technique)[middle].astype(np.float64) for i in (1, 2))


@pytest.mark.parametrize("quanta", [5.0, 20.0, 100.0, 500.0, 2000.0])
def test_photon_transfer_within_two_per_cent(room, quanta):
    """Variance against mean of frame pairs: what quanta, Swank and electronics say."""
    middle = np.s_[64:960, 64:960]
    first, second = _pair(room, quanta, middle)
    mean = (first.mean() + second.mean()) / 2 / room.panel.counts_per_quantum
    assert 0.85 * quanta < mean < 1.05 * quanta
    variance = np.var(first - second) / 2
    model = (mean / 0.9 * room.panel.noise_variance + 2.5) * room.panel.counts_per_quantum**2
    assert variance == pytest.approx(model + 1 / 12, rel=0.02)


@pytest.mark.parametrize("quanta", [5.0, 20.0, 200.0, 2000.0])
def test_ideal_detector_counts_poisson(quanta):
    """All switched off but the quanta: white noise whose variance is the mean, also of few."""
    scene = Scene(Slab(), 512, 1, OPEN, settings=replace(IDEAL, noise="Poisson"))
    first, second = _pair(scene, quanta, np.s_[32:480, 32:480])
    per = scene.panel.counts_per_quantum
    mean = (first.mean() + second.mean()) / 2 / per
    assert np.var(first - second) / 2 / per**2 == pytest.approx(mean + 1 / 12 / per**2, rel=0.02)


def test_noise_power_spectrum_within_five_per_cent(room):
    side = 896
    first, second = _pair(room, 60.0, np.s_[64 : 64 + side, 64 : 64 + side])
    noise = (first - second) / np.sqrt(2.0)
    power = np.abs(np.fft.fft2(noise)) ** 2 / side**2 * room.panel.pixel_mm**2
    axis = np.fft.fftfreq(side, room.panel.pixel_mm)
    f = np.hypot(axis[:, None], axis[None, :])
    mean = first.mean() / room.panel.counts_per_quantum
    for low, high in ((0.05, 0.4), (0.4, 0.8), (0.8, 1.2), (1.2, 1.6), (1.6, 2.0)):
        band = (f >= low) & (f < high)
        expected = room.panel.noise_power(mean, f[band]).mean()
        assert power[band].mean() == pytest.approx(expected, rel=0.05), (low, high)


def _measured_mtf(settings):
    """From a slanted edge in an image without noise: cycles per pixel and modulation."""
    size, edge = 1024, Edge()
    settings = replace(settings, noise="off", electronic_noise=False, patterns=False, lag=False)
    scene = Scene(edge, size, 1, OPEN, settings=settings)
    image = scene.frame(0, 0.0, with_quanta(scene, 6000.0)).astype(np.float64)
    wide, step = 24, 0.25
    rows = slice(size // 2 - 200, size // 2 + 200)
    distance, value = edge.distance_px(size)[rows], np.log(image[rows])
    near = np.abs(distance) < wide
    bins = np.floor((distance[near] + wide) / step).astype(int)
    spread = np.bincount(bins, value[near]) / np.bincount(bins)
    line = np.diff(spread) * np.hanning(len(spread) - 1)
    response, f = np.abs(np.fft.rfft(line)), np.fft.rfftfreq(len(line), step)
    used = (f > 0.02) & (f < 0.3)
    return f[used], (response / response[0] / np.sinc(f * step) ** 2)[used]


def test_mtf_within_five_per_cent():
    """Scintillator and focal spot as one Gaussian, and the pixel's aperture, to 1.5 lp/mm."""
    f, measured = _measured_mtf(DetectorSettings())
    sigma_px = unsharpness_mm(DetectorSettings(), OPEN) / OPEN.view_mm * 1024
    model = np.exp(-2 * (np.pi * sigma_px * f) ** 2) * np.sinc(f)
    assert measured == pytest.approx(model, rel=0.05)


def test_without_the_scintillators_blur_pixel_and_focal_spot_are_left():
    f, measured = _measured_mtf(replace(DetectorSettings(), mtf=False))
    assert np.all(measured <= np.sinc(f) * 1.02)
    assert np.all(measured > 0.75 * np.sinc(f))


LAG_OF_A_PULSE = (0.020, 0.007, 0.004, 0.003)
"""What the four frames after one exposed frame hold of it: Siewerdsen and Jaffray 1999."""


def test_lag_of_one_pulse_is_the_published_one():
    """One exposed frame among dark ones at 30/s; nothing of it is left in the fifth."""
    scene = Scene(Slab(), 512, 1, OPEN, settings=replace(IDEAL, lag=True))
    empty, out = EmptyRoom(scene), np.empty((512, 512), np.uint16)
    technique, means = with_quanta(scene, 20_000.0), []
    for index, pulse in enumerate([technique, None, None, None, None, None]):
        empty.frame(index, pulse, out)
        means.append(out[32:480, 32:480].mean())
    assert np.array(means[1:5]) / means[0] == pytest.approx(LAG_OF_A_PULSE, abs=0.0003)
    assert means[5] == 0.0


@pytest.mark.parametrize(
    ("interval_s", "left"), [(1 / 30, (0.034, 0.014, 0.007, 0.003)), (1 / 15, (0.0128, 0.0058))]
)
def test_lag_of_a_stepped_beam(interval_s, left):
    """Long light, then darkness, where lags add up; the beam comes back lower by as much."""
    scene = Scene(Slab(), 512, 1, OPEN, settings=replace(DetectorSettings(), patterns=False))
    empty, out = EmptyRoom(scene), np.empty((512, 512), np.uint16)
    technique, means = with_quanta(scene, 3000.0), []
    pulses = [technique] * (LAG_PULSES + 1) + [None] * (LAG_PULSES + 1) + [technique]
    for index, pulse in enumerate(pulses):
        empty.frame(index, pulse, out, interval_s)
        means.append(out[32:480, 32:480].mean())
    first, steady, dark, again = means[0], means[LAG_PULSES], means[LAG_PULSES + 1 : -1], means[-1]
    assert steady == pytest.approx(first, rel=0.002)
    residual = (np.array(dark) - dark[-1]) / steady
    assert residual[: len(left)] == pytest.approx(left, abs=0.001)
    assert again / steady == pytest.approx(1.0 - left[0], abs=0.003)


def test_lag_of_a_patient_who_changes():
    """The same through the scene: from 20 mm to 120 mm of tissue at 30/s, pulse by pulse."""
    settings = replace(IDEAL, lag=True)
    scene = Scene(Slab(20.0, 120.0), 512, 1, OPEN, settings=settings)
    technique, inner = with_quanta(scene, 4000.0), np.s_[200:312, 200:312]
    times = Slab.CHANGE_S + np.arange(-LAG_PULSES, LAG_PULSES + 1) / 30.0
    before, after = (scene.frame(0, s, technique)[inner].mean() for s in times[[0, -1]])
    for frames, late in enumerate((0.034, 0.014, 0.007, 0.003, 0.0)):
        now = LAG_PULSES + frames
        past = [(float(s), technique) for s in times[:now][::-1]]
        mixed = scene.frame(now, float(times[now]), technique, before=past)[inner].mean()
        assert (mixed - after) / (before - after) == pytest.approx(late, abs=0.0004)


def test_a_pulse_leaves_the_lag_of_its_own_factors():
    settings = replace(IDEAL, lag=True)
    scene = Scene(Slab(100.0), 512, 1, OPEN, settings=settings)
    low = with_quanta(scene, 1000.0)
    high = replace(low, tube_current_ma=4.0 * low.tube_current_ma)
    alone = scene.frame(1, 1 / 30, low).mean()
    after = scene.frame(1, 1 / 30, low, before=[(0.0, high)]).mean()
    assert after / alone == pytest.approx(1.0 + 3.0 * 0.020, rel=0.002)


def test_read_out_noise_is_white():
    """Without quanta, the panel's own noise has the same power at every frequency."""
    settings = replace(DetectorSettings(), noise="off", lag=False, patterns=False)
    scene = Scene(Slab(), 512, 1, OPEN, settings=settings)
    first, second = (
        scene.frame(i, 0.0, with_quanta(scene, 100.0)).astype(np.float64) for i in (1, 2)
    )
    noise = ((first - second) / np.sqrt(2.0))[32:480, 32:480]
    power = np.abs(np.fft.fft2(noise)) ** 2 / noise.size
    f = np.hypot(*np.meshgrid(*[np.fft.fftfreq(448)] * 2))
    expected = scene.panel.electronic_quanta2 * scene.panel.counts_per_quantum**2 + 1 / 12
    for low, high in ((0.02, 0.15), (0.15, 0.3), (0.3, 0.5)):
        assert power[(f >= low) & (f < high)].mean() == pytest.approx(expected, rel=0.05)


def test_quantum_noise_is_skewed_like_counted_quanta():
    """Of Poisson's 1/√N, some more or less: fewer come often, many more seldom."""
    scene = Scene(Slab(), 512, 1, OPEN, settings=replace(IDEAL, noise="Poisson"))
    image = scene.frame(0, 0.0, with_quanta(scene, 9.0))[200:312, 200:312].astype(np.float64)
    away = image - image.mean()
    skewness = np.mean(away**3) / np.mean(away**2) ** 1.5
    assert 0.8 / 3.0 < skewness < 1.7 / 3.0


def test_in_a_raw_panels_shadow_read_out_noise_goes_both_ways():
    """Behind 600 mm of tissue hardly a quantum comes; the offset lets noise below it be seen."""
    settings = replace(DetectorSettings(), patterns=False, defects=False, lag=False)
    scene = Scene(Slab(600.0), 512, 1, OPEN, raw=True, settings=settings)
    dark = scene.frame(0, 0.0, with_quanta(scene, 20.0)).astype(np.float64)
    deviation = np.sqrt(scene.panel.electronic_quanta2) * scene.panel.counts_per_quantum
    offset = float(scene.panel.raw_offset.mean())
    assert dark.mean() == pytest.approx(offset, abs=0.5)
    assert dark.std() == pytest.approx(deviation, rel=0.05)
    assert np.median(dark) == pytest.approx(dark.mean(), abs=0.1 * deviation)


# ---- brightness and dose ------------------------------------------------------------------------


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(("first_mm", "then_mm"), [(100.0, 300.0), (300.0, 100.0)])
def test_brightness_settles_within_a_second_through_the_chain(curve, first_mm, then_mm):
    """Scatter, lag, noise and saturation included; the control sees only images."""
    scene, control = Scene(Slab(first_mm, then_mm), 512, 1, OPEN), BrightnessControl()
    target = control.target_quanta_per_mm2("normal", OPEN)
    technique, signals, lag = Technique(), [], deque(maxlen=LAG_PULSES)
    for index in range(45):
        t = (index - 20) / 15.0 + Slab.CHANGE_S
        scene.frame(index, t, technique, before=lag)
        lag.appendleft((t, technique))
        measured = scene.measured_quanta_per_mm2
        signals.append(measured / target)
        control, technique = control.next(technique, OPEN, 15.0, measured, curve=curve)
    settled, step = signals[15:20], np.array(signals[20:])
    assert settled == pytest.approx([1.0] * 5, abs=0.03)
    assert step[15:] == pytest.approx(np.ones(10), abs=0.03)
    overshoot = step.max() - 1.0 if then_mm > first_mm else 1.0 - step.min()
    assert overshoot < 0.05


def test_dose_totals_are_the_sums_over_pulses():
    rng = np.random.default_rng(2)
    kerma = kap = 0.0
    by_area = 0.0
    for _ in range(2000):
        technique = Technique(
            kv=float(rng.integers(50, 110)), tube_current_ma=float(rng.uniform(2, 100))
        )
        pulse = pulse_kerma_ugy(technique, OPEN)
        kerma += pulse
        kap += pulse_kap_ugym2(technique, OPEN)
        by_area += pulse * OPEN.field_area_reference_m2
    assert kap == pytest.approx(kerma * OPEN.field_area_reference_m2, rel=1e-9)
    assert kap == pytest.approx(by_area, rel=1e-9)


def test_dose_follows_the_beam_that_made_the_image():
    """More copper: less dose at the skin for the same signal behind the patient."""
    costs = []
    for copper in (0.0, 0.3):
        control = BrightnessControl()
        technique = Technique(filter_cu_mm=copper)
        for _ in range(8):
            b = Beam(technique.kv, 2.8, copper)
            seen = b.quanta_per_mm2_mas(1100.0) * technique.mas * b.transmission(200.0)
            control, technique = control.next(technique, OPEN, 15.0, seen)
        costs.append(pulse_kerma_ugy(technique, OPEN))
    assert costs[1] < 0.7 * costs[0]
