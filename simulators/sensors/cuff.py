"""A cuff at the arm: it is pumped up, lets go slowly, and knows the pressures at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulators.patient.happenings import Circumstance
from simulators.patient.vital_signs import Patient
from simulators.sensors.unrest import unrest

CYCLE_SECONDS: Final = 35.0
_KIND: Final = 2
_PUMPED: Final = 0.18
"""The part of a cycle in which it is pumped up."""
_ABOVE: Final = 35.0
"""So many mmHg above the expected systolic pressure it is pumped."""
_SYSTOLIC_AT: Final = 0.45
_DIASTOLIC_AT: Final = 0.8
_EMPTY: Final = 4.0


@dataclass(frozen=True, slots=True)
class CuffReading:
    """One measurement from `begun` to `ended` seconds: mmHg and beats a minute.

    All None where it failed; `reason` says why, in words.
    """

    begun: float
    ended: float
    systolic: int | None = None
    diastolic: int | None = None
    mean: int | None = None
    pulse_rate: int | None = None
    reason: str = ""


class Cuff:
    """The cuff at one patient's arm. `cycle` seconds, squeezed with a story told faster."""

    def __init__(self, patient: Patient, *, cycle: float = CYCLE_SECONDS) -> None:
        self._patient = patient
        self.cycle = cycle * patient.pace

    def measure(self, ended: float) -> CuffReading:
        """The measurement that is over at `ended`."""
        begun = ended - self.cycle
        heard = [begun + part * self.cycle for part in (_SYSTOLIC_AT, _DIASTOLIC_AT)]
        if reason := next((why for t in heard if (why := self._trouble(t))), ""):
            return CuffReading(begun, ended, reason=reason)
        noise = unrest(self._patient, _KIND, ended, 3)
        first, second = (self._patient.body_at(t) for t in heard)
        systolic = round(first.systolic + 2.0 * noise[0])
        diastolic = min(systolic - 4, round(second.diastolic + 1.5 * noise[1]))
        return CuffReading(
            begun,
            ended,
            systolic=systolic,
            diastolic=diastolic,
            mean=round((systolic + 2 * diastolic) / 3),
            pulse_rate=round(second.heart_rate + noise[2]),
        )

    def pressure_at(self, reading: CuffReading, t: float) -> int:
        """The pressure in the cuff at t of a measurement, mmHg; 0 before and after."""
        part = (t - reading.begun) / self.cycle
        if not 0 <= part < 1:
            return 0
        top = (reading.systolic or 145) + _ABOVE
        if part < _PUMPED:
            return round(top * part / _PUMPED)
        bottom = max(_EMPTY, (reading.diastolic or 60) - 2 * _ABOVE / 3)
        return round(top + (bottom - top) * (part - _PUMPED) / (1 - _PUMPED))

    def _trouble(self, t: float) -> str:
        patient = self._patient
        if patient.holds(Circumstance.CUFF_OFF, t):
            return "the cuff is off"
        if patient.holds(Circumstance.MOTION, t) or patient.stretch_at(t).compressions:
            return "the arm moves"
        return "" if patient.has_pulse(t) else "no pulse"
