"""What runs in and out of the bladder: volumes in ml as a function of the operator's actions.

Nothing is lost: what was infused and the urine that was there are in the bladder, in ureters and
kidneys, in a diverticulum, leaked, drained or voided. The drip is shown fast-forward, voiding as
it is. Pressures in cmH2O: about 5 to 15 while the bladder fills, 50 and more when it contracts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from fluoroview_simulated.procedures.base import OperatorActions

STEP_S = 0.1
DRAIN_ML_S = 30.0
"""Through the catheter, fast-forward as the drip."""
RELAX_S = 1.6
"""From the order to void to the first flow."""


@dataclass(frozen=True)
class Reflux:
    """One ureter whose valve gives way.

    Attributes:
        grade: of the International Reflux Study, 1 to 5.
        opens_cm: pressure above which urine runs up.
        ml_s_cm: flow per cmH2O above it.
        capacity_ml: ureter and kidney, as they are drawn.
        drains_s: time constant of running back.
    """

    grade: int
    opens_cm: float
    ml_s_cm: float
    capacity_ml: float
    drains_s: float = 20.0


@dataclass(frozen=True)
class Bladder:
    """How one patient's bladder behaves.

    Attributes:
        capacity_ml: when the urge is strong and the drip is stopped.
        urine_ml: what was left in it after the catheter was laid.
        residual_ml: at what volume voiding ends.
        flow_ml_s: greatest urinary flow.
        squeeze_cm: what the detrusor adds when it contracts.
        diverticulum_ml: capacity of one, or 0.
        leak_ml_s: at capacity, through a torn wall.
    """

    capacity_ml: float
    urine_ml: float = 8.0
    residual_ml: float = 3.0
    flow_ml_s: float = 13.0
    squeeze_cm: float = 45.0
    diverticulum_ml: float = 0.0
    leak_ml_s: float = 0.0
    left: Reflux | None = None
    right: Reflux | None = None
    agent_g_cm3: float = 0.11
    fast: float = 20.0


@dataclass(frozen=True)
class State:
    """One moment; volumes in ml, iodine in g."""

    t_s: float = 0.0
    bladder_ml: float = 0.0
    iodine_g: float = 0.0
    infused_ml: float = 0.0
    drained_ml: float = 0.0
    voided_ml: float = 0.0
    left_ml: float = 0.0
    right_ml: float = 0.0
    max_left_ml: float = 0.0
    max_right_ml: float = 0.0
    diverticulum_ml: float = 0.0
    leaked_ml: float = 0.0
    flow_ml_s: float = 0.0
    drip_ml_s: float = 0.0
    pressure_cm: float = 5.0
    catheter: bool = True

    @property
    def agent_g_cm3(self) -> float:
        """Iodine in what fills the bladder."""
        return self.iodine_g / max(self.bladder_ml, 1e-6)


@dataclass
class Course:
    """Integrates a patient's bladder; what was integrated is kept until other actions are noted."""

    patient: Bladder
    actions: OperatorActions
    _states: list[State] = field(default_factory=list)
    _seen: tuple[tuple[float, str, object], ...] = ()

    def at(self, t_s: float) -> State:
        """The state at a time of the procedure, at a step's resolution."""
        self._forget_what_changed()
        step = max(int(t_s / STEP_S + 1e-6), 0)
        if not self._states:
            self._states.append(State(bladder_ml=self.patient.urine_ml))
        while len(self._states) <= step:
            self._states.append(self._next(self._states[-1]))
        return self._states[step]

    def _forget_what_changed(self) -> None:
        """Discard what was integrated beyond a new operator action: it is no longer true."""
        forever = float("inf")
        seen = tuple(
            sorted(
                (t, name, value)
                for name in ("Fill", "FillRate", "Drain", "Void")
                if name in self.actions.controls
                for t, value in self.actions.history(name, forever)
            )
        )
        if seen == self._seen:
            return
        same = 0
        for a, b in zip(seen, self._seen, strict=False):
            if a != b:
                break
            same += 1
        changed = min(e[0] for e in (*seen[same:], *self._seen[same:]))
        del self._states[max(int(changed / STEP_S) - 1, 0) :]
        self._seen = seen

    def _next(self, s: State) -> State:
        """One step on."""
        p, t = self.patient, s.t_s
        began = self._void_began(t)
        squeeze = self._squeeze(s, began)
        full = max(s.bladder_ml, 0.0) / p.capacity_ml
        pressure = 4.0 + 11.0 * full**3 + p.squeeze_cm * squeeze
        drip = self._drip(s, began)
        drain = 0.0
        if s.catheter and self._open("Drain", t):
            drain = min(DRAIN_ML_S, max(s.bladder_ml - 4.0, 0.0) / STEP_S)
        flow = 0.0
        if squeeze > 0.0:
            left_over = max(s.bladder_ml - p.residual_ml, 0.0)
            flow = p.flow_ml_s * squeeze * min(1.0, 0.12 + left_over / (0.25 * p.capacity_ml))
            flow = min(flow, left_over / STEP_S)
        left = _up(p.left, s.left_ml, pressure)
        right = _up(p.right, s.right_ml, pressure)
        out = _pouch(p, s, squeeze, full)
        leak = p.leak_ml_s * max(full - 0.25, 0.0) if s.bladder_ml > 20.0 else 0.0
        away = drain + flow + left + right + out + leak
        concentration = s.agent_g_cm3
        return replace(
            s,
            t_s=t + STEP_S,
            bladder_ml=s.bladder_ml + (drip - away) * STEP_S,
            iodine_g=s.iodine_g + (drip * p.agent_g_cm3 - away * concentration) * STEP_S,
            infused_ml=s.infused_ml + drip * STEP_S,
            drained_ml=s.drained_ml + drain * STEP_S,
            voided_ml=s.voided_ml + flow * STEP_S,
            left_ml=s.left_ml + left * STEP_S,
            right_ml=s.right_ml + right * STEP_S,
            max_left_ml=max(s.max_left_ml, s.left_ml + left * STEP_S),
            max_right_ml=max(s.max_right_ml, s.right_ml + right * STEP_S),
            diverticulum_ml=s.diverticulum_ml + out * STEP_S,
            leaked_ml=s.leaked_ml + leak * STEP_S,
            flow_ml_s=flow,
            drip_ml_s=drip,
            pressure_cm=pressure,
            catheter=self._laid(t, began),
        )

    def _open(self, name: str, t_s: float) -> bool:
        return name in self.actions.controls and bool(self.actions.value(name, t_s))

    def _void_began(self, t_s: float) -> float | None:
        times = self.actions.times("Void", t_s)
        return times[-1] if times else None

    def _drip(self, s: State, began: float | None) -> float:
        """ml/s that run in: shut by hand, by a full bladder, and once voiding was ordered."""
        if not self._open("Fill", s.t_s) or s.bladder_ml >= self.patient.capacity_ml:
            return 0.0
        if not self._laid(s.t_s, began):
            return 0.0
        return float(self.actions.value("FillRate", s.t_s)) / 60.0 * self.patient.fast

    def _laid(self, t_s: float, began: float | None) -> bool:
        """Whether the catheter is in: it comes out at voiding, and is laid again for the drip."""
        opened = [t for t, value in self.actions.history("Fill", t_s) if value]
        return began is None or (bool(opened) and opened[-1] > began)

    def _squeeze(self, s: State, began: float | None) -> float:
        """How strongly the detrusor contracts, 0 to 1."""
        if began is None:
            return 0.0
        since = s.t_s - began - RELAX_S
        if since < 0.0 or (since > 1.0 and s.bladder_ml <= self.patient.residual_ml + 0.2):
            return 0.0
        if since > 1.0 and s.flow_ml_s <= 0.01:
            return 0.0
        return min(since / 2.0, 1.0)


def _up(reflux: Reflux | None, there_ml: float, pressure: float) -> float:
    """ml/s up a ureter, negative when it runs back."""
    if reflux is None:
        return 0.0
    above = pressure - reflux.opens_cm
    if above > 0.0:
        room = max(1.0 - there_ml / reflux.capacity_ml, 0.0)
        return above * reflux.ml_s_cm * min(1.0, 2.5 * room)
    return -there_ml / reflux.drains_s


def _pouch(p: Bladder, s: State, squeeze: float, full: float) -> float:
    """ml/s into a diverticulum, which fills while the bladder empties and then empties into it."""
    if p.diverticulum_ml <= 0.0:
        return 0.0
    target_ml = p.diverticulum_ml * min(1.0, 0.75 * full + 0.45 * squeeze)
    return (target_ml - s.diverticulum_ml) * (0.25 if target_ml > s.diverticulum_ml else 0.02)
