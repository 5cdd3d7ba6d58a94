"""Every specialization this package knows: one line per file."""

from __future__ import annotations

from typing import Final

from protocols.specializations import basic_ecg, blood_pressure, defibrillator, pulse_oximeter
from protocols.specializations.base import Specialization

SPECIALIZATIONS: Final[tuple[Specialization, ...]] = (
    pulse_oximeter.SPECIALIZATION,
    blood_pressure.SPECIALIZATION,
    basic_ecg.SPECIALIZATION,
    defibrillator.SPECIALIZATION,
)
