"""The conformance kit: what `fluoroview check DRIVER` and `pytest --fluoroview-driver NAME` run.

`check` runs trials of a device in a worker process and judges rules by what it saw; `catalogue`
lists both; `pytest_plugin` makes each rule a test. numpy and the HAL only; HTML by jinja2.
"""

from fluoroview.conformance.effort import EFFORTS, QUICK, STANDARD, THOROUGH, Effort
from fluoroview.conformance.report import Report, Result
from fluoroview.conformance.runner import check
from fluoroview.conformance.verdict import Finding, Rule, Verdict

__all__ = [
    "EFFORTS",
    "QUICK",
    "STANDARD",
    "THOROUGH",
    "Effort",
    "Finding",
    "Report",
    "Result",
    "Rule",
    "Verdict",
    "check",
]
