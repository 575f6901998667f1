"""Modified barium swallow: drawn by hand from the side, modelled in space for every other view."""

from fluoroview_simulated.procedures.modified_barium_swallow.procedure import (
    ModifiedBariumSwallow,
)

PROCEDURE = ModifiedBariumSwallow
