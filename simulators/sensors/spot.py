"""Spot checks: a thermometer that warms up slowly, a drop of blood on a strip."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simulators.patient.vital_signs import Patient
from simulators.sensors.unrest import unrest

WARMS_IN_SECONDS: Final = 20.0
_THERMOMETER, _STRIP = 8, 9
_STRIP_ERROR: Final = 0.03
"""A strip is wrong by so much, as a part of the value, two times in three."""


class ThermometerProbe:
    """Shows what the body was a moment ago, in tenths of a degree Celsius."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._behind = WARMS_IN_SECONDS * patient.pace

    def read(self, t: float) -> Decimal:
        """What it shows at t; the room's temperature where nobody is."""
        degrees = self._patient.body_at(t - self._behind).temperature
        noise = unrest(self._patient, _THERMOMETER, t, 1)[0]
        return Decimal(round(10 * degrees + 0.3 * noise)).scaleb(-1)


class GlucoseStrip:
    """A capillary drop, in whole mg/dL."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient

    def read(self, t: float) -> int | None:
        """What the meter says at t; None where nobody gives a drop."""
        if not self._patient.is_on_board(t):
            return None
        noise = unrest(self._patient, _STRIP, t, 1)[0]
        return max(0, round(self._patient.body_at(t).glucose * (1 + _STRIP_ERROR * noise)))
