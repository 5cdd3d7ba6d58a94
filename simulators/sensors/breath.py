"""What measures breath: a capnograph at the end of its line, and a belt or the pads' impedance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulators.patient.happenings import Circumstance
from simulators.patient.physiology import BREATHING_RATE
from simulators.patient.vital_signs import Patient
from simulators.sensors.unrest import averaged, unrest

LINE_SECONDS: Final = 2.5
"""So long the gas travels through a side stream's line."""
RATE_SECONDS: Final = 15.0
"""Over so much time breaths are counted."""
_LOOKS: Final = 4
_CAPNOGRAPH, _BELT = 3, 4


@dataclass(frozen=True, slots=True)
class Capnometry:
    """End-tidal carbon dioxide in mmHg, None without a breath; whole breaths a minute."""

    end_tidal: int | None
    respiratory_rate: int | None


class Capnograph:
    """A side stream capnograph: what it says is as old as its line is long."""

    def __init__(self, patient: Patient, *, line: float = LINE_SECONDS) -> None:
        self._patient = patient
        self._line = line * patient.pace
        self._window = RATE_SECONDS * patient.pace

    def read(self, t: float) -> Capnometry:
        """What it shows at t; a rate of None where the line is off."""
        patient, then = self._patient, t - self._line
        if patient.holds(Circumstance.AIRWAY_LINE_OFF, then) or not patient.is_on_board(then):
            return Capnometry(None, None)
        stretch = patient.stretch_at(then)
        breathes = patient.breaths_at(then) >= BREATHING_RATE
        noise = unrest(patient, _CAPNOGRAPH, t, 2)
        moves_gas = breathes or stretch.compressions
        top = round(stretch.quantity("end_tidal", then) + 0.6 * noise[0]) if moves_gas else None
        if not breathes:
            return Capnometry(top, 0)
        rate = averaged(patient.breaths_at, then, window=self._window, looks=_LOOKS)
        return Capnometry(top, max(0, round((rate or 0.0) + 0.3 * noise[1])))


class BreathBelt:
    """A belt, or electrodes that feel the chest: own breaths only, nonsense while it is shaken."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._window = RATE_SECONDS * patient.pace

    def read(self, t: float) -> int | None:
        """Breaths a minute; 0 in apnoea, None where the chest is pressed or nobody is there."""
        stretch = self._patient.stretch_at(t)
        if not stretch.is_somebody or stretch.compressions:
            return None
        if stretch.quantity("respiratory_rate", t) < BREATHING_RATE:
            return 0
        rate = averaged(self._own, t, window=self._window, looks=_LOOKS) or 0.0
        noise = unrest(self._patient, _BELT, t, 1)[0]
        shaken = 6.0 if Circumstance.MOTION in stretch.circumstances else 0.4
        return max(0, round(rate + shaken * noise))

    def _own(self, t: float) -> float:
        return self._patient.stretch_at(t).quantity("respiratory_rate", t)
