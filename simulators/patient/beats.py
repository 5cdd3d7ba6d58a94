"""The beats of a heart: when each begins, worked out once from the story's begin on."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from simulators.patient.rhythms import Rhythm
from simulators.patient.stretches import Stretch

FIRST_BEAT: Final = 0.4
_RESPIRATORY_ARRHYTHMIA: Final = 0.03
_IRREGULARITY: Final = 0.21
"""How much the intervals of atrial fibrillation differ, as a part of their mean."""
_SLOWEST: Final = 20.0
_FASTEST: Final = 250.0
_PAUSE: Final = 0.3
"""A rhythm that comes back begins with its first beat a moment later."""
_DRAWN: Final = 1024


class Beat(NamedTuple):
    """One beat: its R peak in seconds, the rhythm, and the rate it belongs to."""

    at: float
    rhythm: Rhythm
    rate: float


class Beats:
    """All beats of one story; grows as far as somebody looks."""

    def __init__(self, seed: int, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches
        self._since = [stretch.since for stretch in stretches]
        self._beats: list[Beat] = []
        self._times: list[float] = []
        self._next = FIRST_BEAT
        self._breath = float(np.random.default_rng((seed, 1)).uniform(0, 2 * math.pi))
        unrest = np.random.default_rng((seed, 6)).normal(1.0, _IRREGULARITY, _DRAWN)
        self._irregular = np.clip(unrest, 0.55, 1.7)

    def between(self, start: float, end: float) -> Iterator[Beat]:
        """The beats with start <= at < end."""
        while self._next < end:
            self._grow()
        first = bisect.bisect_left(self._times, start)
        for beat in self._beats[first:]:
            if beat.at >= end:
                return
            yield beat

    def _grow(self) -> None:
        t = self._next
        place = bisect.bisect_right(self._since, t)
        stretch = self._stretches[place - 1]
        if not (stretch.rhythm.has_complexes and stretch.is_somebody):
            self._next = self._since[place] + _PAUSE if place < len(self._since) else math.inf
            return
        rate = min(_FASTEST, max(_SLOWEST, stretch.quantity("heart_rate", t)))
        self._beats.append(Beat(t, stretch.rhythm, rate))
        self._times.append(t)
        self._next = t + 60 / rate * self._stretch_of(stretch, t)

    def _stretch_of(self, stretch: Stretch, t: float) -> float:
        """How much longer or shorter than the mean this interval is."""
        if stretch.rhythm is Rhythm.ATRIAL_FIBRILLATION:
            return float(self._irregular[len(self._times) % _DRAWN])
        if stretch.rhythm is not Rhythm.SINUS:
            return 1.0
        breaths = max(stretch.quantity("respiratory_rate", t), 6.0)
        turn = 2 * math.pi * breaths / 60 * t + self._breath
        return 1 / (1 + _RESPIRATORY_ARRHYTHMIA * math.sin(turn))
