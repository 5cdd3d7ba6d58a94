"""The quantities of a body, where they stand in health, and how fast each of them moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

Quantities = NDArray[np.float64]
"""All quantities of one body, in the order of `NAMES`."""

PULSE_NEEDS_PERFUSION: Final = 0.25
"""Below so much perfusion no finger, cuff or oximeter feels a pulse."""
BREATHING_RATE: Final = 4.0
"""Below so many breaths a minute nobody breathes by themselves."""


@dataclass(frozen=True, slots=True)
class Physiology:
    """Where a body is, or where it is heading.

    `heart_rate` and `respiratory_rate` per minute, pressures in mmHg, `spo2` in percent,
    `perfusion` 1 for a healthy finger, `impedance` between the pads in Ohm, `end_tidal` carbon
    dioxide in mmHg, `temperature` in degrees Celsius, `glucose` in mg/dL. `obstruction` of the
    airways from 0 to 1, `st_elevation` of an infarction in mV.
    """

    heart_rate: float = 76.0
    spo2: float = 97.0
    systolic: float = 124.0
    diastolic: float = 79.0
    perfusion: float = 1.0
    respiratory_rate: float = 14.0
    impedance: float = 82.0
    end_tidal: float = 37.0
    temperature: float = 36.8
    glucose: float = 112.0
    obstruction: float = 0.0
    st_elevation: float = 0.0

    @classmethod
    def of(cls, quantities: Quantities) -> Physiology:
        """From numbers in the order of `NAMES`."""
        return cls(*(float(one) for one in quantities))

    def as_quantities(self) -> Quantities:
        """The numbers in the order of `NAMES`."""
        return np.array([getattr(self, name) for name in NAMES])


HEALTHY: Final = Physiology()
NAMES: Final = tuple(field.name for field in fields(Physiology))
PLACES: Final = {name: place for place, name in enumerate(NAMES)}

TIME_CONSTANTS: Final = Physiology(
    heart_rate=6.0,
    spo2=25.0,
    systolic=8.0,
    diastolic=8.0,
    perfusion=3.0,
    respiratory_rate=6.0,
    impedance=4.0,
    end_tidal=10.0,
    temperature=900.0,
    glucose=300.0,
    obstruction=30.0,
    st_elevation=40.0,
)
"""Seconds until a quantity has gone 63 % of its way, where an event says nothing else."""


def replaced(quantities: Quantities, values: Mapping[str, float]) -> Quantities:
    """A copy with these values."""
    changed = quantities.copy()
    for name, value in values.items():
        changed[PLACES[name]] = value
    return changed
