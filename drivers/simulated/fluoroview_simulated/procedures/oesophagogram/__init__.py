"""Oesophagogram: the oesophagus from the upper sphincter to the cardia, in a swallow."""

from fluoroview_simulated.procedures.oesophagogram.procedure import Oesophagogram

PROCEDURE = Oesophagogram
