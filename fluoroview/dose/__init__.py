"""Air kerma, kerma-area product, fluoroscopy time, limits and the dose report.

Counts pulses, not images. A figure that is not stated is None, never 0, and every figure has its
origin. No Qt, no OpenCV, no devices.

    kerma_and_kap.py  air kerma and KAP are summed here
    account.py        the sums of a procedure, of its acquisitions and of each run
    rate.py           air kerma rate
    timer.py          fluoroscopy time and its 5-minute signal
    limits.py         limits and notification levels
    report.py         the dose report
"""

from fluoroview.dose.account import DoseAccount, DoseReading, RunDose
from fluoroview.dose.limits import DoseEvent, DoseEventKind, DoseLimits, LimitWatch
from fluoroview.dose.report import DoseReport
from fluoroview.dose.timer import FluoroscopyTimer, minutes_text

__all__ = [
    "DoseAccount",
    "DoseEvent",
    "DoseEventKind",
    "DoseLimits",
    "DoseReading",
    "DoseReport",
    "FluoroscopyTimer",
    "LimitWatch",
    "RunDose",
    "minutes_text",
]
