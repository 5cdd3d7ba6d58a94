"""The stretches of a story: what holds from one event to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulators.patient.happenings import EFFECTS, NONE, Circumstance, Circumstances, EventKind
from simulators.patient.physiology import PLACES, TIME_CONSTANTS, Physiology, Quantities, replaced
from simulators.patient.rhythms import Rhythm, Territory
from simulators.patient.scenario import PatientEvent

_SETTLED: Final = 3.0
"""A quantity has gone 95 % of its way after so many time constants."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """From `since` seconds on every quantity drifts from `start` towards `target`.

    `rhythm_since`: when the rhythm began, which may be earlier. `shocks` given so far.
    """

    since: float
    rhythm: Rhythm
    rhythm_since: float
    territory: Territory | None
    circumstances: Circumstances
    shocks: int
    start: Quantities
    target: Quantities
    constants: Quantities

    @property
    def compressions(self) -> bool:
        """Whether somebody presses the chest."""
        return Circumstance.COMPRESSIONS in self.circumstances

    @property
    def is_somebody(self) -> bool:
        """Whether there is a patient at all."""
        return Circumstance.NOBODY not in self.circumstances

    def quantities(self, t: float) -> Quantities:
        """Where the body is at t."""
        if math.isinf(self.since):
            return self.target
        left = np.exp(-(t - self.since) / self.constants)
        return self.target + (self.start - self.target) * left

    def quantity(self, name: str, t: float) -> float:
        """One of them, quicker."""
        place = PLACES[name]
        target = float(self.target[place])
        if math.isinf(self.since):
            return target
        left = math.exp(-(t - self.since) / float(self.constants[place]))
        return target + (float(self.start[place]) - target) * left


def lay_out(
    starts_as: Physiology, events: Sequence[PatientEvent], *, pace: float, is_shift: bool
) -> tuple[Stretch, ...]:
    """The stretches of a story; `pace` squeezes the body's own times with a story told faster.

    A shift begins with nobody on board.
    """
    usual = starts_as.as_quantities()
    constants = TIME_CONSTANTS.as_quantities() * pace
    stretches = [
        Stretch(
            since=-math.inf,
            rhythm=Rhythm.SINUS,
            rhythm_since=-math.inf,
            territory=None,
            circumstances=frozenset({Circumstance.NOBODY}) if is_shift else NONE,
            shocks=0,
            start=usual,
            target=usual,
            constants=constants,
        )
    ]
    for event in events:
        stretches.append(_next(stretches[-1], event, constants))
    return tuple(stretches)


def _next(last: Stretch, event: PatientEvent, constants: Quantities) -> Stretch:
    effect = EFFECTS[event.kind]
    start, target, paces = last.quantities(event.at), last.target, last.constants
    territory, shocks = effect.territory or last.territory, last.shocks
    if event.starts_as is not None:
        start = target = event.starts_as.as_quantities()
        territory, shocks, paces = None, 0, constants
    wanted = {**effect.goes_to, **event.goes_to}
    moved = dict.fromkeys(wanted, 0.0)
    for name in moved:
        own = float(constants[PLACES[name]])
        moved[name] = own if event.over is None else max(event.over / _SETTLED, 0.01)
    rhythm = effect.rhythm or last.rhythm
    return Stretch(
        since=event.at,
        rhythm=rhythm,
        rhythm_since=event.at if rhythm is not last.rhythm else last.rhythm_since,
        territory=territory,
        circumstances=(last.circumstances - effect.ends) | effect.begins,
        shocks=shocks + (event.kind is EventKind.SHOCK),
        start=start,
        target=replaced(target, wanted),
        constants=replaced(paces, moved),
    )
