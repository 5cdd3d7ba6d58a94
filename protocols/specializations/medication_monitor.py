"""Medication monitor (IEEE 11073-10472) as an extended configuration with a PM-store.

An insulin pen's recorded configuration has the same terms: a variable dose in international
units and a status of 16 bits. No public source names the ids and handles of a standard one.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import (
    SIMPLE_AND_TIME,
    MetricSpec,
    bits,
    numeric,
    persistent_store,
)
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import DIMENSIONLESS, INTERNATIONAL_UNITS
from protocols.specializations.base import Specialization

FIXED_DOSE_HANDLE: Final = 1
VARIABLE_DOSE_HANDLE: Final = 2
STATUS_HANDLE: Final = 3
STORE_HANDLE: Final = 4
CONFIG_ID: Final = 0x400C

INDEPENDENT_LIVING: Final = 130
FIXED_DOSE: Final = MdcCode(INDEPENDENT_LIVING, 13312)
"""MDC_AI_MED_DISPENSED_FIXED: how many doses."""
VARIABLE_DOSE: Final = MdcCode(INDEPENDENT_LIVING, 13313)
"""MDC_AI_MED_DISPENSED_VARIABLE: how much."""
STATUS: Final = MdcCode(INDEPENDENT_LIVING, 13314)
"""MDC_AI_MED_STATUS; the meaning of its bits is not public."""

SPECIALIZATION: Final = Specialization(
    name="medication_monitor",
    standard="IEEE 11073-10472",
    profile=MdcCode(8, 4168),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            numeric(FIXED_DOSE_HANDLE, FIXED_DOSE, DIMENSIONLESS, spec=MetricSpec.EPISODIC),
            numeric(
                VARIABLE_DOSE_HANDLE,
                VARIABLE_DOSE,
                INTERNATIONAL_UNITS,
                layout=SIMPLE_AND_TIME,
                spec=MetricSpec.EPISODIC,
            ),
            bits(STATUS_HANDLE, STATUS),
            persistent_store(STORE_HANDLE, label="doses", capacity=800, segments=1),
        ),
    ),
)
