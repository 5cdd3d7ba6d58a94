"""Cardiovascular fitness equipment (IEEE 11073-10441) as an extended configuration.

A session is an enumeration whose codes are activities. No public source names the ids and
handles of a standard configuration.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import SIMPLE_AND_TIME, MetricSpec, coded, numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import (
    BEATS_PER_MINUTE,
    JOULES,
    METRES,
    METRES_PER_SECOND,
    REVOLUTIONS_PER_MINUTE,
    SECONDS,
    WATTS,
)
from protocols.specializations.base import Specialization

SESSION_HANDLE: Final = 1
DISTANCE_HANDLE: Final = 2
ACTIVITY_TIME_HANDLE: Final = 3
SPEED_HANDLE: Final = 4
CADENCE_HANDLE: Final = 5
POWER_HANDLE: Final = 6
ENERGY_HANDLE: Final = 7
HEART_RATE_HANDLE: Final = 8
CONFIG_ID: Final = 0x4009

FITNESS: Final = 129
SESSION: Final = MdcCode(FITNESS, 123)
"""MDC_HF_SESSION; its values are MDC_HF_ACT_* codes of the same partition."""
DISTANCE: Final = MdcCode(FITNESS, 103)
"""MDC_HF_DISTANCE."""
ACTIVITY_TIME: Final = MdcCode(FITNESS, 125)
"""MDC_HF_ACTIVITY_TIME."""
SPEED: Final = MdcCode(FITNESS, 110)
"""MDC_HF_SPEED."""
CADENCE: Final = MdcCode(FITNESS, 111)
"""MDC_HF_CAD."""
POWER: Final = MdcCode(FITNESS, 115)
"""MDC_HF_POWER."""
ENERGY: Final = MdcCode(FITNESS, 119)
"""MDC_HF_ENERGY."""
HEART_RATE: Final = MdcCode(FITNESS, 114)
"""MDC_HF_HR."""

SPECIALIZATION: Final = Specialization(
    name="cardiovascular_fitness",
    standard="IEEE 11073-10441",
    profile=MdcCode(8, 4137),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            coded(SESSION_HANDLE, SESSION),
            numeric(
                DISTANCE_HANDLE,
                DISTANCE,
                METRES,
                layout=SIMPLE_AND_TIME,
                spec=MetricSpec.EPISODIC,
            ),
            numeric(
                ACTIVITY_TIME_HANDLE,
                ACTIVITY_TIME,
                SECONDS,
                layout=SIMPLE_AND_TIME,
                spec=MetricSpec.EPISODIC,
            ),
            numeric(SPEED_HANDLE, SPEED, METRES_PER_SECOND, spec=MetricSpec.EPISODIC),
            numeric(CADENCE_HANDLE, CADENCE, REVOLUTIONS_PER_MINUTE, spec=MetricSpec.EPISODIC),
            numeric(POWER_HANDLE, POWER, WATTS, spec=MetricSpec.EPISODIC),
            numeric(
                ENERGY_HANDLE, ENERGY, JOULES, layout=SIMPLE_AND_TIME, spec=MetricSpec.CALCULATED
            ),
            numeric(HEART_RATE_HANDLE, HEART_RATE, BEATS_PER_MINUTE, spec=MetricSpec.EPISODIC),
        ),
    ),
)
