"""The heart as a vector in space (x left, y foot, z back, in mV), and the leads that look at it.

The eight rows that are measured are Dower's transform (J Electrocardiol 1980); the other four
limb leads follow from I and II, as they do in every electrocardiograph.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulators.patient.beats import Beat
from simulators.patient.rhythms import Rhythm, Territory

Curves = NDArray[np.float64]

MEASURED: Final = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
LEADS: Final = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
TO_MEASURED: Final = np.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)
_LIMBS: Final = np.array([[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]])

BEAT_REACH: Final = 1.0
"""So many seconds before and after its R peak a beat may show."""


class Wave(NamedTuple):
    """One wave of a beat: seconds from the R peak at 60 a minute, width in seconds, vector in mV.

    Waves that `squeeze` come closer to the R peak at higher rates (Bazett).
    """

    after: float
    width: float
    vector: tuple[float, float, float]
    squeezes: bool


_P: Final = Wave(-0.160, 0.024, (0.08, 0.115, -0.02), True)
_COMPLEX: Final = (
    Wave(-0.028, 0.010, (-0.10, -0.05, -0.12), False),
    Wave(0.000, 0.011, (0.95, 0.90, 0.35), False),
    Wave(0.028, 0.011, (-0.15, -0.16, 0.45), False),
)
_T: Final = Wave(0.270, 0.052, (0.25, 0.22, -0.12), True)
_WIDE: Final = (
    Wave(-0.010, 0.038, (-0.55, -0.80, 0.60), False),
    Wave(0.070, 0.034, (0.35, 0.25, 0.50), False),
    Wave(0.210, 0.060, (0.30, 0.42, -0.40), True),
)
_SPIKE: Final = Wave(-0.080, 0.0015, (0.6, 2.2, -0.4), False)
_SICK: Final = (
    Wave(-0.045, 0.020, (-0.05, -0.03, -0.06), False),
    Wave(0.000, 0.024, (0.45, 0.42, 0.18), False),
    Wave(0.050, 0.022, (-0.07, -0.08, 0.22), False),
    Wave(0.330, 0.080, (0.10, 0.09, -0.05), True),
)
"""A dying heart still makes complexes: low and wide."""
_BEATS: Final[dict[Rhythm, tuple[Wave, ...]]] = {
    Rhythm.SINUS: (_P, *_COMPLEX, _T),
    Rhythm.ATRIAL_FIBRILLATION: (*_COMPLEX, _T),
    Rhythm.VENTRICULAR_TACHYCARDIA: _WIDE,
    Rhythm.PACED: (_SPIKE, *_WIDE),
    Rhythm.PULSELESS_ACTIVITY: _SICK,
}
_INJURED: Final[dict[Territory, tuple[float, float, float]]] = {
    Territory.INFERIOR: (-0.30, 1.00, 0.0),
    Territory.ANTERIOR: (0.20, 0.00, -0.75),
    Territory.LATERAL: (1.00, -0.30, 0.15),
    Territory.POSTERIOR: (0.10, 0.20, 0.80),
}
_ST: Final = Wave(0.130, 0.062, (0.0, 0.0, 0.0), True)


def add_beat(
    vector: Curves, t: Curves, beat: Beat, *, injury: Territory | None, elevation: float
) -> None:
    """Add one beat to the vector (3 rows) at each time of `t`.

    `elevation` of the ST segment in mV over the wall that is injured.
    """
    squeeze = math.sqrt(60 / beat.rate)
    tallness = 1 + 0.06 * math.sin(2 * math.pi * 0.23 * beat.at)
    waves = _BEATS[beat.rhythm]
    if injury is not None and elevation > 0:
        x, y, z = _INJURED[injury]
        raised = (x * elevation, y * elevation, z * elevation)
        waves = (*waves, _ST._replace(vector=raised))
    for wave in waves:
        after = wave.after * squeeze if wave.squeezes else wave.after
        bump = np.exp(-0.5 * ((t - beat.at - after) / wave.width) ** 2)
        vector += np.outer(wave.vector, tallness * bump)


def seen_by(leads: Curves, vector: Curves) -> Curves:
    """The vector (3 rows) as these leads see it: a row for each.

    Written out: a matrix product may round a sample differently with the length of its row.
    """
    x, y, z = vector
    seen: Curves = leads[:, :1] * x + leads[:, 1:2] * y + leads[:, 2:] * z
    return seen


def all_leads(measured: Curves) -> Curves:
    """Twelve rows in the order of `LEADS` from the eight that are measured."""
    first, second = measured[:2]
    limbs = _LIMBS[:, :1] * first + _LIMBS[:, 1:] * second
    return np.vstack([limbs, measured[2:]])
