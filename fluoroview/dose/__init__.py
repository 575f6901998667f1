"""Air kerma, kerma-area product, fluoroscopy time, limits and the dose report.

Counts pulses, not images. A figure that is not stated is None, never 0, and every figure says
where it comes from. No Qt, no OpenCV, no devices.
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
