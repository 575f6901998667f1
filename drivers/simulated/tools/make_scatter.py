"""Transports photons through slabs of water: the reference that scatter and backscatter hold to.

Run it where the driver is installed (it needs also `pip install xraydb`; some minutes):

    python tools/make_scatter.py

A pencil beam of the driver's own spectrum meets a slab of endless breadth. What leaves behind is
scored by its distance from the pencil's ray, as the detector would see it, without and with a grid;
a field of some radius then gives in its middle what the pencil gives within that radius. What
leaves in front is scored as air kerma. Photoelectric absorption, Rayleigh scattering with form
factors of free atoms and Compton scattering by bound electrons; cross-sections are xraydb's (Elam).
It prints

- backscatter factors next to the published ones (Benmakhlouf et al. 2013, see `skin.py`): a test of
  the transport, which meets them within 3 %;
- scatter over primary right behind a slab, as text books have it;
- the same for a patient in the isocentre of the simulated stand, which `scatter.py` is fitted to,
  and what the lamellae of a 13:1 grid let through of it.
"""

# Compiled functions take their types from their arguments.
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xraydb
from numba import njit

from fluoroview_simulated.physics.beam import CSI_CM, Beam, attenuation
from fluoroview_simulated.room.skin import backscatter_factor
from fluoroview_simulated.room.technique import Geometry

PHOTONS = 1_000_000
FIRST_KEV, STEP_KEV = 2.0, 0.5
ENERGIES_KEV = np.arange(FIRST_KEV, 126.0, STEP_KEV)
ORIGIN, AHEAD = (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)
X_STEP = 0.005
X = np.arange(0.0, 11.0, X_STEP)
"""sin(θ/2)/λ in 1/Å."""
RADII_MM = np.concatenate([np.arange(0.0, 400.0, 2.0), np.arange(400.0, 3000.0, 50.0)])
HC_KEV_ANGSTROM = 12.398
ELECTRON_KEV = 511.0
BOHR_ANGSTROM = 0.529177


class Material(NamedTuple):
    """Mass fractions and density of a slab."""

    composition: dict[str, float]
    density_g_cm3: float


WATER = Material({"H": 0.1119, "O": 0.8881}, 1.0)


def cross_sections(material: Material) -> np.ndarray:
    """Photoelectric, Rayleigh and Compton coefficients in 1/mm, (3, energies)."""
    found = np.zeros((3, len(ENERGIES_KEV)))
    for row, kind in enumerate(("photo", "coh", "incoh")):
        for symbol, fraction in material.composition.items():
            found[row] += fraction * xraydb.mu_elam(symbol, ENERGIES_KEV * 1e3, kind=kind)
    return found * material.density_g_cm3 / 10.0


def form_factor2(material: Material, x: np.ndarray) -> np.ndarray:
    """Square of the form factor by x = sin(θ/2)/λ in 1/Å, atoms by number, to a common scale."""
    total = np.zeros_like(x)
    for symbol, fraction in material.composition.items():
        total += fraction / xraydb.atomic_mass(symbol) * xraydb.f0(symbol, x) ** 2
    return total


def incoherent_share(material: Material, x: np.ndarray) -> np.ndarray:
    """Incoherent scattering function per electron, by x in 1/Å: what binding leaves of Compton.

    Waller and Hartree's 1 - f² of each electron, without exchange: two of the K shell as hydrogen's
    in the nucleus's field, less 0.3 charges, the others sharing the rest of the form factor.
    """
    electrons, total = 0.0, np.zeros_like(x)
    for symbol, fraction in material.composition.items():
        atoms, z = fraction / xraydb.atomic_mass(symbol), xraydb.atomic_number(symbol)
        inner = min(z, 2)
        shell = (1.0 + (2.0 * np.pi * BOHR_ANGSTROM * x / (z - 0.3 * (z > 1))) ** 2) ** -2
        outer = (xraydb.f0(symbol, x) - inner * shell) / max(z - inner, 1)
        total += atoms * (inner * (1.0 - shell**2) + (z - inner) * (1.0 - outer**2))
        electrons += atoms * z
    return np.clip(total / electrons, 0.0, 1.0)


def rayleigh_table(material: Material) -> tuple[np.ndarray, np.ndarray]:
    """x² up to the largest, and ∫F² dx² up to there: to draw angles from."""
    x2 = np.linspace(0.0, (ENERGIES_KEV[-1] / HC_KEV_ANGSTROM) ** 2, 20001)
    x2 = x2**2 / x2[-1]  # finer at small angles
    f2 = form_factor2(material, np.sqrt(x2))
    return x2, np.concatenate([[0.0], np.cumsum((f2[1:] + f2[:-1]) / 2.0 * np.diff(x2))])


class Tables(NamedTuple):
    """What one photon needs to know; energies are rows of ENERGIES_KEV, lengths in mm.

    Attributes:
        start: cumulative share of the spectrum.
        mu: photoelectric, Rayleigh and Compton coefficients, (3, energies) in 1/mm.
        x2, below: see `rayleigh_table`.
        bound: see `incoherent_share`, on X.
        detected: keV that the scintillator takes, by energy and 50 steps of the cosine.
        kerma: air kerma per fluence.
        grid: see `grid_table`.
    """

    start: np.ndarray
    mu: np.ndarray
    x2: np.ndarray
    below: np.ndarray
    bound: np.ndarray
    detected: np.ndarray
    kerma: np.ndarray
    grid: np.ndarray


@njit
def rayleigh_cosine(energy, x2, below):
    """Cosine of a coherent scattering: the form factor's, then Thomson's by refusal."""
    most = (energy / HC_KEV_ANGSTROM) ** 2
    limit = np.interp(most, x2, below)
    while True:
        cosine = 1.0 - 2.0 * np.interp(np.random.random() * limit, below, x2) / most
        if np.random.random() < (1.0 + cosine * cosine) / 2.0:
            return cosine


@njit
def compton_cosine(energy, bound):
    """Cosine of an incoherent scattering: Klein and Nishina's, and the binding, by refusal."""
    while True:
        cosine = 2.0 * np.random.random() - 1.0
        left = 1.0 / (1.0 + energy / ELECTRON_KEV * (1.0 - cosine))
        free = left * left * (left + 1.0 / left - 1.0 + cosine * cosine) / 2.0
        x = energy / HC_KEV_ANGSTROM * np.sqrt((1.0 - cosine) / 2.0)
        if np.random.random() < free * bound[int(x / X_STEP)]:
            return cosine


@njit
def turned(ux, uy, uz, cosine):
    """A direction turned by an angle of that cosine, any way about itself."""
    turn = 2.0 * np.pi * np.random.random()
    sine = np.sqrt(max(1.0 - cosine * cosine, 0.0))
    a, b = sine * np.cos(turn), sine * np.sin(turn)
    level = np.sqrt(max(1.0 - uz * uz, 0.0))
    if level < 1e-6:
        return a, b, cosine * np.sign(uz)
    return (
        (a * ux * uz - b * uy) / level + cosine * ux,
        (a * uy * uz + b * ux) / level + cosine * uy,
        -a * level + cosine * uz,
    )


@njit
def photon(slab_mm, tables):
    """Follows one: place, direction and row of its energy where it leaves scattered, else -1."""
    row, (x, y, z), (ux, uy, uz) = np.searchsorted(tables.start, np.random.random()), ORIGIN, AHEAD
    energy, scattered, mu = FIRST_KEV + STEP_KEV * row, False, tables.mu
    while row >= 0:
        total = mu[0, row] + mu[1, row] + mu[2, row]
        step = -np.log(1.0 - np.random.random()) / total
        x, y, z = x + step * ux, y + step * uy, z + step * uz
        if z >= slab_mm or z <= 0.0:
            return x, y, z, ux, uy, uz, row if scattered else -1
        kind = np.random.random() * total
        if kind < mu[0, row]:
            break
        scattered = True
        if kind < mu[0, row] + mu[1, row]:
            cosine = rayleigh_cosine(energy, tables.x2, tables.below)
        else:
            cosine = compton_cosine(energy, tables.bound)
            energy /= 1.0 + energy / ELECTRON_KEV * (1.0 - cosine)
            row = int((energy - FIRST_KEV) / STEP_KEV + 0.5)
        ux, uy, uz = turned(ux, uy, uz, cosine)
    return x, y, z, ux, uy, uz, -1


@njit
def transport(photons, slab_mm, gap_mm, tables, radii, seed):
    """Scattered signal behind, without and with grid, and kerma in front, by radius."""
    np.random.seed(seed)
    behind, front = np.zeros((2, len(radii))), np.zeros(len(radii))
    for _ in range(photons):
        x, y, z, ux, uy, uz, row = photon(slab_mm, tables)
        if row < 0:
            continue
        plane = 0.0 if uz < 0.0 else slab_mm + gap_mm
        on = (plane - z) / uz
        radius = np.hypot(x + on * ux, y + on * uy)
        at = np.searchsorted(radii, radius, side="right") - 1
        if uz < 0.0:
            front[at] += tables.kerma[row] / max(-uz, 0.01)
            continue
        share = tables.detected[row, min(int(uz * 50.0), 49)]
        across = min(int(abs(ux / uz) * 100.0), tables.grid.shape[1] - 1)
        behind[0, at] += share
        behind[1, at] += share * tables.grid[row, across]
    return behind, front


def grid_table(ratio: float, lines_per_mm: float, lead_mm: float) -> np.ndarray:
    """Transmission of a grid's lamellae by energy and by 100 × slope across them.

    Lead strips with a weightless interspace, focused, so that slope 0 is the primary. The covers
    and the interspace, alike for both, are neglected.
    """
    pitch = 1.0 / lines_per_mm
    height = ratio * (pitch - lead_mm)
    lead = xraydb.mu_elam("Pb", ENERGIES_KEV * 1e3) * 11.35 / 10.0
    table = np.empty((len(ENERGIES_KEV), 600))
    start = (np.arange(400) + 0.5) / 400.0 * pitch
    for column in range(table.shape[1]):
        slope = (column + 0.5) / 100.0
        end = start + slope * height

        def covered(at: np.ndarray) -> np.ndarray:
            return np.floor(at / pitch) * lead_mm + np.minimum(at % pitch, lead_mm)

        across = covered(end) - covered(start)
        way = across / slope * np.sqrt(1.0 + slope * slope)
        table[:, column] = np.exp(-lead[:, None] * way).mean(axis=1)
    return table


class Slab:
    """A slab in a beam: what a field of some radius gives in its middle.

    `grid_share` is what the grid's lamellae let through of the scatter.
    """

    def __init__(
        self, beam: Beam, material: Material, slab_mm: float, gap_mm: float, grid: np.ndarray
    ) -> None:
        mu = cross_sections(material)
        share = np.interp(ENERGIES_KEV, beam.energy_kev, beam.fluence, left=0.0, right=0.0)
        share /= share.sum()
        csi = np.interp(ENERGIES_KEV, *attenuation("csi"))
        cosine = (np.arange(50) + 0.5) / 50.0
        kerma = ENERGIES_KEV * np.interp(ENERGIES_KEV, beam.energy_kev, beam.air_muen_cm2_g)
        tables = Tables(
            np.cumsum(share),
            mu,
            *rayleigh_table(material),
            incoherent_share(material, X),
            ENERGIES_KEV[:, None] * (1.0 - np.exp(-csi[:, None] * CSI_CM / cosine)),
            kerma,
            grid,
        )
        behind, front = transport(PHOTONS, slab_mm, gap_mm, tables, RADII_MM, 1)
        through = share * np.exp(-mu.sum(axis=0) * slab_mm)
        primary = np.sum(through * ENERGIES_KEV * (1.0 - np.exp(-csi * CSI_CM)))
        self._ratio = np.cumsum(behind[0]) / PHOTONS / primary
        self._backscatter = 1.0 + np.cumsum(front) / PHOTONS / np.sum(share * kerma)
        self.grid_share = float(behind[1].sum() / behind[0].sum())

    def ratio_within(self, radius_mm: float) -> float:
        """Scatter over primary in the middle of a round field, at the detector, no grid."""
        return float(np.interp(radius_mm, RADII_MM[1:], self._ratio[:-1]))

    def backscatter_within(self, radius_mm: float) -> float:
        """Air kerma at the surface over that without the slab."""
        return float(np.interp(radius_mm, RADII_MM[1:], self._backscatter[:-1]))


def round_as(width_mm: float, height_mm: float) -> float:
    """Radius of the round field of the same area."""
    return float(np.sqrt(width_mm * height_mm / np.pi))


def main() -> None:
    """Prints the three comparisons."""
    grid = grid_table(13.0, 7.0, 0.036)
    print("Backscatter of water: published, transported")
    for kv, copper in ((60.0, 0.0), (80.0, 0.1), (80.0, 0.9), (110.0, 0.3)):
        b = Beam(kv, 3.1, copper)
        slab = Slab(b, WATER, 300.0, 100.0, grid)
        for side in (50.0, 100.0, 200.0, 350.0):
            known = backscatter_factor(kv, b.hvl_mm_al(), side)
            found = slab.backscatter_within(round_as(side, side))
            print(f"  {kv:g} kV, {copper:g} mm Cu, {side:g} mm: {known:.3f} {found:.3f}")
    slab = Slab(Beam(80.0), WATER, 200.0, 0.0, grid)
    near = ", ".join(f"{s:g}: {slab.ratio_within(round_as(s, s)):.2f}" for s in (100.0, 300.0))
    print(f"Right behind 200 mm of water, 80 kV; mm of field: ratio; {near}")
    print("Patient in the isocentre, 80 kV: mm of water; mm of field there: ratio without grid")
    g = Geometry()
    behind = g.source_image_mm - g.source_isocentre_mm
    for thick in (50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0):
        slab = Slab(Beam(80.0), WATER, thick, behind - thick / 2.0, grid)
        at = {
            side: slab.ratio_within(round_as(side, side) * g.magnification)
            for side in (50, 100, 150, 200, 300, 400, 2000)
        }
        ratios = ", ".join(f"{side}: {ratio:.2f}" for side, ratio in at.items())
        print(f"  {thick:g}; {ratios}; grid {100 * slab.grid_share:.1f} %", flush=True)


if __name__ == "__main__":
    main()
