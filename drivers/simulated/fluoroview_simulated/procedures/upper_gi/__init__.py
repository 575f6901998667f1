"""Upper gastrointestinal series: stomach and duodenum in double contrast."""

from fluoroview_simulated.procedures.upper_gi.procedure import UpperGI

PROCEDURE = UpperGI
