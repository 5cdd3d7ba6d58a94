"""Blood pressure monitor (IEEE 11073-10407): standard configuration 0x02BC.

The extended configuration adds what could be wrong about a measurement, and a PM-store.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, bits, compound, numeric, persistent_store
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import BEATS_PER_MINUTE, MILLIMETRES_OF_MERCURY
from protocols.specializations.base import Specialization

PRESSURES_HANDLE: Final = 1
"""Systolic, diastolic and mean, in this order, in mmHg."""
PULSE_RATE_HANDLE: Final = 2
STATUS_HANDLE: Final = 3
STORE_HANDLE: Final = 4
EXTENDED_CONFIG_ID: Final = 0x4011

PRESSURES: Final = MdcCode(2, 18948)
"""MDC_PRESS_BLD_NONINV."""
SYSTOLIC_DIASTOLIC_MEAN: Final = (18949, 18950, 18951)
PULSE_RATE: Final = MdcCode(2, 18474)
"""MDC_PULS_RATE_NON_INV."""
MEASUREMENT_STATUS: Final = MdcCode(128, 22000)
"""MDC_BLOOD_PRESSURE_MEASUREMENT_STATUS."""

STANDARD: Final = build_configuration(
    0x02BC,
    (
        compound(PRESSURES_HANDLE, PRESSURES, MILLIMETRES_OF_MERCURY, SYSTOLIC_DIASTOLIC_MEAN),
        numeric(PULSE_RATE_HANDLE, PULSE_RATE, BEATS_PER_MINUTE, spec=MetricSpec.EPISODIC),
    ),
)
EXTENDED: Final = build_configuration(
    EXTENDED_CONFIG_ID,
    (
        *STANDARD.report.objects,
        bits(STATUS_HANDLE, MEASUREMENT_STATUS),
        persistent_store(STORE_HANDLE, label="blood pressure", capacity=100, segments=1),
    ),
)

SPECIALIZATION: Final = Specialization(
    name="blood_pressure",
    standard="IEEE 11073-10407",
    profile=MdcCode(8, 4103),
    profile_version=1,
    configuration=STANDARD,
    standard_configurations=(STANDARD,),
    other_configurations=(EXTENDED,),
)
