"""The patient: one seed, one story. Whoever asks for time t gets the same patient.

Nothing here advances: every value is worked out from (seed, scenario, t), so that devices in
processes of their own measure one person without talking to each other, at any speed.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulators.patient.beats import Beats
from simulators.patient.happenings import Circumstance
from simulators.patient.physiology import BREATHING_RATE, PULSE_NEEDS_PERFUSION, Physiology
from simulators.patient.rhythms import Rhythm, rhythm_words
from simulators.patient.scenario import Call, PatientEvent, Scenario
from simulators.patient.stretches import Stretch, lay_out

VENTILATIONS: Final = 10.0
"""Breaths a minute that a crew gives by hand."""
_ROOM: Final = Physiology(
    heart_rate=0.0,
    spo2=0.0,
    systolic=0.0,
    diastolic=0.0,
    perfusion=0.0,
    respiratory_rate=0.0,
    end_tidal=0.0,
    temperature=22.5,
    glucose=0.0,
)
"""What there is to measure in an empty vehicle."""


@dataclass(frozen=True, slots=True)
class Numerics:
    """What there is to measure at one moment; None where there is nothing.

    Whole numbers in the device's unit: rates per minute, percent, mmHg, Ohm, mg/dL. Temperature
    in tenths of a degree Celsius, the perfusion index in tenths of a percent. Sensors see it late
    and averaged.
    """

    heart_rate: int | None
    spo2: int | None
    pulse_rate: int | None
    systolic: int | None
    diastolic: int | None
    mean: int | None
    impedance: int
    respiratory_rate: int
    end_tidal: int | None
    temperature: Decimal
    perfusion_index: Decimal | None
    glucose: int


class Patient:
    """One person, or the persons of a shift, through one scenario.

    Time t runs in seconds from its start. `seconds`: how long the telling takes, by default as
    long as the scenario lasts; a story told faster has a body that is faster, too (`pace`).
    """

    def __init__(self, *, seed: int, scenario: Scenario, seconds: float | None = None) -> None:
        self.seed = seed
        self.scenario = scenario
        self.seconds = scenario.seconds if seconds is None else seconds
        self.pace = min(1.0, self.seconds / scenario.seconds)
        self.events: tuple[PatientEvent, ...] = scenario.timeline(self.seconds)
        self.calls: tuple[Call, ...] = scenario.patients(self.seconds)
        self.stretches = lay_out(
            scenario.starts_as, self.events, pace=self.pace, is_shift=bool(scenario.calls)
        )
        self._since = [stretch.since for stretch in self.stretches]
        self.beats = Beats(seed, self.stretches)

    def stretch_at(self, t: float) -> Stretch:
        """The stretch of the story that holds t."""
        return self.stretches[bisect.bisect_right(self._since, t) - 1]

    def parts_of(self, t: NDArray[np.float64]) -> Iterator[tuple[Stretch, slice]]:
        """The stretches that rising times lie in, each with its share of them."""
        at = 0
        while at < len(t):
            number = bisect.bisect_right(self._since, float(t[at]))
            end = len(t)
            if number < len(self._since):
                end = int(np.searchsorted(t, self._since[number]))
            yield self.stretches[number - 1], slice(at, end)
            at = end

    def body_at(self, t: float) -> Physiology:
        """The body's state at t."""
        stretch = self.stretch_at(t)
        return Physiology.of(stretch.quantities(t)) if stretch.is_somebody else _ROOM

    def is_on_board(self, t: float) -> bool:
        """Whether somebody is on the stretcher at t."""
        return self.stretch_at(t).is_somebody

    def holds(self, circumstance: Circumstance, t: float) -> bool:
        """Whether this holds at t."""
        return circumstance in self.stretch_at(t).circumstances

    def has_pulse(self, t: float) -> bool:
        """Whether blood moves so that a sensor feels it."""
        stretch = self.stretch_at(t)
        pumps = stretch.is_somebody and stretch.rhythm.can_pump
        return pumps and stretch.quantity("perfusion", t) > PULSE_NEEDS_PERFUSION

    def breaths_at(self, t: float) -> float:
        """Breaths a minute at the airway, own or given by hand."""
        stretch = self.stretch_at(t)
        if not stretch.is_somebody:
            return 0.0
        own = stretch.quantity("respiratory_rate", t)
        if own >= BREATHING_RATE:
            return own
        return VENTILATIONS if Circumstance.VENTILATED in stretch.circumstances else 0.0

    def rhythm_words(self, t: float) -> str:
        """The rhythm at t as a crew says it."""
        stretch = self.stretch_at(t)
        if not stretch.is_somebody:
            return Circumstance.NOBODY.value
        return rhythm_words(stretch.rhythm, stretch.quantity("heart_rate", t))

    def numerics_at(self, t: float) -> Numerics:
        """What there is to measure at t, with a small unrest of its own for every moment."""
        stretch, body = self.stretch_at(t), self.body_at(t)
        unrest = np.random.default_rng((self.seed, 2, max(0, int(t * 100))))
        noise = [float(value) for value in unrest.normal(0.0, 1.0, 11)]
        pulse = self.has_pulse(t)
        breathes = body.respiratory_rate >= BREATHING_RATE
        ventilated = breathes or bool(
            stretch.circumstances & {Circumstance.COMPRESSIONS, Circumstance.VENTILATED}
        )
        systolic = round(body.systolic + 1.5 * noise[2])
        diastolic = round(body.diastolic + noise[3])
        return Numerics(
            heart_rate=self._heart_rate(stretch, body.heart_rate + 0.7 * noise[0]),
            spo2=min(100, round(body.spo2 + 0.4 * noise[1])) if pulse else None,
            pulse_rate=round(body.heart_rate + 0.7 * noise[4]) if pulse else None,
            systolic=systolic if pulse else None,
            diastolic=diastolic if pulse else None,
            mean=round((systolic + 2 * diastolic) / 3) if pulse else None,
            impedance=round(body.impedance + 0.5 * noise[5]),
            respiratory_rate=max(0, round(body.respiratory_rate + 0.4 * noise[6]))
            if breathes
            else 0,
            end_tidal=round(body.end_tidal + 0.6 * noise[7]) if ventilated else None,
            temperature=_tenths(body.temperature + 0.03 * noise[8]),
            perfusion_index=_tenths(max(0.1, 4 * body.perfusion + 0.1 * noise[9]))
            if pulse
            else None,
            glucose=max(0, round(body.glucose + 1.5 * noise[10])),
        )

    def _heart_rate(self, stretch: Stretch, rate: float) -> int | None:
        if not stretch.is_somebody or stretch.rhythm is Rhythm.VENTRICULAR_FIBRILLATION:
            return None  # no complexes to count
        return 0 if stretch.rhythm is Rhythm.ASYSTOLE else round(rate)

    def events_between(self, start: float, end: float) -> tuple[PatientEvent, ...]:
        """The events with start <= at < end."""
        return tuple(event for event in self.events if start <= event.at < end)


def _tenths(value: float) -> Decimal:
    return Decimal(round(value * 10)).scaleb(-1)
