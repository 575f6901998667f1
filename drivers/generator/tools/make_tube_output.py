"""Prints the tables of `fluoroview/hal/tube_output.py`: air kerma per mAs at 1 m, and HVL.

Run it in a virtual environment of its own (SpekPy brings SciPy and Matplotlib, too heavy to ask of
everybody):

    pip install spekpy==2.5.4
    python drivers/generator/tools/make_tube_output.py

Tungsten anode of 12°, physics model casim, 2.5 mm Al plus copper, no air.
"""

import spekpy

ANODE_ANGLE_DEG = 12
PHYSICS = "casim"
ALUMINIUM_MM = 2.5
KVP = (40, 45, 50, 55, 60, 70, 80, 90, 100, 110, 120, 125)
COPPER_MM = (0.0, 0.05, 0.1, 0.2, 0.3, 0.6, 0.9)


def spectrum(tube_voltage_kv: float, aluminium_mm: float, copper_mm: float) -> spekpy.Spek:
    """Return the spectrum of 1 mAs at 100 cm."""
    made = spekpy.Spek(
        tube_voltage_kv=tube_voltage_kv, th=ANODE_ANGLE_DEG, physics=PHYSICS, mas=1.0, z=100.0
    )
    return made.filter("Al", aluminium_mm).filter("Cu", copper_mm)


def table(name: str, method: str) -> None:
    """Print one table, a row for each tube voltage."""
    print(f"{name} = (")
    for tube_voltage_kv in KVP:
        figures = [
            getattr(spectrum(tube_voltage_kv, ALUMINIUM_MM, cu), method)() for cu in COPPER_MM
        ]
        print(f"    ({', '.join(f'{figure:.4g}' for figure in figures)}),  # {tube_voltage_kv} kV")
    print(")")


if __name__ == "__main__":
    table("_KERMA_UGY_PER_MAS", "get_kerma")
    table("_HVL_MM_AL", "get_hvl1")
