"""The procedures that installed drivers offer: by name, as they are listed and chosen.

A driver announces them in the entry-point group "fluoroview.procedures", by its own name: a
function that returns one dict for each procedure. Running this module with `python -m` prints them
as JSON: the viewer reads the catalogue this way, because driver code must not run in its process.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from fluoroview.hal import FluoroError
from fluoroview.hal.runtime.installed import installed_entry_points
from fluoroview.hal.runtime.python_child import child_environment, python_command
from fluoroview.hal.suggestions import did_you_mean

GROUP = "fluoroview.procedures"
DEADLINE_S = 20.0


class CatalogueError(FluoroError):
    """A procedure, case or patient size that is not offered."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CaseEntry(_Entry):
    """One patient of a procedure."""

    name: str
    title: str = ""
    abnormal: bool = False
    teaching: str = ""


class ControlEntry(_Entry):
    """Something that the operator can do apart from the pedal; a parameter of the device."""

    name: str
    kind: str = "command"
    """"command", "number", "step", "choice" or "switch"."""
    unit: str = ""
    description: str = ""
    shortcut: tuple[str, ...] = ()
    default: float | str | bool | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()


class ProcedureEntry(_Entry):
    """One procedure, as its driver describes it."""

    driver: str
    name: str
    title: str = ""
    agent: str = "none"
    """"barium", "iodine" or "none"."""
    teaching: str = ""
    technique: dict[str, Any] = {}
    geometry: dict[str, Any] = {}
    rate_hz: float = 15.0
    subtraction: bool = False
    """Whether it is usually read subtracted (DSA)."""
    bodies: tuple[str, ...] = ()
    cases: tuple[CaseEntry, ...] = ()
    controls: tuple[ControlEntry, ...] = ()

    def case(self, name: str) -> CaseEntry:
        """Return a case. Raises CatalogueError offering the nearest names."""
        found = _named(self.cases, name)
        if found is not None:
            return found
        raise CatalogueError(
            f"The procedure {self.name} has no case {name!r}.",
            _offer(name, self.cases) + f"It has: {', '.join(case.name for case in self.cases)}.",
            code="FV-SES-008",
        )

    def body(self, name: str) -> str:
        """Return a body size. Raises CatalogueError with those there are."""
        if name in self.bodies:
            return name
        raise CatalogueError(
            f"The procedure {self.name} has no patient size {name!r}.",
            f"Allowed are: {', '.join(self.bodies) or 'none; omit --body'}.",
            code="FV-SES-009",
        )


_Any = TypeVar("_Any", CaseEntry, ProcedureEntry)


class Catalogue(BaseModel):
    """What all installed drivers offer, and why a driver's procedures cannot be listed."""

    procedures: tuple[ProcedureEntry, ...] = ()
    errors: dict[str, str] = {}

    def of(self, driver: str) -> tuple[ProcedureEntry, ...]:
        """Return the procedures of one driver; of all without a name."""
        return tuple(entry for entry in self.procedures if driver in ("", entry.driver))

    def find(self, driver: str, name: str) -> ProcedureEntry | None:
        """Return a procedure of a driver, if it offers it."""
        return next((entry for entry in self.of(driver) if entry.name == name), None)

    def procedure(self, driver: str, name: str) -> ProcedureEntry:
        """Return a procedure. Raises CatalogueError offering the nearest names."""
        offered = self.of(driver)
        found = _named(offered, name)
        if found is not None:
            return found
        if driver in self.errors:
            raise CatalogueError(self.errors[driver], "Reinstall the driver.", code="FV-SES-010")
        if not offered:
            raise CatalogueError(
                f"The driver {driver} offers no procedures.",
                "Omit --procedure, or choose another driver; "
                "`fluoroview procedures` lists what there is.",
                code="FV-SES-011",
            )
        raise CatalogueError(
            f"There is no procedure {name!r}.",
            _offer(name, offered) + "`fluoroview procedures` lists them all.",
            code="FV-SES-012",
        )

    def parameters(
        self, driver: str, procedure: str = "", case: str = "", body: str = ""
    ) -> dict[str, str]:
        """Return what to write to a device for this choice, in the order of writing.

        Raises CatalogueError with a sentence and the nearest names.
        """
        if not procedure and not case and not body:
            return {}
        if not procedure:
            raise CatalogueError(
                f"--{'case' if case else 'body'} needs --procedure: {self._who_has(driver, case)}",
                "`fluoroview procedures` lists them with their cases.",
                code="FV-SES-013",
            )
        entry = self.procedure(driver, procedure)
        chosen = {"Procedure": entry.name}
        if body:
            chosen["PatientSize"] = entry.body(body)
        if case:
            chosen["Case"] = entry.case(case).name
        return chosen

    def _who_has(self, driver: str, case: str) -> str:
        if not case:
            return "patient sizes belong to a procedure."
        having = [entry.name for entry in self.of(driver) if _named(entry.cases, case) is not None]
        if not having:
            return f"no procedure has a case {case!r}."
        return f"{case} is a case of {', '.join(having)}."


def read_catalogue() -> Catalogue:
    """Ask every installed driver, in this process; a driver that fails becomes an error."""
    entries: list[ProcedureEntry] = []
    errors = {}
    for point in installed_entry_points(GROUP):
        try:
            offered = point.load()()
            entries += [ProcedureEntry(driver=point.name, **each) for each in offered]
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            errors[point.name] = (
                f"The procedures of driver {point.name} are not described as required: "
                f"{where}: {first['msg']}."
            )
        except Exception as error:
            errors[point.name] = (
                f"The procedures of driver {point.name} cannot be listed: "
                f"{type(error).__name__}: {error}."
            )
    return Catalogue(procedures=tuple(entries), errors=errors)


def read_catalogue_apart() -> Catalogue:
    """Ask in a process of its own; an empty catalogue where that fails. Takes about a second."""
    command = python_command("fluoroview.session.devices.catalogue")
    try:
        done = subprocess.run(
            command,
            env=child_environment(),
            capture_output=True,
            timeout=DEADLINE_S,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return Catalogue.model_validate_json(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValidationError, IndexError):
        return Catalogue()


def _named(entries: Iterable[_Any], name: str) -> _Any | None:
    """Return the entry of that name or title, whatever its case."""
    given = name.casefold()
    return next(
        (each for each in entries if given in (each.name.casefold(), each.title.casefold())), None
    )


def _offer(name: str, entries: Sequence[CaseEntry] | Sequence[ProcedureEntry]) -> str:
    """Return a question with the nearest names, or nothing."""
    return did_you_mean(name, [each.name for each in entries])


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)  # a live image goes first
    print(json.dumps(read_catalogue().model_dump(mode="json")))
