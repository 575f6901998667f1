"""What a procedure is: anatomy at rest, what moves in it, and what the operator can do.

A procedure is a function of the procedure's time and of the operator's actions: any
moment can be asked for again, and gives the same image. It is built once per case, body and seed
and knows nothing of pixels: it names resting parts, makes layers for a view, and draws on a
`Canvas` for each pulse.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fluoroview.hal.parameter import ParameterError
from fluoroview_simulated.room.technique import Geometry, Technique

if TYPE_CHECKING:
    from fluoroview_simulated.anatomy.parts import Part
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.render.canvas import Canvas, ViewLayers


class RefusedActionError(ParameterError):
    """An action that would harm the patient or is not possible now: why, and what to do."""


BODIES = ("small", "medium", "large", "child")


@dataclass(frozen=True)
class Case:
    """One patient of a procedure."""

    name: str
    title: str
    abnormal: bool
    teaching: str
    """What to see, where and when, in plain sentences."""
    angles_deg: tuple[float, float] | None = None
    """Primary and secondary angle to begin with, where it is not the procedure's."""
    gallery_actions: tuple[tuple[float, str, Any], ...] | None = None
    """What the operator does for the gallery, where it is not the procedure's."""


@dataclass(frozen=True)
class Control:
    """Something that the operator can do apart from the pedal; becomes a parameter of the device.

    Attributes:
        name: parameter name, CamelCase ("Inject", "CatheterAdvance").
        kind: "command" (a press), "number" (a value), "step" (a press moves by `step`; value is
            kept), "choice" or "switch".
        shortcut: the keys that the viewer offers, e.g. ("Up", "Down") for a step, ("I",) for a
            command or switch.
    """

    name: str
    kind: str
    description: str
    unit: str = ""
    default: float | str | bool = 0.0
    minimum: float = 0.0
    maximum: float = 1.0
    step: float = 1.0
    choices: tuple[str, ...] = ()
    shortcut: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class ProcedureInfo:
    """What is known of a procedure before it is built."""

    name: str
    title: str
    agent: str
    """"barium", "iodine" or "none": the material of the contrast map."""
    teaching: str
    cases: tuple[Case, ...]
    technique: Technique = field(default_factory=Technique)
    geometry: Geometry = field(default_factory=Geometry)
    rate_hz: float = 15.0
    bodies: tuple[str, ...] = ("medium", "small", "large", "child")
    controls: tuple[Control, ...] = ()
    subtraction: bool = False
    """Whether the procedure is usually read subtracted (DSA)."""
    gallery_s: tuple[float, float] = (0.0, 4.0)
    """From when to when the gallery's movie runs; its still is at two thirds of it."""
    gallery_actions: tuple[tuple[float, str, Any], ...] = ()
    """What the operator does for the gallery: time, control, value."""

    def case(self, name: str) -> Case:
        """The case of that name; StopIteration if there is none."""
        return next(c for c in self.cases if c.name == name)

    def gallery_actions_of(self, case: str) -> tuple[tuple[float, str, Any], ...]:
        """What the operator does for the gallery in a case: time, control, value."""
        own = self.case(case).gallery_actions
        return self.gallery_actions if own is None else own


class OperatorActions:
    """What the operator did and when: the only memory of a procedure.

    The operator's thread records, the pulses read: each record replaces the history of its
    control by a longer one, so that a reader never sees half of an action.
    """

    def __init__(self, controls: Sequence[Control] = ()) -> None:
        self.controls = {c.name: c for c in controls}
        self._history: dict[str, tuple[tuple[float, Any], ...]] = {}

    def record(self, t_s: float, name: str, value: Any = None) -> None:
        """Record one action at procedure time `t_s`; times never go back."""
        past = self._history.get(name, ())
        at = max(t_s, past[-1][0]) if past else t_s
        self._history[name] = (*past, (at, value))

    def turned(self, t_s: float, name: str, before: Any, value: Any) -> None:
        """Record how table or patient was moved, with the position before the first time."""
        if name not in self._history:
            self.record(0.0, name, before)
        self.record(t_s, name, value)

    def value(self, name: str, t_s: float) -> Any:
        """Return the value at `t_s`; the control's default before the first action."""
        past = self._history.get(name, ())
        at = bisect_right(past, t_s, key=_time)
        return past[at - 1][1] if at else self.controls[name].default

    def times(self, name: str, t_s: float) -> list[float]:
        """Return when a command was given, up to `t_s`."""
        return [at for at, _ in self.history(name, t_s)]

    def history(self, name: str, t_s: float) -> list[tuple[float, Any]]:
        """Return all actions on a control up to `t_s`, as (time, value)."""
        past = self._history.get(name, ())
        return list(past[: bisect_right(past, t_s, key=_time)])


def _time(action: tuple[float, Any]) -> float:
    return action[0]


class Procedure(ABC):
    """One case of one procedure in one patient."""

    info: ClassVar[ProcedureInfo]
    textured: ClassVar[bool] = True
    """Whether soft tissue is uneven as it grows; a phantom's is not."""

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        self.case, self.seed, self.body = case, seed, body
        self.actions = OperatorActions(self.info.controls)
        self._parts: Sequence[Part] | None = None

    def anatomy(self) -> Sequence[Part]:
        """`parts`, made once."""
        if self._parts is None:
            self._parts = self.parts()
        return self._parts

    @abstractmethod
    def parts(self) -> Sequence[Part]:
        """The anatomy that stands still, to be projected for any view."""

    def resting(self, view: View, size: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Soft tissue and bone drawn by hand, (size, size) float32 in mm; None: project `parts`."""
        return None

    @abstractmethod
    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Draws what moves at procedure time `t_s`: contrast, organs, devices. A few ms at most."""

    def layers(self, view: View, layers: ViewLayers) -> None:  # noqa: B027 - most need none
        """Projects what is drawn by `draw` but costs too much per pulse. Once per view; slow is
        fine; runs in another thread, so it writes only to `layers`."""

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """Small movement of the whole patient in the image, mm (x, y), at most 3 mm."""
        return 0.3 * float(np.sin(0.8 * t_s)), 0.3 * float(np.sin(0.6 * t_s + 1.0))

    def begin(self, t_s: float) -> float:
        """The pedal goes down after a pause: where the procedure's time goes on."""
        return t_s

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Return what is allowed of an action.

        Raises:
            RefusedActionError: if it would harm the patient or is not possible now.
        """
        return value

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """What is known of the moment: bolus, device pose, motion. JSON-able, mm, s, ml."""
        return {}

    def status(self, t_s: float) -> str:
        """One short line for the screen: what happens now."""
        return ""
