"""A simulated x-ray generator that shakes hands, and a simulated dose meter.

`generator` and `dose_meter` are the drivers; `technique` holds what is set and what the tube is
rated for, `anode` its heat, `pacing` when things fall due. No hardware, no radiation.
"""

from fluoroview_generator.dose_meter import SimulatedDoseMeter
from fluoroview_generator.generator import SimulatedGenerator

__all__ = ["SimulatedDoseMeter", "SimulatedGenerator"]
