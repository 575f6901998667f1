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
    """Check a device by all rules; those of other kinds of devices say so."""
    return check(driver, device, selection=list(RULES), effort=effort)


class DriverConformance:
    """Inherit, name the driver, and where need be the device, the effort and rules to leave out.

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
        """Fail where the rule is broken, skip where it cannot be looked at."""
        if rule in self.excused:
            pytest.skip(self.excused[rule])
        require_kept(self.report()[rule])
