"""The unrest of one sensor: the same for the same patient, sensor and moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from simulators.patient.vital_signs import Patient

_SENSORS: Final = 7


def unrest(patient: Patient, sensor: int, t: float, count: int) -> list[float]:
    """`count` numbers around zero with a deviation of one, for this moment."""
    seed = (patient.seed, _SENSORS, sensor, max(0, int(t * 100)))
    return [float(one) for one in np.random.default_rng(seed).normal(0.0, 1.0, count)]


def averaged(
    value: Callable[[float], float | None], t: float, *, window: float, looks: int
) -> float | None:
    """The mean of a value over the `window` seconds before t; None where too few can be seen.

    At least half of the `looks` must see something, the newest of them among those.
    """
    step = window / max(1, looks - 1)
    seen = [value(t - number * step) for number in range(looks)]
    if seen[0] is None:
        return None
    good = [one for one in seen if one is not None]
    return sum(good) / len(good) if 2 * len(good) >= looks else None
