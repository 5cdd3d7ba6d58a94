"""The patient's ECG as an electrode sees it: any stretch, any time, in millivolts.

Sample n lies at n / SAMPLE_RATE seconds of the patient's time and always has the same value for the
same patient and electrode, however the stretch around it is cut.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.specializations.cardiac_objects import SAMPLE_RATE_HZ
from simulators.scenario import EventKind
from simulators.vital_signs import Patient, Rhythm

SAMPLE_RATE: Final = SAMPLE_RATE_HZ
_NOISE_BLOCK: Final = 50
_NOISE_MV: Final = 0.010

# Lead II of one beat: seconds from the R peak at 60 beats a minute, width in seconds, millivolts.
_WAVES: Final = (
    (-0.160, 0.024, 0.14),
    (-0.030, 0.010, -0.09),
    (0.000, 0.011, 1.15),
    (0.030, 0.011, -0.24),
    (0.270, 0.052, 0.31),
)

Millivolts = NDArray[np.float64]


class Electrocardiogram:
    """Lead II of one patient through one pair of electrodes.

    `electrode` tells two monitors on one chest apart: the heart is the same, their noise is not.
    """

    def __init__(self, patient: Patient, *, electrode: int = 0) -> None:
        self._patient = patient
        self._electrode = electrode
        phases = np.random.default_rng((patient.seed, 3)).uniform(0, 2 * math.pi, 6)
        self._phases = [float(phase) for phase in phases]

    def millivolts(self, first: int, count: int) -> Millivolts:
        """`count` samples from number `first` on."""
        t = (first + np.arange(count)) / SAMPLE_RATE
        signal = self._heart(t) + self._compressions(t) + self._shocks(t)
        signal += 0.04 * np.sin(2 * math.pi * 0.23 * t + self._phases[0])
        signal += self._noise(first, count)
        return signal

    def _heart(self, t: Millivolts) -> Millivolts:
        signal = np.zeros_like(t)
        for stretch, until in zip(
            self._patient.stretches,
            [*(later.since for later in self._patient.stretches[1:]), math.inf],
            strict=True,
        ):
            here = (t >= stretch.since) & (t < until)
            if not here.any():
                continue
            if stretch.rhythm is Rhythm.SINUS:
                signal[here] = self._sinus(t[here])
            elif stretch.rhythm is Rhythm.VENTRICULAR_FIBRILLATION:
                signal[here] = self._fibrillation(t[here])
        return signal

    def _sinus(self, t: Millivolts) -> Millivolts:
        signal = np.zeros_like(t)
        beats = self._patient.beats_until(float(t[-1]) + 1.0)
        near = [beat for beat in beats if t[0] - 1.0 < beat < t[-1] + 1.0]
        for beat in near:
            rate = self._patient.body_at(beat).heart_rate
            squeeze = math.sqrt(60 / rate)  # intervals shorten with the root of the cycle (Bazett)
            tallness = 1 + 0.06 * math.sin(2 * math.pi * 0.23 * beat)
            for offset, width, height in _WAVES:
                scaled = offset if width < 0.02 else offset * squeeze
                signal += height * tallness * np.exp(-0.5 * ((t - beat - scaled) / width) ** 2)
        return signal

    def _fibrillation(self, t: Millivolts) -> Millivolts:
        p = self._phases
        wander = 1.3 * np.sin(2 * math.pi * 0.31 * t + p[1]) + 0.8 * np.sin(
            2 * math.pi * 0.73 * t + p[2]
        )
        coarse = np.sin(2 * math.pi * 4.7 * t + wander + p[3])
        second = 0.55 * np.sin(2 * math.pi * 6.1 * t - 1.7 * wander + p[4])
        third = 0.25 * np.sin(2 * math.pi * 9.2 * t + wander + p[5])
        swell = 0.62 + 0.24 * np.sin(2 * math.pi * 0.41 * t + p[2])
        started = min(event.at for event in self._patient.events if event.kind is EventKind.ARREST)
        fade: Millivolts = np.exp(-(t - started) / 180)
        wave: Millivolts = swell * fade * (coarse + second + third)
        return wave

    def _compressions(self, t: Millivolts) -> Millivolts:
        pressed = np.array([self._patient.stretch_at(float(at)).compressions for at in t])
        turn = 2 * math.pi * 110 / 60 * t
        artefact: Millivolts = np.where(
            pressed, 0.38 * np.sin(turn) + 0.14 * np.sin(2 * turn + 0.8), 0.0
        )
        return artefact

    def _shocks(self, t: Millivolts) -> Millivolts:
        signal = np.zeros_like(t)
        for event in self._patient.events:
            if event.kind is EventKind.SHOCK:
                after = t - event.at
                pulse = np.where((after >= 0) & (after < 0.02), 9.0, 0.0)
                tail = np.where(after >= 0, -3.0 * np.exp(-np.maximum(after, 0) / 0.35), 0.0)
                signal += pulse + tail
        return signal

    def _noise(self, first: int, count: int) -> Millivolts:
        block_from, block_to = first // _NOISE_BLOCK, (first + count - 1) // _NOISE_BLOCK
        blocks = [self._noise_block(block) for block in range(block_from, block_to + 1)]
        skip = first - block_from * _NOISE_BLOCK
        return np.concatenate(blocks)[skip : skip + count]

    def _noise_block(self, block: int) -> Millivolts:
        seed = (self._patient.seed, 4, self._electrode, max(0, block))
        return np.random.default_rng(seed).normal(0.0, _NOISE_MV, _NOISE_BLOCK)
