"""A test class that a driver's own tests inherit: one test for each rule.

from fluoroview.conformance.testing import DriverConformance

class TestConformance(DriverConformance):
    driver = "mypanel"
"""

from functools import cache
from typing import ClassVar

import pytest

from fluoroview.conformance.catalogue import RULES
from fluoroview.conformance.effort import QUICK, Effort
from fluoroview.conformance.pytest_plugin import require_kept
from fluoroview.conformance.report import Report
from fluoroview.conformance.runner import check


@cache
def _check_once(driver: str, device: str, effort: Effort) -> Report:
    """Check a device by all rules; rules for other kinds of device are skipped."""
    return check(driver, device, selection=list(RULES), effort=effort)


class DriverConformance:
    """Inherit and name the driver and, where needed, the device, the effort and rules to skip.

    `excused` maps a rule to the reason why this driver does not keep it.
    """

    driver: ClassVar[str] = ""
    device: ClassVar[str] = ""
    effort: ClassVar[Effort] = QUICK
    excused: ClassVar[dict[str, str]] = {}

    def report(self) -> Report:
        """Check the device, once for all rules."""
        return _check_once(self.driver, self.device, self.effort)

    @pytest.mark.parametrize("rule", RULES)
    def test_rule(self, rule: str) -> None:
        """Fail where the rule is broken, skip where it cannot be checked."""
        if rule in self.excused:
            pytest.skip(self.excused[rule])
        require_kept(self.report()[rule])
