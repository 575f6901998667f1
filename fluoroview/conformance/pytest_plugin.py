"""The conformance kit as a pytest plugin: each rule is a test.

    pytest --fluoroview-driver NAME [--fluoroview-device ID] [--fluoroview-effort quick]

The tests of the rules are added to those that pytest collects; `-k conformance` selects only them,
`-k roi` one. A broken rule fails, one that cannot be checked is skipped with the reason, a warning
passes and is listed at the end. The device is checked once, at the first test.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fluoroview.conformance import Report, Result

_REPORT = pytest.StashKey["Report"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("fluoroview", "conformance of a FluoroView driver")
    group.addoption("--fluoroview-driver", metavar="NAME", help="check this installed driver")
    group.addoption(
        "--fluoroview-device", metavar="ID", default="", help="device id (the first found)"
    )
    group.addoption(
        "--fluoroview-effort",
        choices=("quick", "standard", "thorough"),
        default="standard",
        help="how often and how long (standard)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add a test for each rule, before -k and -m choose."""
    driver = session.config.getoption("--fluoroview-driver")
    if driver:
        _require_installed(driver)
        name = f"conformance[{driver}]"
        items += _Rules.from_parent(session, name=name, nodeid=name).collect()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List the warnings, and show what was checked."""
    report = config.stash.get(_REPORT, None)
    if report is None:
        return
    terminalreporter.section("FluoroView conformance")
    for result in report.results:
        if result.verdict == "WARN":
            terminalreporter.line(f"WARN {result.rule.id}: {result.finding.seen}")
    terminalreporter.line(report.summary)


def _require_installed(driver: str) -> None:
    from fluoroview.hal import FluoroError  # only where the option is given
    from fluoroview.hal.runtime.registry import find_driver

    try:
        find_driver(driver)
    except FluoroError as error:
        raise pytest.UsageError(str(error)) from error


class _Rules(pytest.Collector):
    """All rules of one driver."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each rule."""
        from fluoroview.conformance.catalogue import RULES

        for rule in RULES:
            yield _RuleItem.from_parent(self, name=rule)


class _Broken(Exception):  # noqa: N818 - a finding
    """A rule that is broken; its text is the finding."""


class _RuleItem(pytest.Item):
    """One rule as a test."""

    def setup(self) -> None:
        """Check the device, at the first rule."""
        stash = self.config.stash
        if _REPORT not in stash:
            stash[_REPORT] = self._check()

    def runtest(self) -> None:
        """Fail, skip or pass by the verdict."""
        result = self.config.stash[_REPORT][self.name]
        self.user_properties += [
            ("verdict", str(result.verdict)),
            ("seen", result.finding.seen),
        ]
        require_kept(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the finding without a traceback into the kit."""
        if isinstance(excinfo.value, _Broken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return where the test stands: nowhere, and its name."""
        return self.path, None, f"{self.parent.name if self.parent else ''} {self.name}"

    def _check(self) -> "Report":
        from fluoroview.conformance import EFFORTS, check

        option = self.config.getoption
        return check(
            option("--fluoroview-driver"),
            option("--fluoroview-device"),
            selection=[item.name for item in self.session.items if isinstance(item, _RuleItem)],
            effort=EFFORTS[option("--fluoroview-effort")],
        )


def require_kept(result: "Result") -> None:
    """Raise where a rule is broken, skip where it could not be checked."""
    if result.verdict == "FAIL":
        rule = result.rule
        raise _Broken(
            f"expected: {rule.expected}\nseen:     {result.finding.seen}\nwhy:      {rule.why}"
        )
    if result.verdict == "NOT APPLICABLE":
        pytest.skip(result.finding.seen)
