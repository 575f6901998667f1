"""The x-ray beam: from technique to air kerma, quanta and attenuation.

One object answers for image and dose alike, so the two can never disagree. Spectra and
coefficients come from the tables in `tables/`, made by `tools/make_tables.py` with SpekPy 2.5.4
(casim, tungsten, 12°) and xraydb; the detector is 0.6 mm of caesium iodide and integrates energy.
The sum over the spectrum is stood for by a few exponentials (`spectrum_fit.py`).
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from importlib.resources import files

import numpy as np

from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.physics.spectrum_fit import TERMS, fit_terms
from fluoroview_simulated.room.technique import KV_MAX, KV_MIN, Geometry, Technique

AGENTS = {"barium": "baso4", "iodine": "iodine", "none": None}
"""Contrast agents of a procedure, and the table that each is read from."""

TERMS_STEP_KV = 5.0
CSI_CM = 0.06
GRID_PRIMARY_TRANSMISSION = 0.7
SWANK = 0.9
"""Swank factor of caesium iodide: quantum noise power is that of Poisson divided by this.

For photons of one energy; the spread of energies comes on top. Zhao, Ristic and Rowlands, Med.
Phys. 31 (2004) 2594, measured 0.91 and 0.93 of two layers below the K-edge; it is less above."""

_JOULE_PER_KEV = 1.602176634e-16


def _load(name: str) -> dict[str, np.ndarray]:
    """One of the shipped tables, as it is stored."""
    with files("fluoroview_simulated").joinpath("tables", name).open("rb") as stream:
        table = np.load(stream, allow_pickle=False)
        return {key: table[key] for key in table.files}


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Spectra and coefficients as shipped, in float64."""

    spectra, mu = (
        {key: values.astype(np.float64) for key, values in _load(name).items()}
        for name in ("spectra.npz", "attenuation.npz")
    )
    return spectra, mu


@lru_cache(maxsize=1)
def _fits() -> dict[str, np.ndarray]:
    """The fits of `tools/make_beam_terms.py`; empty while that makes them."""
    try:
        return _load("beam_terms.npz")
    except FileNotFoundError:
        return {}


def _shipped_terms(
    kv: float, filter_al_mm: float, filter_cu_mm: float, agent: str, absorption: bool
) -> tuple[np.ndarray, np.ndarray] | None:
    """Weights and coefficients of a beam from the table, or None where it has no such beam."""
    fits = _fits()
    place = []
    for axis, value in (
        ("agent", agent),
        ("absorption", absorption),
        ("filter_al_mm", filter_al_mm),
        ("filter_cu_mm", filter_cu_mm),
        ("kv", kv),
    ):
        at = np.flatnonzero(fits.get(axis, np.empty(0)) == value)
        if len(at) == 0:
            return None
        place.append(int(at[0]))
    return fits["weights"][*place], fits["mu"][*place]


def attenuation(material: str) -> tuple[np.ndarray, np.ndarray]:
    """Energy bins in keV and the coefficient of `material` in 1/cm (agents: cm²/g)."""
    _, mu = _tables()
    return mu["energy_kev"], mu[material]


def materials(agent: str = "barium") -> tuple[str, str, str, str]:
    """Basis of the line-integral maps, in the order of every coefficient.

    Soft tissue, cortical bone and steel count in mm; the contrast agent in mm·g/cm³ of BaSO4 or of
    elemental iodine. With agent "none" the third attenuates nothing.
    """
    if agent not in AGENTS:
        raise ValueError(f"contrast agent {agent!r}: allowed are {', '.join(AGENTS)}")
    return ("soft", "bone", AGENTS[agent] or "none", "steel")


def _basis(agent: str) -> np.ndarray:
    """Coefficients of the four materials on the energy bins, (bins, 4) per mm."""
    mu = _tables()[1]
    nothing = np.zeros_like(mu["soft"])
    return np.stack([mu.get(name, nothing) for name in materials(agent)], axis=1) / 10.0


class Beam:
    """The beam of one tube voltage and filtration.

    Args:
        kv: tube voltage in kV, 40 to 125.
        filter_al_mm: total aluminium, the tube's own included.
        filter_cu_mm: added copper.
        agent: contrast agent of the procedure, a key of AGENTS.
        absorption: whether the scintillator is 0.6 mm of CsI; without, it takes every photon.

    Raises:
        ValueError: if the voltage lies outside the tables, or the agent is none of AGENTS.
    """

    def __init__(
        self,
        kv: float,
        filter_al_mm: float = 2.8,
        filter_cu_mm: float = 0.1,
        agent: str = "barium",
        absorption: bool = True,
    ) -> None:
        if not KV_MIN <= kv <= KV_MAX:
            raise ValueError(f"tube voltage {kv} kV: allowed are {KV_MIN:g} to {KV_MAX:g} kV")
        spectra, mu = _tables()
        self.kv, self.agent = kv, agent
        self._made_of = (filter_al_mm, filter_cu_mm, agent, absorption)
        self.energy_kev = spectra["energy_kev"]
        self.air_muen_cm2_g = spectra["air_muen_cm2_g"]
        raw = _spectrum(spectra, kv)
        self.fluence = raw * np.exp(
            -(mu["aluminium"] * filter_al_mm + mu["copper"] * filter_cu_mm) / 10.0
        )
        self._mu = mu
        self._basis = _basis(agent)
        absorbed = 1.0 - np.exp(-mu["csi"] * CSI_CM) if absorption else 1.0
        self._detected = self.fluence * absorbed
        self._response = self._detected * self.energy_kev

    @cached_property
    def terms(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights (TERMS,) and coefficients (TERMS, 4) per mm of the exponentials.

        Read from the shipped table for every beam that the room can choose, so that no pulse and
        no parameter waits for a fit; fitted where the voltage lies between whole kV.
        """
        shipped = _shipped_terms(self.kv, *self._made_of)
        return self.fitted_terms() if shipped is None else shipped

    def fitted_terms(self) -> tuple[np.ndarray, np.ndarray]:
        """Fit the exponentials: from scratch for every fifth kV (20 ms), else from there (4 ms)."""
        step = float(np.clip(round(self.kv / TERMS_STEP_KV) * TERMS_STEP_KV, KV_MIN, KV_MAX))
        near = None if step == self.kv else beam(step, *self._made_of).terms
        return fit_terms(self._response, self._basis, self.energy_kev, near)

    def kerma_ugy_per_mas(self, distance_mm: float = 1000.0) -> float:
        """Air kerma free in air in µGy per mAs at `distance_mm` from the focal spot."""
        energy_per_area = self.fluence * self.energy_kev * _JOULE_PER_KEV  # J/cm² per mAs
        gray = float(np.sum(energy_per_area * self.air_muen_cm2_g)) * 1e3  # cm²/g -> J/kg
        return gray * 1e6 * (1000.0 / distance_mm) ** 2

    def kerma_behind_ugy_per_mas(self, material: str, thickness_mm: float) -> float:
        """Primary air kerma at 1 m behind a slab (narrow beam)."""
        weight = np.exp(-self._mu[material] * thickness_mm / 10.0)
        energy_per_area = self.fluence * weight * self.energy_kev * _JOULE_PER_KEV
        return float(np.sum(energy_per_area * self.air_muen_cm2_g)) * 1e9

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
        self,
        soft_mm: float = 0.0,
        bone_mm: float = 0.0,
        agent_mm_g_cm3: float = 0.0,
        steel_mm: float = 0.0,
    ) -> float:
        """Detector signal behind the materials over the open-field signal, full spectrum."""
        through = np.exp(-self._basis @ (soft_mm, bone_mm, agent_mm_g_cm3, steel_mm))
        return float(np.sum(self._response * through) / np.sum(self._response))

    def transmissions(self, material: str, thickness_mm: FloatArray) -> FloatArray:
        """Detector signal behind slabs (n,) of one material over the open-field signal, (n,)."""
        through = np.exp(np.asarray(thickness_mm)[:, None] * (self._mu[material] / -10.0))
        signal: FloatArray = through @ self._response
        return signal / float(np.sum(self._response))

    def transmission_fitted(self, paths: FloatArray) -> FloatArray:
        """The same from the fitted exponentials; `paths` is (n, 4) in the units of `materials`."""
        weights, mu = self.terms
        signal: FloatArray = np.exp(-paths @ mu.T) @ weights
        return signal


@lru_cache(maxsize=256)
def beam(
    kv: float,
    filter_al_mm: float,
    filter_cu_mm: float,
    agent: str = "barium",
    absorption: bool = True,
) -> Beam:
    """A Beam from the store: its exponentials take some ms when they are first asked for."""
    return Beam(kv, filter_al_mm, filter_cu_mm, agent, absorption)


def mono_terms(energy_kev: float, agent: str = "barium") -> tuple[np.ndarray, np.ndarray]:
    """Exponentials of a beam of one energy, in the shape of `Beam.terms`: to test against."""
    energies, basis = _tables()[1]["energy_kev"], _basis(agent)
    row = np.array([np.interp(energy_kev, energies, column) for column in basis.T])
    return np.full(TERMS, 1.0 / TERMS), np.tile(row, (TERMS, 1))


def pulse_kerma_ugy(technique: Technique, geometry: Geometry) -> float:
    """Air kerma of one pulse at the reference point, free in air, in µGy."""
    b = beam(technique.kv, technique.filter_al_mm, technique.filter_cu_mm)
    return b.kerma_ugy_per_mas(geometry.source_reference_mm) * technique.mas


def pulse_kap_ugym2(technique: Technique, geometry: Geometry) -> float:
    """Kerma-area product of one pulse in µGy·m²: kerma times open field at the same distance."""
    return pulse_kerma_ugy(technique, geometry) * geometry.field_area_reference_m2


def _spectrum(spectra: dict[str, FloatArray], kv: float) -> FloatArray:
    """Photons per cm², mAs and bin: interpolated between whole kV at the same fraction E/kV."""
    table, energies = spectra["photons_per_cm2_mas"], spectra["energy_kev"]
    below = int(np.floor(kv))
    row = below - int(spectra["kv"][0])
    fraction = kv - below
    if fraction == 0.0:
        whole: FloatArray = table[row]
        return whole.copy()
    low = np.interp(energies * below / kv, energies, table[row]) * below / kv
    high = np.interp(energies * (below + 1) / kv, energies, table[row + 1]) * (below + 1) / kv
    photons: FloatArray = (1.0 - fraction) * low + fraction * high
    return photons
