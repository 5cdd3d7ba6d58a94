"""The patient's breath and pulse as a capnograph and an oximeter draw them.

As with the ECG, sample n lies at n / rate seconds of the patient's time and always has the same
value for the same patient, however the stretch around it is cut.
"""

from __future__ import annotations

import bisect
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.specializations.capnometer import SAMPLE_RATE_HZ as CAPNOGRAM_RATE
from protocols.specializations.pulse_oximeter import PLETH_RATE_HZ as PLETH_RATE
from simulators.vital_signs import BREATHING_RATE, PULSE_NEEDS_PERFUSION, Patient, Rhythm

Curve = NDArray[np.float64]

_LONGEST_CYCLE_SECONDS: Final = 10.0
_FIRST_BREATH: Final = 0.9

# Parts of a breath at which the curve turns, and how high it is there as a part of its top.
_TURNS: Final = (0.0, 0.42, 0.50, 0.94, 1.0)
_HEIGHTS: Final = (0.0, 0.0, 0.85, 1.0, 0.0)

# The pulse wave after a beat: seconds, width in seconds, height.
_PULSE_WAVES: Final = ((0.17, 0.08, 0.72), (0.42, 0.11, 0.26))


class Capnogram:
    """Carbon dioxide at the airway, mmHg, 25 samples a second."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._breaths = [_FIRST_BREATH - _LONGEST_CYCLE_SECONDS, _FIRST_BREATH]

    def millimetres(self, first: int, count: int) -> Curve:
        """`count` samples from number `first` on."""
        times = (first + np.arange(count)) / CAPNOGRAM_RATE
        return np.array([self._at(float(t)) for t in times])

    def _at(self, t: float) -> float:
        while self._breaths[-1] <= t:
            rate = self._patient.body_at(self._breaths[-1]).respiratory_rate
            seconds = min(_LONGEST_CYCLE_SECONDS, 60 / max(rate, BREATHING_RATE))
            self._breaths.append(self._breaths[-1] + seconds)
        number = bisect.bisect_right(self._breaths, t)
        begun, ends = self._breaths[number - 1], self._breaths[number]
        body = self._patient.body_at(begun)
        top = body.end_tidal if body.respiratory_rate >= BREATHING_RATE else 0.0
        return top * float(np.interp((t - begun) / (ends - begun), _TURNS, _HEIGHTS))


class Plethysmogram:
    """The pulse at the finger between 0 and 1, 50 samples a second; flat without a pulse."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient

    def heights(self, first: int, count: int) -> Curve:
        """`count` samples from number `first` on."""
        t = (first + np.arange(count)) / PLETH_RATE
        curve = np.zeros(count)
        for beat in self._patient.beats_until(float(t[-1]) + 1.0):
            if t[0] - 1.0 < beat < t[-1] + 1.0:
                strength = self._strength(beat)
                for after, width, height in _PULSE_WAVES:
                    curve += strength * height * np.exp(-0.5 * ((t - beat - after) / width) ** 2)
        return np.clip(curve, 0.0, 1.0)

    def _strength(self, beat: float) -> float:
        perfusion = self._patient.body_at(beat).perfusion
        beating = self._patient.stretch_at(beat).rhythm is Rhythm.SINUS
        return perfusion if beating and perfusion > PULSE_NEEDS_PERFUSION else 0.0
