"""Electrodes on the chest: a heart rate averaged over the last beats, lost when one comes off."""

from __future__ import annotations

from typing import Final

from simulators.patient.happenings import Circumstance
from simulators.patient.rhythms import Rhythm
from simulators.patient.vital_signs import Patient
from simulators.sensors.unrest import averaged, unrest

AVERAGING_SECONDS: Final = 6.0
RECOGNISES_AFTER_SECONDS: Final = 1.0
"""So long after a rhythm began a monitor has recognised it."""
_LOOKS: Final = 4
_KIND: Final = 5


class Electrodes:
    """What a monitor makes of one patient's ECG; `number` tells two monitors on a chest apart."""

    def __init__(self, patient: Patient, *, number: int = 0) -> None:
        self._patient = patient
        self._kind = _KIND + 10 * number
        self._window = AVERAGING_SECONDS * patient.pace

    def heart_rate(self, t: float) -> int | None:
        """Beats a minute: 0 in asystole, None in fibrillation or with an electrode off."""
        patient, stretch = self._patient, self._patient.stretch_at(t)
        if not self._is_on(t) or stretch.rhythm is Rhythm.VENTRICULAR_FIBRILLATION:
            return None
        if stretch.rhythm is Rhythm.ASYSTOLE:
            return 0
        rate = averaged(self._counted, t, window=self._window, looks=_LOOKS)
        if rate is None:  # the rhythm has only begun: no average yet, the last interval counts
            rate = stretch.quantity("heart_rate", t)
        noise = unrest(patient, self._kind, t, 1)[0]
        shaken = 12.0 if Circumstance.MOTION in stretch.circumstances else 0.7
        return max(0, round(rate + shaken * noise))

    def impedance(self, t: float) -> int:
        """Ohm between the pads."""
        noise = unrest(self._patient, self._kind + 1, t, 1)[0]
        return round(self._patient.stretch_at(t).quantity("impedance", t) + 0.5 * noise)

    def _is_on(self, t: float) -> bool:
        stretch = self._patient.stretch_at(t)
        return stretch.is_somebody and Circumstance.ELECTRODES_OFF not in stretch.circumstances

    def _counted(self, t: float) -> float | None:
        stretch = self._patient.stretch_at(t)
        if not (self._is_on(t) and stretch.rhythm.has_complexes):
            return None
        return stretch.quantity("heart_rate", t)
