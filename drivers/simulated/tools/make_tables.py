"""Makes the beam tables that the driver ships: tungsten spectra and attenuation coefficients.

Run it in a virtual environment of its own (it needs `pip install spekpy==2.5.4 xraydb`, which are
too heavy to ask of everybody who wants to look at an image):

    python tools/make_tables.py fluoroview_simulated/tables

It writes `spectra.npz` (photons per cm² per mAs and energy bin at 100 cm from a 12° tungsten
anode, no filter, no air, 40 to 125 kV) and `attenuation.npz` (linear or mass coefficients on the
same bins). Bins are 0.5 keV wide; coefficients are means over the bin, so a K-edge inside a bin
does not jump.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import spekpy
import xraydb

BIN_KEV = 0.5
FIRST_KEV, LAST_KEV = 10.0, 125.0
KVS = np.arange(40, 126)
ANODE_ANGLE_DEG = 12
PHYSICS = "casim"

# name: (chemical composition by mass fraction, density in g/cm³)
# ICRU-44 compositions for tissue; amalgam is Ag 0.35 Sn 0.15 Hg 0.50.
MATERIALS = {
    "soft": (
        {
            "H": 0.102,
            "C": 0.143,
            "N": 0.034,
            "O": 0.710,
            "Na": 0.001,
            "P": 0.002,
            "S": 0.003,
            "Cl": 0.002,
            "K": 0.003,
        },
        1.06,
    ),
    "water": ({"H": 0.1119, "O": 0.8881}, 1.0),
    "adipose": (
        {"H": 0.114, "C": 0.598, "N": 0.007, "O": 0.278, "Na": 0.001, "S": 0.001, "Cl": 0.001},
        0.95,
    ),
    "bone": (
        {
            "H": 0.034,
            "C": 0.155,
            "N": 0.042,
            "O": 0.435,
            "Na": 0.001,
            "Mg": 0.002,
            "P": 0.103,
            "S": 0.003,
            "Ca": 0.225,
        },
        1.92,
    ),
    "enamel": (
        {
            "H": 0.0095,
            "C": 0.0111,
            "N": 0.0023,
            "O": 0.4166,
            "Na": 0.0079,
            "Mg": 0.0023,
            "P": 0.1871,
            "Cl": 0.0034,
            "Ca": 0.3597,
        },
        2.95,
    ),
    "aluminium": ({"Al": 1.0}, 2.699),
    "copper": ({"Cu": 1.0}, 8.96),
    "amalgam": ({"Ag": 0.35, "Sn": 0.15, "Hg": 0.50}, 11.0),
    "steel": ({"Fe": 0.70, "Cr": 0.19, "Ni": 0.11}, 8.0),
    "csi": ({"Cs": 0.5115, "I": 0.4885}, 4.51),
    # Contrast media: per g/cm³ of the agent, so the map holds mass per area (see beam.py).
    "baso4": ({"Ba": 0.5884, "S": 0.1374, "O": 0.2742}, 1.0),
    "iodine": ({"I": 1.0}, 1.0),
}


def mass_attenuation(composition: dict[str, float], energies_kev: np.ndarray) -> np.ndarray:
    """µ/ρ in cm²/g (total, coherent included) by the mixture rule from xraydb's Elam tables."""
    total = np.zeros_like(energies_kev)
    for symbol, fraction in composition.items():
        total += fraction * xraydb.mu_elam(symbol, energies_kev * 1e3)
    return total


def bin_mean(function, centres_kev: np.ndarray) -> np.ndarray:  # noqa: ANN001
    """Mean of a coefficient over each bin, from ten points within it."""
    offsets = (np.arange(10) + 0.5) / 10 * BIN_KEV - BIN_KEV / 2
    return np.mean([function(centres_kev + o) for o in offsets], axis=0)


def main(out: Path) -> None:
    """Writes both tables into the folder `out`."""
    centres = np.arange(FIRST_KEV + BIN_KEV / 2, LAST_KEV, BIN_KEV)
    spectra = np.zeros((len(KVS), len(centres)), np.float32)
    for row, kv in enumerate(KVS):
        tube = spekpy.Spek(
            kvp=float(kv), th=ANODE_ANGLE_DEG, physics=PHYSICS, z=100, mas=1, dk=BIN_KEV
        )
        energies, fluence = tube.get_spectrum(edges=False, flu=True, diff=False)
        index = np.rint((energies - centres[0]) / BIN_KEV).astype(int)
        inside = (index >= 0) & (index < len(centres))
        spectra[row, index[inside]] = fluence[inside]
    air = tube.muen_air_data.get_muen_over_rho_air(centres)
    np.savez_compressed(
        out / "spectra.npz",
        kv=KVS.astype(np.float32),
        energy_kev=centres.astype(np.float32),
        photons_per_cm2_mas=spectra,
        air_muen_cm2_g=np.asarray(air, np.float32),
    )
    tables = {
        name: (bin_mean(lambda e, c=c: mass_attenuation(c, e), centres) * rho).astype(np.float32)
        for name, (c, rho) in MATERIALS.items()
    }
    np.savez_compressed(out / "attenuation.npz", energy_kev=centres.astype(np.float32), **tables)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
