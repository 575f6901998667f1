"""All trials in their order, and all rules."""

from difflib import get_close_matches

from fluoroview.hal.conformance.backpressure import STAND_STILL
from fluoroview.hal.conformance.companions import COMPANIONS
from fluoroview.hal.conformance.endurance import MANY_RUNS
from fluoroview.hal.conformance.geometry import GEOMETRY
from fluoroview.hal.conformance.isolation import ISOLATION
from fluoroview.hal.conformance.lifecycle import CLOSINGS, OPENINGS
from fluoroview.hal.conformance.live_settings import LIVE
from fluoroview.hal.conformance.loading import DISCOVER, IDS, LOADING
from fluoroview.hal.conformance.settings import SETTINGS
from fluoroview.hal.conformance.stopping import PROVOKED
from fluoroview.hal.conformance.streaming import STREAM
from fluoroview.hal.conformance.trial import Trial
from fluoroview.hal.conformance.verdict import Rule
from fluoroview.hal.errors import FluoroError

TRIALS: tuple[Trial, ...] = (
    OPENINGS,
    SETTINGS,
    STREAM,
    MANY_RUNS,
    CLOSINGS,
    PROVOKED,
    STAND_STILL,
    LIVE,
    GEOMETRY,
    COMPANIONS,
    ISOLATION,
)
"""In the order in which they run, after loading and discovery."""

GROUPS: dict[str, tuple[Rule, ...]] = {
    "loading and discovery": (*LOADING.rules, DISCOVER, IDS),
    **{trial.name: trial.rules for trial in TRIALS},
}
RULES: dict[str, Rule] = {rule.id: rule for rules in GROUPS.values() for rule in rules}


def require_rules(ids: list[str] | None) -> set[str]:
    """Return the ids as a set, all rules for None. Raises FluoroError offering near names."""
    for name in ids or ():
        if name not in RULES:
            near = get_close_matches(name, RULES, n=3)
            raise FluoroError(
                f"There is no conformance rule {name!r}.",
                f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(RULES)}.",
            )
    return set(RULES) if ids is None else set(ids)


def markdown_table() -> str:
    """Return the table of rules that docs/conformance.md shows."""
    lines = ["| group | rule | what is expected | why it matters |", "|---|---|---|---|"]
    for group, rules in GROUPS.items():
        lines += [f"| {group} | `{rule.id}` | {rule.expected} | {rule.why} |" for rule in rules]
    return "\n".join(lines)
