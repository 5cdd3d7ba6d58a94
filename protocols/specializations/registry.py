"""Every specialization this package knows: one line per file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from protocols.ieee20601.configuration import Configuration
from protocols.specializations import (
    basic_ecg,
    blood_pressure,
    body_composition,
    capnometer,
    cardiovascular_fitness,
    coagulation_meter,
    continuous_glucose,
    defibrillator,
    glucose_meter,
    living_hub,
    medication_monitor,
    multiparameter_monitor,
    peak_flow,
    power_status,
    pulse_oximeter,
    respiration_rate,
    strength_fitness,
    thermometer,
    weighing_scale,
)
from protocols.specializations.base import Specialization

SPECIALIZATIONS: Final[tuple[Specialization, ...]] = (
    pulse_oximeter.SPECIALIZATION,
    basic_ecg.SPECIALIZATION,
    blood_pressure.SPECIALIZATION,
    thermometer.SPECIALIZATION,
    respiration_rate.SPECIALIZATION,
    weighing_scale.SPECIALIZATION,
    glucose_meter.SPECIALIZATION,
    coagulation_meter.SPECIALIZATION,
    body_composition.SPECIALIZATION,
    peak_flow.SPECIALIZATION,
    continuous_glucose.SPECIALIZATION,
    power_status.SPECIALIZATION,
    cardiovascular_fitness.SPECIALIZATION,
    strength_fitness.SPECIALIZATION,
    living_hub.SPECIALIZATION,
    medication_monitor.SPECIALIZATION,
    defibrillator.SPECIALIZATION,
    capnometer.SPECIALIZATION,
    multiparameter_monitor.SPECIALIZATION,
)

STANDARD_CONFIGURATIONS: Final[Mapping[int, Configuration]] = MappingProxyType(
    {
        configuration.config_id: configuration
        for specialization in SPECIALIZATIONS
        for configuration in specialization.standard_configurations
    }
)
"""Standard configuration id -> configuration, as a manager takes them."""
