"""Multiparameter monitor as an extended configuration; no 104xx standard describes one.

Its metrics are ordinary ones of 10101, many of them those of the single devices. What it alarms
about is a code of partition 3 under a term of our own, for 10101 has none for such an object.
Profile MDC_DEV_SPEC_PROFILE_VS_MON stands in the 2004 text.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, coded, compound, numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.private import MONITOR_EVENT
from protocols.nomenclature.units import (
    BEATS_PER_MINUTE,
    BREATHS_PER_MINUTE,
    DEGREES_CELSIUS,
    MILLIMETRES_OF_MERCURY,
    PERCENT,
)
from protocols.specializations import blood_pressure, pulse_oximeter
from protocols.specializations.base import Specialization
from protocols.specializations.capnometer import END_TIDAL
from protocols.specializations.cardiac_objects import ecg_lead_ii, heart_rate
from protocols.specializations.thermometer import BODY_TEMPERATURE

HEART_RATE_HANDLE: Final = 1
LEAD_II_HANDLE: Final = 2
RHYTHM_HANDLE: Final = 3
SPO2_HANDLE: Final = 4
PULSE_RATE_HANDLE: Final = 5
PERFUSION_HANDLE: Final = 6
PLETH_HANDLE: Final = 7
CUFF_HANDLE: Final = 8
CUFF_PULSE_HANDLE: Final = 9
ARTERIAL_HANDLE: Final = 10
RESPIRATION_HANDLE: Final = 11
END_TIDAL_HANDLE: Final = 12
TEMPERATURE_HANDLE: Final = 13
EVENT_HANDLE: Final = 14
CONFIG_ID: Final = 0x400E

RHYTHM: Final = MdcCode(2, 53255)
"""MDC_ECG_STAT_RHY; its values are rhythm events."""
EVENTS: Final = 3
ARTERIAL_PRESSURES: Final = MdcCode(2, 18964)
"""MDC_PRESS_BLD_ART_ABP."""
ARTERIAL_SYSTOLIC_DIASTOLIC_MEAN: Final = (18965, 18966, 18967)
IMPEDANCE_RESPIRATION_RATE: Final = MdcCode(2, 20506)
"""MDC_TTHOR_RESP_RATE."""

SPECIALIZATION: Final = Specialization(
    name="multiparameter_monitor",
    standard="none; device profile MDC_DEV_SPEC_PROFILE_VS_MON of ISO/IEEE 11073-10101",
    profile=MdcCode(8, 4099),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            heart_rate(HEART_RATE_HANDLE),
            ecg_lead_ii(LEAD_II_HANDLE),
            coded(RHYTHM_HANDLE, RHYTHM, codes_from=EVENTS),
            numeric(SPO2_HANDLE, pulse_oximeter.SATURATION, PERCENT),
            numeric(PULSE_RATE_HANDLE, pulse_oximeter.PULSE_RATE, BEATS_PER_MINUTE),
            numeric(PERFUSION_HANDLE, pulse_oximeter.PERFUSION, PERCENT),
            pulse_oximeter.pleth(PLETH_HANDLE),
            compound(
                CUFF_HANDLE,
                blood_pressure.PRESSURES,
                MILLIMETRES_OF_MERCURY,
                blood_pressure.SYSTOLIC_DIASTOLIC_MEAN,
            ),
            numeric(
                CUFF_PULSE_HANDLE,
                blood_pressure.PULSE_RATE,
                BEATS_PER_MINUTE,
                spec=MetricSpec.EPISODIC,
            ),
            compound(
                ARTERIAL_HANDLE,
                ARTERIAL_PRESSURES,
                MILLIMETRES_OF_MERCURY,
                ARTERIAL_SYSTOLIC_DIASTOLIC_MEAN,
                spec=MetricSpec.STORED_BY_AGENT,
            ),
            numeric(RESPIRATION_HANDLE, IMPEDANCE_RESPIRATION_RATE, BREATHS_PER_MINUTE),
            numeric(END_TIDAL_HANDLE, END_TIDAL, MILLIMETRES_OF_MERCURY),
            numeric(TEMPERATURE_HANDLE, BODY_TEMPERATURE, DEGREES_CELSIUS),
            coded(EVENT_HANDLE, MONITOR_EVENT, codes_from=EVENTS),
        ),
    ),
)
