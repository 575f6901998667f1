"""All trials in their order, and all rules."""

from fluoroview.conformance.backpressure import STAND_STILL
from fluoroview.conformance.dead_man import DEAD_MAN_TRIAL
from fluoroview.conformance.dose_meters import MEASURING
from fluoroview.conformance.endurance import MANY_RUNS
from fluoroview.conformance.generators import EXPOSING
from fluoroview.conformance.geometry import GEOMETRY
from fluoroview.conformance.isolation import ISOLATION
from fluoroview.conformance.lifecycle import CLOSINGS, OPENINGS
from fluoroview.conformance.live_settings import LIVE
from fluoroview.conformance.loading import DISCOVER, IDS, LOADING
from fluoroview.conformance.multi_device import COMPANIONS
from fluoroview.conformance.pulse_reporting import ENDINGS, MANY_EXPOSURES
from fluoroview.conformance.settings import SETTINGS
from fluoroview.conformance.stopping import PROVOKED
from fluoroview.conformance.streaming import STREAM
from fluoroview.conformance.trial import KINDS, Trial
from fluoroview.conformance.verdict import Rule
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.suggestions import did_you_mean

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
    EXPOSING,
    MEASURING,
    MANY_EXPOSURES,
    ENDINGS,
    DEAD_MAN_TRIAL,
    ISOLATION,
)
"""In the order in which they run, after loading and discovery."""

Groups = dict[str, tuple[Rule, ...]]


def groups_of(kind: str) -> Groups:
    """Return the rules for a kind of device, by group."""
    return {
        "loading and discovery": (*LOADING.rules, DISCOVER, IDS),
        **{trial.name: trial.rules for trial in TRIALS if kind in trial.kinds},
    }


def _all_groups() -> Groups:
    """Return every rule once: a rule shared by several kinds appears with the detectors' rules."""
    groups: Groups = {}
    seen: set[str] = set()
    for kind in KINDS:
        for group, rules in groups_of(kind).items():
            new = tuple(rule for rule in rules if rule.id not in seen)
            seen.update(rule.id for rule in new)
            if new:
                groups[group] = new
    return groups


GROUPS = _all_groups()
RULES: dict[str, Rule] = {rule.id: rule for rules in GROUPS.values() for rule in rules}


def kinds_of(rule: str) -> tuple[str, ...]:
    """Return the kinds of device that a rule applies to."""
    return tuple(
        kind
        for kind in KINDS
        if any(rule == one.id for rules in groups_of(kind).values() for one in rules)
    )


def require_rules(ids: list[str] | None) -> set[str]:
    """Return the ids as a set, all rules for None. Raises FluoroError offering near names."""
    for name in ids or ():
        if name not in RULES:
            raise FluoroError(
                f"There is no conformance rule {name!r}.",
                did_you_mean(name, RULES).strip() or f"The rules are: {', '.join(RULES)}.",
                code="FV-CHK-001",
            )
    return set(RULES) if ids is None else set(ids)


def markdown_table() -> str:
    """Return the table of rules that docs/conformance.md shows."""
    lines = ["| group | rule | of | what is expected | why it matters |", "|---|---|---|---|---|"]
    for group, rules in GROUPS.items():
        lines += [
            f"| {group} | `{rule.id}` | {_of(rule.id)} | {rule.expected} | {rule.why} |"
            for rule in rules
        ]
    return "\n".join(lines)


def _of(rule: str) -> str:
    kinds = kinds_of(rule)
    return "all" if kinds == KINDS else ", ".join(kinds)
