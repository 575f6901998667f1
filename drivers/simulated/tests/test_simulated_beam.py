"""The beam against SpekPy 2.5.4 (casim, tungsten, 12°, no air), and against first principles."""

import numpy as np
import pytest

from fluoroview_simulated.physics import beam as beam_module
from fluoroview_simulated.physics.beam import (
    AGENTS,
    Beam,
    attenuation,
    beam,
    materials,
    mono_terms,
    pulse_kap_ugym2,
    pulse_kerma_ugy,
)
from fluoroview_simulated.room.technique import ALUMINIUM_MM, COPPER_MM, Geometry, Technique

# kV, mm Cu in addition to 2.5 mm Al: HVL in mm Al, air kerma in µGy per mAs at 100 cm.
SPEKPY = [
    (60, 0.0, 2.08, 48.9),
    (60, 0.1, 3.32, 18.8),
    (60, 0.2, 4.13, 10.0),
    (60, 0.3, 4.71, 6.14),
    (70, 0.0, 2.40, 64.9),
    (70, 0.1, 3.85, 28.1),
    (70, 0.2, 4.81, 16.5),
    (70, 0.3, 5.51, 11.0),
    (80, 0.0, 2.73, 82.0),
    (80, 0.1, 4.40, 39.2),
    (80, 0.2, 5.50, 24.7),
    (80, 0.3, 6.28, 17.5),
    (100, 0.0, 3.46, 118.9),
    (100, 0.1, 5.46, 65.8),
    (100, 0.2, 6.72, 46.0),
    (100, 0.3, 7.59, 35.2),
    (120, 0.0, 4.22, 158.7),
    (120, 0.1, 6.42, 97.4),
    (120, 0.2, 7.73, 72.5),
    (120, 0.3, 8.62, 58.2),
]


@pytest.mark.parametrize(("kv", "copper", "hvl", "kerma"), SPEKPY)
def test_tables_agree_with_spekpy(kv, copper, hvl, kerma):
    beam = Beam(kv, 2.5, copper)
    assert beam.hvl_mm_al() == pytest.approx(hvl, rel=0.03)
    assert beam.kerma_ugy_per_mas() == pytest.approx(kerma, rel=0.03)


def test_kerma_between_whole_kv_lies_between_its_neighbours():
    low, middle, high = (Beam(kv, 2.8, 0.1).kerma_ugy_per_mas() for kv in (72, 72.5, 73))
    assert low < middle < high
    assert middle == pytest.approx((low + high) / 2, rel=0.005)


def test_inverse_square():
    beam = Beam(72)
    assert beam.kerma_ugy_per_mas(500) == pytest.approx(4 * beam.kerma_ugy_per_mas(1000))


@pytest.mark.parametrize("kv", [39.9, 125.1])
def test_voltage_outside_the_tables_is_refused(kv):
    with pytest.raises(ValueError, match="40 to 125 kV"):
        Beam(kv)


@pytest.mark.parametrize(
    ("material", "energy_kev", "mu_cm"),
    [
        ("water", 40.0, 0.2683),
        ("water", 60.0, 0.2059),
        ("bone", 60.0, 0.310 * 1.92),
        ("baso4", 60.0, 5.116),
        ("iodine", 60.0, 7.577),
    ],
)
def test_coefficients_agree_with_nist(material, energy_kev, mu_cm):
    energies, mu = attenuation(material)
    assert np.interp(energy_kev, energies, mu) == pytest.approx(mu_cm, rel=0.025)


def test_barium_edge_lies_at_37_4_kev():
    energies, mu = attenuation("baso4")
    below, above = np.interp([36.5, 38.0], energies, mu)
    assert 3.0 < below < 4.0
    assert 16.0 < above < 18.0


def test_quanta_behind_20_cm_of_water():
    assert Beam(70, 2.5, 0.1).detected_per_mm2_ugy(200.0) == pytest.approx(26_000, rel=0.08)


@pytest.mark.parametrize(
    ("material", "energy_kev", "mu_cm"),
    # Iron alone has 1.205 and 0.5952 cm²/g at 60 and 80 keV (NIST); steel also holds nickel.
    [("steel", 60.0, 1.205 * 8.0), ("steel", 80.0, 0.5952 * 8.0)],
)
def test_steel_attenuates_about_as_iron(material, energy_kev, mu_cm):
    energies, mu = attenuation(material)
    assert np.interp(energy_kev, energies, mu) == pytest.approx(mu_cm, rel=0.05)


def _random_paths(seed, count=600):
    """Long and short paths through all four materials, each absent from half of the rays."""
    rng = np.random.default_rng(seed)
    u = rng.random((count, 4)) ** (1.0, 1.5, 2.0, 2.0)
    absent = rng.random((count, 4)) < (0.1, 0.5, 0.5, 0.5)
    return np.where(absent, 0.0, u * (400.0, 80.0, 14.0, 10.0))


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize(
    ("kv", "copper"), [(40, 0.0), (50, 0.0), (72, 0.1), (90.5, 0.2), (120, 0.3), (125, 0.9)]
)
def test_few_exponentials_stand_for_the_spectrum(kv, copper, agent):
    b = Beam(kv, 2.8, copper, agent)
    paths = _random_paths(0)
    truth = np.array([b.transmission(*path) for path in paths])
    error = (b.transmission_fitted(paths) / truth - 1)[truth >= 1e-4]
    assert np.sqrt(np.mean(error**2)) < 0.0025
    assert np.quantile(np.abs(error), 0.99) < 0.012
    assert b.transmission_fitted(np.zeros((1, 4)))[0] == pytest.approx(1.0, abs=1e-9)


def test_fit_is_right_for_an_abdomen_from_the_side_behind_metal():
    b = beam(90.0, 2.8, 0.3, "iodine")
    paths = np.array(
        [[s, 20.0, c, m] for s in (200, 300, 400) for c in (0, 3) for m in (0, 0.4, 3)]
    )
    truth = np.array([b.transmission(*path) for path in paths])
    seen = truth > 1e-4
    assert seen.sum() > 6
    assert np.abs(b.transmission_fitted(paths)[seen] / truth[seen] - 1).max() < 0.005


def test_without_an_agent_the_third_map_does_nothing():
    b = Beam(72, agent="none")
    assert materials("none") == ("soft", "bone", "none", "steel")
    assert b.transmission(agent_mm_g_cm3=5.0) == 1.0
    assert b.transmission_fitted(np.array([[0.0, 0, 5, 0]]))[0] == pytest.approx(1.0)


def test_unknown_agent_is_refused_with_what_is_allowed():
    with pytest.raises(ValueError, match=r"'gadolinium'.*barium, iodine, none"):
        Beam(72, agent="gadolinium")


def test_one_energy_attenuates_exponentially():
    weights, mu = mono_terms(60.0, "iodine")
    path = np.array([100.0, 10.0, 2.0, 1.0])
    expected = np.exp(-(10.0 * 0.2048 * 1.06 + 0.310 * 1.92 + 0.2 * 7.577 + 0.1 * 9.64))
    assert np.exp(-path @ mu.T) @ weights == pytest.approx(expected, rel=0.03)


def test_a_detector_that_takes_every_photon_counts_more_of_them():
    ratios = [
        Beam(kv, absorption=False).quanta_per_mm2_mas(1000) / Beam(kv).quanta_per_mm2_mas(1000)
        for kv in (72, 110)
    ]
    assert 1.02 < ratios[0] < ratios[1] < 1.3


def test_slab_of_soft_tissue_against_a_sum_over_the_spectrum():
    beam = Beam(72)
    energies, soft = attenuation("soft")
    _, csi = attenuation("csi")
    signal = beam.fluence * (1 - np.exp(-csi * 0.06)) * energies
    expected = np.sum(signal * np.exp(-soft * 11.0)) / np.sum(signal)
    assert beam.transmission(soft_mm=110.0) == pytest.approx(expected, rel=1e-9)
    assert beam.transmission_fitted(np.array([[110.0, 0, 0, 0]]))[0] == pytest.approx(
        expected, 5e-3
    )


def test_kerma_area_product_is_kerma_times_field():
    geometry = Geometry(field_width_mm=200.0, field_height_mm=150.0)
    technique = Technique()
    area_m2 = 0.200 * 0.150 * (730.0 / 1100.0) ** 2
    assert pulse_kap_ugym2(technique, geometry) == pytest.approx(
        pulse_kerma_ugy(technique, geometry) * area_m2
    )


def test_reference_point_lies_15_cm_before_the_isocentre():
    technique, geometry = Technique(), Geometry()
    at_one_metre = Beam(technique.kv).kerma_ugy_per_mas() * technique.mas
    assert pulse_kerma_ugy(technique, geometry) == pytest.approx(at_one_metre * (1000 / 730) ** 2)


@pytest.mark.parametrize("agent", ["barium", "iodine", "none"])
@pytest.mark.parametrize(("kv", "copper_mm"), [(40.0, 0.0), (71.0, 0.1), (125.0, 0.9)])
def test_the_shipped_exponentials_are_those_of_the_fit(agent, kv, copper_mm):
    shipped, fitted = Beam(kv, 2.8, copper_mm, agent), Beam(kv, 2.8, copper_mm, agent)
    paths = np.array([(0.0, 0.0, 0.0, 0.0), (200.0, 5.0, 3.0, 0.0), (100.0, 0.0, 0.0, 0.5)])
    weights, mu = fitted.fitted_terms()
    expected = np.exp(-paths @ mu.T) @ weights
    assert shipped.transmission_fitted(paths) == pytest.approx(expected, rel=2e-3)


def test_a_beam_of_the_room_needs_no_fit(monkeypatch):
    def fit(*_args):
        raise AssertionError("fitted")

    monkeypatch.setattr(beam_module, "fit_terms", fit)
    for copper_mm in COPPER_MM:
        for kv in (40.0, 83.0, 125.0):
            assert Beam(kv, ALUMINIUM_MM, copper_mm, "iodine").terms[1].shape == (6, 4)


def test_a_voltage_between_whole_kv_is_fitted_from_the_next_one():
    weights, mu = beam(71.5, 2.8, 0.1, "iodine").terms
    again = Beam(71.5, 2.8, 0.1, "iodine").terms
    assert np.array_equal(weights, again[0])
    assert np.array_equal(mu, again[1])
