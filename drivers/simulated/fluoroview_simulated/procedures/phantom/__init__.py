"""A patient that can be computed by hand: a water drum, a steel wire, and a filling iodine tube."""

from fluoroview_simulated.procedures.phantom.procedure import Phantom

PROCEDURE = Phantom
