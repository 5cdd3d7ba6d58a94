"""What a heart can do, and where an infarction shows."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Rhythm(Enum):
    """What the heart does electrically."""

    SINUS = "sinus rhythm"
    ATRIAL_FIBRILLATION = "atrial fibrillation"
    VENTRICULAR_TACHYCARDIA = "ventricular tachycardia"
    VENTRICULAR_FIBRILLATION = "ventricular fibrillation"
    ASYSTOLE = "asystole"
    PULSELESS_ACTIVITY = "pulseless electrical activity"
    PACED = "paced rhythm"

    @property
    def has_complexes(self) -> bool:
        """Whether there are beats to count in the ECG."""
        return self not in (Rhythm.VENTRICULAR_FIBRILLATION, Rhythm.ASYSTOLE)

    @property
    def can_pump(self) -> bool:
        """Whether beats of this rhythm may move blood."""
        return self.has_complexes and self is not Rhythm.PULSELESS_ACTIVITY


class Territory(Enum):
    """The wall of the heart that an infarction takes."""

    INFERIOR = "inferior"
    ANTERIOR = "anterior"
    LATERAL = "lateral"
    POSTERIOR = "posterior"


_SLOW: Final = 60
_FAST: Final = 100


def rhythm_words(rhythm: Rhythm, rate: float) -> str:
    """The rhythm as a crew says it; a sinus rhythm by its rate."""
    if rhythm is not Rhythm.SINUS or _SLOW <= round(rate) <= _FAST:
        return rhythm.value
    return "sinus bradycardia" if rate < _SLOW else "sinus tachycardia"
