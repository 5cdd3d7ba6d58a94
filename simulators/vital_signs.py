"""The patient: one seed, one story. Whoever asks for time t gets the same patient.

Nothing here advances: every value is worked out from (seed, scenario, t), so that four devices in
four processes measure one person without talking to each other.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Final

import numpy as np

from simulators.scenario import EventKind, PatientEvent, Scenario

PULSE_NEEDS_PERFUSION: Final = 0.25
BREATHING_RATE: Final = 4.0
"""Below so many breaths a minute nobody breathes by themselves."""
_RESPIRATORY_ARRHYTHMIA: Final = 0.03


class Rhythm(Enum):
    """What the heart does."""

    SINUS = "sinus rhythm"
    VENTRICULAR_FIBRILLATION = "ventricular fibrillation"
    ASYSTOLE = "asystole"


@dataclass(frozen=True, slots=True)
class Physiology:
    """Where the body is, or where it is heading.

    `heart_rate` and `respiratory_rate` per minute, pressures in mmHg, `spo2` in percent,
    `perfusion` 1 for a healthy finger, `impedance` between the pads in Ohm, `end_tidal` carbon
    dioxide in mmHg, `temperature` in degrees Celsius, `glucose` in mg/dL.
    """

    heart_rate: float = 76.0
    spo2: float = 97.0
    systolic: float = 124.0
    diastolic: float = 79.0
    perfusion: float = 1.0
    respiratory_rate: float = 14.0
    impedance: float = 82.0
    end_tidal: float = 37.0
    temperature: float = 36.8
    glucose: float = 112.0


# Seconds until a value has gone 63 % of its way, in a story of 75 seconds.
_TIME_CONSTANTS: Final = Physiology(
    heart_rate=3.0,
    spo2=9.0,
    systolic=3.0,
    diastolic=3.0,
    perfusion=2.0,
    respiratory_rate=3.0,
    impedance=4.0,
    end_tidal=3.0,
    temperature=600.0,
    glucose=600.0,
)
_STORY_SECONDS: Final = 75.0
_NAMES: Final = tuple(Physiology.__dataclass_fields__)

_EFFECTS: Final[dict[EventKind, dict[str, float]]] = {
    EventKind.ARREST: {
        "spo2": 70.0,
        "systolic": 18.0,
        "diastolic": 12.0,
        "perfusion": 0.0,
        "respiratory_rate": 0.0,
        "end_tidal": 10.0,
    },
    EventKind.CPR_STARTED: {"systolic": 60.0, "diastolic": 22.0, "end_tidal": 18.0},
    EventKind.CPR_PAUSED: {"systolic": 18.0, "diastolic": 12.0, "end_tidal": 10.0},
    EventKind.SHOCK: {"impedance": 75.0},
    EventKind.ROSC: {
        "heart_rate": 112.0,
        "spo2": 95.0,
        "systolic": 98.0,
        "diastolic": 61.0,
        "perfusion": 0.8,
        "respiratory_rate": 12.0,
        "end_tidal": 45.0,
        "temperature": 36.2,
    },
}
_RHYTHMS: Final = {
    EventKind.ARREST: Rhythm.VENTRICULAR_FIBRILLATION,
    EventKind.SHOCK: Rhythm.ASYSTOLE,
    EventKind.ROSC: Rhythm.SINUS,
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The patient between two events: from `since` seconds on, `start` drifts towards `target`."""

    since: float
    rhythm: Rhythm
    compressions: bool
    shocks: int
    start: Physiology
    target: Physiology


@dataclass(frozen=True, slots=True)
class Numerics:
    """What bedside devices can show at one moment; None where there is nothing to measure.

    Whole numbers in the device's unit: rates per minute, percent, mmHg, Ohm, mg/dL. Temperature
    in tenths of a degree Celsius, the perfusion index in tenths of a percent.
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
    """One person through one scenario of `seconds`; time t runs in seconds from its start."""

    def __init__(self, *, seed: int, scenario: Scenario, seconds: float) -> None:
        self.seed = seed
        self.scenario = scenario
        self.seconds = seconds
        self.events: tuple[PatientEvent, ...] = scenario.timeline(seconds)
        self._pace = min(1.0, seconds / _STORY_SECONDS)
        self._stretches = self._lay_out()
        self._since = [stretch.since for stretch in self._stretches]
        self._beats = [0.4]
        self._beat_phase = np.random.default_rng((seed, 1)).uniform(0, 2 * math.pi)

    def _lay_out(self) -> tuple[Stretch, ...]:
        usual = Physiology()
        stretches = [Stretch(-math.inf, Rhythm.SINUS, False, 0, usual, usual)]
        for event in self.events:
            last = stretches[-1]
            rhythm = _RHYTHMS.get(event.kind, last.rhythm)
            compressions = event.kind is EventKind.CPR_STARTED or (
                last.compressions and event.kind not in (EventKind.CPR_PAUSED, EventKind.ROSC)
            )
            shocks = last.shocks + (event.kind is EventKind.SHOCK)
            target = replace(last.target, **_EFFECTS.get(event.kind, {}))
            start = self._drift(last, event.at)
            stretches.append(Stretch(event.at, rhythm, compressions, shocks, start, target))
        return tuple(stretches)

    def _drift(self, stretch: Stretch, t: float) -> Physiology:
        if math.isinf(stretch.since):
            return stretch.target
        values = {}
        for name in _NAMES:
            start, target = getattr(stretch.start, name), getattr(stretch.target, name)
            constant = getattr(_TIME_CONSTANTS, name) * self._pace
            values[name] = target + (start - target) * math.exp(-(t - stretch.since) / constant)
        return Physiology(**values)

    def stretch_at(self, t: float) -> Stretch:
        """The stretch of the story that holds t."""
        return self._stretches[bisect.bisect_right(self._since, t) - 1]

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The whole story, one stretch after the other."""
        return self._stretches

    def body_at(self, t: float) -> Physiology:
        """The body's state at t."""
        return self._drift(self.stretch_at(t), t)

    def beats_until(self, t: float) -> list[float]:
        """The times of the sinus node's beats from 0 to a little after t, in seconds."""
        while self._beats[-1] <= t:
            last = self._beats[-1]
            body = self.body_at(last)
            breath = 2 * math.pi * max(body.respiratory_rate, 6.0) / 60 * last + self._beat_phase
            rate = body.heart_rate * (1 + _RESPIRATORY_ARRHYTHMIA * math.sin(breath))
            self._beats.append(last + 60 / rate)
        return self._beats

    def numerics_at(self, t: float) -> Numerics:
        """What the devices can read at t, with a small unrest of its own for every second."""
        stretch, body = self.stretch_at(t), self.body_at(t)
        unrest = np.random.default_rng((self.seed, 2, max(0, int(t * 100))))
        noise = [float(value) for value in unrest.normal(0.0, 1.0, 11)]
        beating = stretch.rhythm is Rhythm.SINUS
        pulse = beating and body.perfusion > PULSE_NEEDS_PERFUSION
        breathes = body.respiratory_rate >= BREATHING_RATE
        ventilated = breathes or stretch.compressions
        systolic = round(body.systolic + 1.5 * noise[2])
        diastolic = round(body.diastolic + noise[3])
        heart_rate = round(body.heart_rate + 0.7 * noise[0])
        shown = {
            Rhythm.SINUS: heart_rate,
            Rhythm.ASYSTOLE: 0,
            Rhythm.VENTRICULAR_FIBRILLATION: None,  # no complexes to count
        }
        return Numerics(
            heart_rate=shown[stretch.rhythm],
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
            glucose=round(body.glucose + 1.5 * noise[10]),
        )

    def events_between(self, start: float, end: float) -> tuple[PatientEvent, ...]:
        """The events with start <= at < end."""
        return tuple(event for event in self.events if start <= event.at < end)


def _tenths(value: float) -> Decimal:
    return Decimal(round(value * 10)).scaleb(-1)
