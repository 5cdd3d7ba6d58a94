"""The patient's ECG as electrodes see it: any stretch, any time, any lead, in millivolts.

Sample n lies at n / rate seconds of the patient's time and always has the same value for the same
patient, electrodes and rate, however the stretch around it is cut.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

import numpy as np

from protocols.specializations.cardiac_objects import SAMPLE_RATE_HZ
from simulators.patient.happenings import Circumstance, EventKind
from simulators.patient.heart_vector import (
    BEAT_REACH,
    MEASURED,
    TO_MEASURED,
    Curves,
    add_beat,
    all_leads,
    seen_by,
)
from simulators.patient.rhythms import Rhythm
from simulators.patient.stretches import Stretch
from simulators.patient.vital_signs import Patient

SAMPLE_RATE: Final = SAMPLE_RATE_HZ
TWELVE_LEAD_RATE: Final = 500
COMPRESSION_RATE: Final = 110.0
"""Compressions a minute."""
_NOISE_MV: Final = 0.010
_BLOCKS_KEPT: Final = 4
_LEAD_II: Final = MEASURED.index("II")
# How much of what is no heart each measured lead picks up.
_SHAKEN: Final = np.array([[0.7], [1.0], [0.5], [0.6], [0.8], [0.9], [0.8], [0.6]])
_HUM_MV: Final = 0.35
_AFTERGLOW: Final = 3.0
"""Seconds in which an amplifier comes back after a shock."""


class Electrocardiogram:
    """The leads of one patient through one set of electrodes.

    `electrode` tells two monitors on one chest apart: the heart is the same, their noise is not.
    `rate` is how many samples a second this monitor takes.
    """

    def __init__(self, patient: Patient, *, electrode: int = 0, rate: int = SAMPLE_RATE) -> None:
        self._patient = patient
        self._electrode = electrode
        self._rate = rate
        phases = np.random.default_rng((patient.seed, 3)).uniform(0, 2 * math.pi, 8)
        self._phases = [float(phase) for phase in phases]
        self._shocks = [event.at for event in patient.events if event.kind is EventKind.SHOCK]
        self._blocks: OrderedDict[int, Curves] = OrderedDict()

    def millivolts(self, first: int, count: int) -> Curves:
        """Lead II: `count` samples from number `first` on."""
        lead: Curves = self._measured(first, count, slice(_LEAD_II, _LEAD_II + 1))[0]
        return lead

    def twelve_leads(self, first: int, count: int) -> Curves:
        """Twelve rows in the order of `LEADS`: `count` samples from number `first` on."""
        return all_leads(self._measured(first, count, slice(0, len(MEASURED))))

    def _measured(self, first: int, count: int, rows: slice) -> Curves:
        t = (first + np.arange(count)) / self._rate
        signal = np.zeros((rows.stop - rows.start, count))
        lone = np.zeros(count)
        for stretch, here in self._patient.parts_of(t):
            part = t[here]
            if not stretch.is_somebody or Circumstance.ELECTRODES_OFF in stretch.circumstances:
                signal[:, here] = _HUM_MV * np.sin(2 * math.pi * 50 * part)
                continue
            signal[:, here] = seen_by(TO_MEASURED[rows], self._heart(stretch, part))
            lone[here] = self._artefacts(stretch, part)
        signal += _SHAKEN[rows] * lone
        for channel, row in enumerate(range(rows.start, rows.stop)):
            wander = 2 * math.pi * (0.23 + 0.004 * (row - _LEAD_II)) * t
            signal[channel] += 0.04 * np.sin(wander + self._phases[0])
        return signal + self._noise(first, count)[rows]

    def _heart(self, stretch: Stretch, t: Curves) -> Curves:
        if stretch.rhythm is Rhythm.VENTRICULAR_FIBRILLATION:
            return self._fibrillation(stretch, t)
        if stretch.rhythm is Rhythm.ASYSTOLE:
            return np.zeros((3, len(t)))
        begin, end = float(t[0]), float(t[-1])
        vector = np.zeros((3, len(t)))
        for beat in self._patient.beats.between(begin - BEAT_REACH, end + BEAT_REACH):
            if beat.rhythm is stretch.rhythm:
                then = self._patient.stretch_at(beat.at)
                raised = then.quantity("st_elevation", beat.at)
                add_beat(vector, t, beat, injury=then.territory, elevation=raised)
        if stretch.rhythm is Rhythm.ATRIAL_FIBRILLATION:
            vector += self._flutter(t)
        return vector

    def _flutter(self, t: Curves) -> Curves:
        """The unrest of the atria where P waves would be."""
        p = self._phases
        first = np.sin(2 * math.pi * 6.3 * t + 1.4 * np.sin(2 * math.pi * 0.5 * t + p[6]) + p[7])
        second = np.sin(2 * math.pi * 7.9 * t + 1.1 * np.sin(2 * math.pi * 0.3 * t + p[7]) + p[6])
        return np.array([0.02 * first, 0.035 * first + 0.02 * second, -0.05 * second])

    def _fibrillation(self, stretch: Stretch, t: Curves) -> Curves:
        p = self._phases
        wander = 1.3 * np.sin(2 * math.pi * 0.31 * t + p[1]) + 0.8 * np.sin(
            2 * math.pi * 0.73 * t + p[2]
        )
        coarse = np.sin(2 * math.pi * 4.7 * t + wander + p[3])
        second = 0.55 * np.sin(2 * math.pi * 6.1 * t - 1.7 * wander + p[4])
        third = 0.25 * np.sin(2 * math.pi * 9.2 * t + wander + p[5])
        swell = 0.62 + 0.24 * np.sin(2 * math.pi * 0.41 * t + p[2])
        size = swell * np.exp(-(t - stretch.rhythm_since) / 180)
        return np.asarray(
            size * np.array([second + third, coarse + second + third, 0.7 * coarse - second])
        )

    def _artefacts(self, stretch: Stretch, t: Curves) -> Curves:
        """Hands on the chest, a rough road, a shock: what a lead sees that is no heart."""
        signal = np.zeros_like(t)
        if stretch.compressions:
            turn = 2 * math.pi * COMPRESSION_RATE / 60 * t
            signal += 0.38 * np.sin(turn) + 0.14 * np.sin(2 * turn + 0.8)
        if Circumstance.MOTION in stretch.circumstances:
            p = self._phases
            shake = np.sin(2 * math.pi * 2.9 * t + 2 * np.sin(2 * math.pi * 0.37 * t + p[6]))
            signal += 0.22 * shake + 0.12 * np.sin(2 * math.pi * 13.0 * t + p[7])
        for at in self._shocks:
            after = t - at
            if after[-1] < 0 or after[0] > _AFTERGLOW:
                continue
            signal += np.where((after >= 0) & (after < 0.02), 9.0, 0.0)
            signal += np.where(after >= 0, -3.0 * np.exp(-np.maximum(after, 0) / 0.35), 0.0)
        return signal

    def _noise(self, first: int, count: int) -> Curves:
        size = self._rate
        numbers = range(first // size, (first + count - 1) // size + 1)
        blocks = np.concatenate([self._noise_block(number) for number in numbers], axis=1)
        skip = first - numbers[0] * size
        return blocks[:, skip : skip + count]

    def _noise_block(self, number: int) -> Curves:
        """A second of noise; the newest few are remembered."""
        if number not in self._blocks:
            seed = (self._patient.seed, 4, self._electrode, max(0, number))
            shape = (len(MEASURED), self._rate)
            self._blocks[number] = np.random.default_rng(seed).normal(0.0, _NOISE_MV, shape)
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return self._blocks[number]
