"""Makes `beam_terms.npz`: the exponentials of every beam that the room can choose.

Run it after `make_tables.py`, or when `spectrum_fit.py` has changed:

    python tools/make_beam_terms.py fluoroview_simulated/tables

The fit takes 20 ms for each beam, and a numerical library that spreads over busy cores takes a
hundred times as long. From the table, a beam costs nothing, and is the same on every machine.
"""

from __future__ import annotations

import os
import sys
from itertools import product
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy: the order of its sums is then fixed

import numpy as np

from fluoroview_simulated.physics import beam
from fluoroview_simulated.physics.spectrum_fit import TERMS
from fluoroview_simulated.room.technique import ALUMINIUM_MM, COPPER_MM, KV_MAX, KV_MIN


def main(folder: Path) -> None:
    """Fit every beam, and write the table into `folder`."""
    (folder / "beam_terms.npz").unlink(missing_ok=True)  # no fit starts from an old one
    voltages = np.arange(KV_MIN, KV_MAX + 0.5)
    agents, absorptions = tuple(beam.AGENTS), (False, True)
    shape = (len(agents), len(absorptions), 1, len(COPPER_MM), len(voltages))
    weights, mu = np.empty((*shape, TERMS)), np.empty((*shape, TERMS, 4))
    for i, j, _, k, row in product(*map(range, shape)):
        chosen = beam.beam(
            float(voltages[row]), ALUMINIUM_MM, COPPER_MM[k], agents[i], absorptions[j]
        )
        weights[i, j, 0, k, row], mu[i, j, 0, k, row] = chosen.fitted_terms()
    np.savez_compressed(
        folder / "beam_terms.npz",
        agent=np.array(agents),
        absorption=np.array(absorptions),
        filter_al_mm=np.array([ALUMINIUM_MM]),
        filter_cu_mm=np.array(COPPER_MM),
        kv=voltages,
        weights=weights,
        mu=mu,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
