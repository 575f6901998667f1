"""How often the interpreter lets another thread have its turn.

Python's default is 5 ms: a frame would wait that long, twice, for a thread that is busy with
something else. Each waiting thread asks for its turn after this time.
"""

import sys

SWITCH_INTERVAL_S = 0.0002


def set_short_switch_interval() -> None:
    """Set the interval for this process; programs that show frames call it once."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
