"""Every specialization this package knows: one line per file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from protocols.ieee20601.configuration import Configuration
from protocols.specializations import (
    basic_ecg,
    blood_pressure,
    defibrillator,
    pulse_oximeter,
    weighing_scale,
)
from protocols.specializations.base import Specialization

SPECIALIZATIONS: Final[tuple[Specialization, ...]] = (
    pulse_oximeter.SPECIALIZATION,
    basic_ecg.SPECIALIZATION,
    blood_pressure.SPECIALIZATION,
    weighing_scale.SPECIALIZATION,
    defibrillator.SPECIALIZATION,
)

STANDARD_CONFIGURATIONS: Final[Mapping[int, Configuration]] = MappingProxyType(
    {
        configuration.config_id: configuration
        for specialization in SPECIALIZATIONS
        for configuration in specialization.standard_configurations
    }
)
"""Standard configuration id -> configuration, as a manager takes them."""
