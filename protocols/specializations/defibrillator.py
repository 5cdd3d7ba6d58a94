"""Monitor-defibrillator as an extended configuration; no 104xx standard describes one.

Heart rate, lead II and the rhythm are ordinary objects of 10101. Shock energy, shock count and
impedance, chest compressions and pacing have no term in 10101, so they are vendor terms of
partition 2 (see `nomenclature.private`); so are the codes of what happened (charged, shock
delivered, return of circulation). Any other happening is text.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, coded, numeric, text
from protocols.model.codes import MdcCode
from protocols.nomenclature.private import (
    COMPRESSION_DEPTH,
    COMPRESSION_RATE,
    DEFIBRILLATOR_EVENT,
    PACING_CURRENT,
    PACING_RATE,
    SHOCK_COUNT,
    SHOCK_ENERGY,
    SHOCK_IMPEDANCE,
)
from protocols.nomenclature.units import (
    CENTIMETRES,
    DIMENSIONLESS,
    JOULES,
    MILLIAMPERES,
    OHMS,
    PER_MINUTE,
)
from protocols.specializations.base import Specialization
from protocols.specializations.cardiac_objects import ecg_lead_ii, heart_rate

HEART_RATE_HANDLE: Final = 1
LEAD_II_HANDLE: Final = 2
RHYTHM_HANDLE: Final = 3
SHOCK_ENERGY_HANDLE: Final = 4
SHOCK_COUNT_HANDLE: Final = 5
IMPEDANCE_HANDLE: Final = 6
EVENT_HANDLE: Final = 7
COMPRESSION_RATE_HANDLE: Final = 8
COMPRESSION_DEPTH_HANDLE: Final = 9
PACING_RATE_HANDLE: Final = 10
PACING_CURRENT_HANDLE: Final = 11
CONFIG_ID: Final = 0x4001

RHYTHM_STATUS: Final = MdcCode(2, 53255)
"""MDC_ECG_STAT_RHY: the object whose codes are rhythms."""
EVENT_PARTITION: Final = 3
EVT_ECG_V_FIB: Final = MdcCode(EVENT_PARTITION, 3198)
EVT_ECG_ASYSTOLE: Final = MdcCode(EVENT_PARTITION, 3076)
EVT_ECG_V_TACHY: Final = MdcCode(EVENT_PARTITION, 3224)

SPECIALIZATION: Final = Specialization(
    name="defibrillator",
    standard="none; device profile MDC_DEV_SPEC_PROFILE_DEFIB of ISO/IEEE 11073-10101",
    profile=MdcCode(8, 4101),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            heart_rate(HEART_RATE_HANDLE),
            ecg_lead_ii(LEAD_II_HANDLE),
            coded(RHYTHM_HANDLE, RHYTHM_STATUS, codes_from=EVENT_PARTITION),
            numeric(SHOCK_ENERGY_HANDLE, SHOCK_ENERGY, JOULES, spec=MetricSpec.EPISODIC),
            numeric(SHOCK_COUNT_HANDLE, SHOCK_COUNT, DIMENSIONLESS, spec=MetricSpec.EPISODIC),
            numeric(IMPEDANCE_HANDLE, SHOCK_IMPEDANCE, OHMS, spec=MetricSpec.EPISODIC),
            # A code of partition 2, or text where there is none: its form varies.
            text(
                EVENT_HANDLE,
                DEFIBRILLATOR_EVENT,
                at.ENUM_OBS_VAL_PART.of(DEFIBRILLATOR_EVENT.partition),
            ),
            numeric(COMPRESSION_RATE_HANDLE, COMPRESSION_RATE, PER_MINUTE),
            numeric(COMPRESSION_DEPTH_HANDLE, COMPRESSION_DEPTH, CENTIMETRES),
            numeric(PACING_RATE_HANDLE, PACING_RATE, PER_MINUTE),
            numeric(PACING_CURRENT_HANDLE, PACING_CURRENT, MILLIAMPERES),
        ),
    ),
)
