"""The x-ray beam: from technique to air kerma, quanta and attenuation.

One object answers for picture and dose alike, so the two can never disagree. Spectra and
coefficients come from the tables in `tables/`, made by `tools/make_tables.py` with SpekPy 2.5.4
(casim, tungsten, 12°) and xraydb; the detector is 0.6 mm of caesium iodide and integrates energy.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np

from fluoroview_simulated.technique import KV_MAX, KV_MIN, Geometry, Technique

MATERIALS = ("soft", "bone", "baso4")
"""Basis of the line-integral maps: soft tissue and bone in mm, BaSO4 in mm·g/cm³."""

TERMS = 6
"""Exponentials that stand for the whole spectrum (rms error about 0.1 %, see the tests)."""

CSI_CM = 0.06
GRID_PRIMARY_TRANSMISSION = 0.7
SWANK = 0.9
"""Swank factor of caesium iodide: quantum noise power is that of Poisson divided by this."""

_JOULE_PER_KEV = 1.602176634e-16


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Spectra and coefficients as shipped, in float64."""

    def load(name: str) -> dict[str, np.ndarray]:
        with files("fluoroview_simulated").joinpath("tables", name).open("rb") as stream:
            table = np.load(stream, allow_pickle=False)
            return {key: table[key].astype(np.float64) for key in table.files}

    return load("spectra.npz"), load("attenuation.npz")


def attenuation(material: str) -> tuple[np.ndarray, np.ndarray]:
    """Energy bins in keV and the coefficient of `material` in 1/cm (agents: cm²/g)."""
    _, mu = _tables()
    return mu["energy_kev"], mu[material]


class Beam:
    """The beam of one tube voltage and filtration.

    Args:
        kv: tube voltage in kV, 40 to 125.
        filter_al_mm: total aluminium, the tube's own included.
        filter_cu_mm: added copper.

    Raises:
        ValueError: if the voltage lies outside the tables.
    """

    def __init__(self, kv: float, filter_al_mm: float = 2.8, filter_cu_mm: float = 0.1) -> None:
        if not KV_MIN <= kv <= KV_MAX:
            raise ValueError(f"tube voltage {kv} kV: allowed are {KV_MIN:g} to {KV_MAX:g} kV")
        spectra, mu = _tables()
        self.energy_kev = spectra["energy_kev"]
        self._air_muen = spectra["air_muen_cm2_g"]
        raw = _spectrum(spectra, kv)
        self.fluence = raw * np.exp(
            -(mu["aluminium"] * filter_al_mm + mu["copper"] * filter_cu_mm) / 10.0
        )
        self._mu = mu
        self._detected = self.fluence * (1.0 - np.exp(-mu["csi"] * CSI_CM))
        self._response = self._detected * self.energy_kev
        self.terms = _fit_terms(
            self._response, np.stack([mu[m] for m in MATERIALS], axis=1) / 10.0, self.energy_kev
        )

    def kerma_ugy_per_mas(self, distance_mm: float = 1000.0) -> float:
        """Air kerma free in air in µGy per mAs at `distance_mm` from the focal spot."""
        energy_per_area = self.fluence * self.energy_kev * _JOULE_PER_KEV  # J/cm² per mAs
        gray = float(np.sum(energy_per_area * self._air_muen)) * 1e3  # cm²/g -> J/kg
        return gray * 1e6 * (1000.0 / distance_mm) ** 2

    def kerma_behind_ugy_per_mas(self, material: str, thickness_mm: float) -> float:
        """Primary air kerma at 1 m behind a slab (narrow beam)."""
        weight = np.exp(-self._mu[material] * thickness_mm / 10.0)
        energy_per_area = self.fluence * weight * self.energy_kev * _JOULE_PER_KEV
        return float(np.sum(energy_per_area * self._air_muen)) * 1e9

    def hvl_mm_al(self) -> float:
        """First half-value layer in mm of aluminium."""
        low, high = 0.0, 30.0
        half = self.kerma_behind_ugy_per_mas("aluminium", 0.0) / 2.0
        for _ in range(50):
            middle = (low + high) / 2.0
            if self.kerma_behind_ugy_per_mas("aluminium", middle) > half:
                low = middle
            else:
                high = middle
        return (low + high) / 2.0

    def quanta_per_mm2_mas(self, distance_mm: float, grid: bool = True) -> float:
        """Energy-weighted quanta that the bare detector counts per mm² and mAs.

        A quantum here carries the mean energy of noise ⟨E²⟩/⟨E⟩, so that the variance of the
        energy signal is the mean in these units (the energy-moment part of Swank's factor).
        """
        first = np.sum(self._detected * self.energy_kev)
        second = np.sum(self._detected * self.energy_kev**2)
        per_cm2 = first * first / second * (1000.0 / distance_mm) ** 2
        return float(per_cm2) / 100.0 * (GRID_PRIMARY_TRANSMISSION if grid else 1.0)

    def detected_per_mm2_ugy(self, water_mm: float = 0.0) -> float:
        """Quanta detected per mm² and µGy of air kerma at the detector, behind water."""
        through = np.exp(-self._mu["water"] * water_mm / 10.0)
        return (
            float(np.sum(self._detected * through))
            / 100.0
            / self.kerma_behind_ugy_per_mas("water", water_mm)
        )

    def transmission(
        self, soft_mm: float = 0.0, bone_mm: float = 0.0, barium_mm_g_cm3: float = 0.0
    ) -> float:
        """Detector signal behind the materials over the open-field signal, full spectrum."""
        path = (soft_mm, bone_mm, barium_mm_g_cm3)
        mu = sum(self._mu[m] * t for m, t in zip(MATERIALS, path, strict=True)) / 10.0
        return float(np.sum(self._response * np.exp(-mu)) / np.sum(self._response))

    def transmission_fitted(self, paths: np.ndarray) -> np.ndarray:
        """The same from the fitted exponentials; `paths` is (n, 3) in the units of MATERIALS."""
        weights, mu = self.terms
        return np.exp(-paths @ mu.T) @ weights


@lru_cache(maxsize=32)
def beam(kv: float, filter_al_mm: float, filter_cu_mm: float) -> Beam:
    """A Beam from the store: making one costs some 20 ms."""
    return Beam(kv, filter_al_mm, filter_cu_mm)


def pulse_kerma_ugy(technique: Technique, geometry: Geometry) -> float:
    """Air kerma of one pulse at the reference point, free in air, in µGy."""
    b = beam(technique.kv, technique.filter_al_mm, technique.filter_cu_mm)
    return b.kerma_ugy_per_mas(geometry.source_reference_mm) * technique.mas


def pulse_kap_ugym2(technique: Technique, geometry: Geometry) -> float:
    """Kerma-area product of one pulse in µGy·m²: kerma times open field at the same distance."""
    return pulse_kerma_ugy(technique, geometry) * geometry.field_area_reference_m2


def _spectrum(spectra: dict[str, np.ndarray], kv: float) -> np.ndarray:
    """Photons per cm², mAs and bin: interpolated between whole kV at the same fraction E/kV."""
    table, energies = spectra["photons_per_cm2_mas"], spectra["energy_kev"]
    below = int(np.floor(kv))
    row = below - int(spectra["kv"][0])
    fraction = kv - below
    if fraction == 0.0:
        return table[row].copy()
    low = np.interp(energies * below / kv, energies, table[row]) * below / kv
    high = np.interp(energies * (below + 1) / kv, energies, table[row + 1]) * (below + 1) / kv
    return (1.0 - fraction) * low + fraction * high


def _fit_terms(
    response: np.ndarray, mu_per_mm: np.ndarray, energies: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (TERMS,) and coefficients (TERMS, 3) of a few exponentials for the spectrum.

    Levenberg-Marquardt on the logarithms (so both stay positive), relative errors on a grid of
    thicknesses, started from quantiles of the spectrum behind a neck.
    """
    keep = response > 1e-7 * response.sum()
    response = response[keep] / response[keep].sum()
    mu, energies = mu_per_mm[keep], energies[keep]
    paths = np.array(
        [
            (s, b, c)
            for s in (0, 12, 25, 50, 80, 110, 140, 180, 240, 320)
            for b in (0, 3, 8, 15, 30, 50, 80)
            for c in (0, 0.3, 1, 2, 5, 10, 16)
        ],
        float,
    )
    truth = np.exp(-paths @ mu.T) @ response
    certainty = 1.0 / (truth + 1e-4)
    certainty[paths.sum(axis=1) == 0] *= 10.0
    hardened = np.cumsum(response * np.exp(-mu @ np.array([60.0, 5.0, 0.3])))
    start = np.interp((np.arange(TERMS) + 0.5) / TERMS, hardened / hardened[-1], energies)
    log_mu = np.log(np.stack([np.interp(start, energies, mu[:, j]) for j in range(3)], axis=1))
    logs = np.concatenate([np.full(TERMS, -np.log(TERMS)), log_mu.ravel()])

    def model(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mu_k = np.exp(logs[TERMS:].reshape(TERMS, 3))
        return np.exp(logs[:TERMS]) * np.exp(-paths @ mu_k.T), mu_k

    terms, mu_k = model(logs)
    error = (terms.sum(axis=1) - truth) * certainty
    damping = 1e-2
    for _ in range(50):
        by_mu = -terms[:, :, None] * mu_k[None] * paths[:, None, :]
        jacobian = np.concatenate([terms, by_mu.reshape(len(paths), -1)], axis=1)
        jacobian *= certainty[:, None]
        normal = jacobian.T @ jacobian
        normal += np.diag(np.diag(normal) * damping + 1e-12)
        step = logs - np.linalg.solve(normal, jacobian.T @ error)
        new_terms, new_mu = model(step)
        new_error = (new_terms.sum(axis=1) - truth) * certainty
        if new_error @ new_error < error @ error:
            logs, terms, mu_k, error = step, new_terms, new_mu, new_error
            damping = max(damping / 4.0, 1e-9)
        else:
            damping = min(damping * 4.0, 1e6)
    return np.exp(logs[:TERMS]), mu_k
