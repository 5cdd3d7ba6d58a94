"""The patient's breath and pulse as a capnograph and an oximeter draw them.

As with the ECG, sample n lies at n / rate seconds of the patient's time and always has the same
value for the same patient, however the stretch around it is cut.
"""

from __future__ import annotations

import bisect
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.specializations.capnometer import SAMPLE_RATE_HZ as CAPNOGRAM_RATE
from protocols.specializations.pulse_oximeter import PLETH_RATE_HZ as PLETH_RATE
from simulators.patient.electrocardiogram import COMPRESSION_RATE
from simulators.patient.happenings import Circumstance
from simulators.patient.physiology import BREATHING_RATE
from simulators.patient.vital_signs import Patient

Curve = NDArray[np.float64]

_LONGEST_CYCLE_SECONDS: Final = 10.0
_FIRST_BREATH: Final = 0.9

# Parts of a breath at which the curve turns, and how high it is there as a part of its top. With
# narrow airways the lungs empty unevenly: the plateau slants until it looks like a shark's fin.
_TURNS: Final = (0.0, 0.42, 0.50, 0.94, 1.0)
_HEIGHTS: Final = (0.0, 0.0, 0.85, 1.0, 0.0)
_SHOULDER_LOST: Final = 0.6

# The pulse wave after a beat: seconds, width in seconds, height.
_PULSE_WAVES: Final = ((0.17, 0.08, 0.72), (0.42, 0.11, 0.26))
_PRESSED: Final = 0.18
_SHAKEN: Final = 0.25


class Capnogram:
    """Carbon dioxide at the airway, mmHg, 25 samples a second."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._breaths = [_FIRST_BREATH - _LONGEST_CYCLE_SECONDS, _FIRST_BREATH]

    def millimetres(self, first: int, count: int) -> Curve:
        """`count` samples from number `first` on."""
        times = (first + np.arange(count)) / CAPNOGRAM_RATE
        curve = np.zeros(count)
        number = self._breath_of(float(times[0]))
        while self._breaths[number - 1] <= times[-1]:
            begun, ends = self._breaths[number - 1], self._breaths[number]
            here = (times >= begun) & (times < ends)
            curve[here] = self._shape(begun, (times[here] - begun) / (ends - begun))
            number += 1
            self._grow(ends)
        return curve

    def _breath_of(self, t: float) -> int:
        self._grow(t)
        return bisect.bisect_right(self._breaths, t)

    def _grow(self, t: float) -> None:
        while self._breaths[-1] <= t:
            rate = self._patient.breaths_at(self._breaths[-1])
            seconds = min(_LONGEST_CYCLE_SECONDS, 60 / max(rate, BREATHING_RATE))
            self._breaths.append(self._breaths[-1] + seconds)

    def _shape(self, begun: float, parts: Curve) -> Curve:
        no_line = self._patient.holds(Circumstance.AIRWAY_LINE_OFF, begun)
        if no_line or self._patient.breaths_at(begun) < BREATHING_RATE:
            return np.zeros_like(parts)
        body = self._patient.body_at(begun)
        shoulder = _HEIGHTS[2] - _SHOULDER_LOST * body.obstruction
        heights = (*_HEIGHTS[:2], shoulder, *_HEIGHTS[3:])
        return np.asarray(body.end_tidal * np.interp(parts, _TURNS, heights))


class Plethysmogram:
    """The pulse at the finger between 0 and 1, 50 samples a second; flat without a pulse."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient

    def heights(self, first: int, count: int) -> Curve:
        """`count` samples from number `first` on."""
        t = (first + np.arange(count)) / PLETH_RATE
        curve = np.zeros(count)
        for beat in self._patient.beats.between(float(t[0]) - 1.0, float(t[-1]) + 1.0):
            strength = self._strength(beat.at)
            for after, width, height in _PULSE_WAVES:
                curve += strength * height * np.exp(-0.5 * ((t - beat.at - after) / width) ** 2)
        return np.clip(curve + self._shaken(t), 0.0, 1.0)

    def _strength(self, at: float) -> float:
        if not self._patient.has_pulse(at) or self._patient.holds(Circumstance.PROBE_OFF, at):
            return 0.0
        return self._patient.body_at(at).perfusion

    def _shaken(self, t: Curve) -> Curve:
        """Compressions push a little blood along; a hand that moves draws nonsense."""
        curve = np.zeros_like(t)
        for stretch, here in self._patient.parts_of(t):
            part = t[here]
            if Circumstance.PROBE_OFF in stretch.circumstances or not stretch.is_somebody:
                continue
            if stretch.compressions:
                push = np.sin(2 * math.pi * COMPRESSION_RATE / 60 * part)
                curve[here] += _PRESSED * np.maximum(0, push)
            if Circumstance.MOTION in stretch.circumstances:
                shake = np.sin(2 * math.pi * 2.3 * part) * np.sin(2 * math.pi * 0.7 * part)
                curve[here] += _SHAKEN * np.abs(shake)
        return curve
