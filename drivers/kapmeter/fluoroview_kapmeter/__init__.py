"""A meter of kerma-area product on a serial line.

`protocol` is the lines, `counter` turns cumulative values into increments, `finding` opens a port
and asks who is there, `listening` reads the line in a thread, `sdk` imports pyserial, `meter` is
the driver.
"""

from fluoroview_kapmeter.meter import KapMeter

__all__ = ["KapMeter"]
