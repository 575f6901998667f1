"""How often the interpreter lets another thread run.

Python's default is 5 ms: a frame would wait that long, twice, for a busy thread. Each waiting
thread requests the interpreter after this time.
"""

import sys

SWITCH_INTERVAL_S = 0.0002


def set_short_switch_interval() -> None:
    """Set the interval for this process; programs that show frames call it once."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
