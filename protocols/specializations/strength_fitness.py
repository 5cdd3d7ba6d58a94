"""Strength fitness equipment (IEEE 11073-10442) as an extended configuration.

Position, side, grip and movement of an exercise are enumerations with codes of partition 129. No
public source names the ids and handles of a standard configuration.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, coded, numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import DIMENSIONLESS, KILOGRAMS
from protocols.specializations.base import Specialization

SET_HANDLE: Final = 1
REPETITIONS_HANDLE: Final = 2
RESISTANCE_HANDLE: Final = 3
POSITION_HANDLE: Final = 4
SIDE_HANDLE: Final = 5
GRIP_HANDLE: Final = 6
MOVEMENT_HANDLE: Final = 7
CONFIG_ID: Final = 0x400A

FITNESS: Final = 129
SET: Final = MdcCode(FITNESS, 200)
"""MDC_HF_SET."""
REPETITIONS: Final = MdcCode(FITNESS, 202)
"""MDC_HF_REPETITION_COUNT."""
RESISTANCE: Final = MdcCode(FITNESS, 203)
"""MDC_HF_RESISTANCE."""
POSITION: Final = MdcCode(FITNESS, 204)
"""MDC_HF_EXERCISE_POSITION."""
SIDE: Final = MdcCode(FITNESS, 205)
"""MDC_HF_EXERCISE_LATERALITY."""
GRIP: Final = MdcCode(FITNESS, 206)
"""MDC_HF_EXERCISE_GRIP."""
MOVEMENT: Final = MdcCode(FITNESS, 207)
"""MDC_HF_EXERCISE_MOVEMENT."""

SPECIALIZATION: Final = Specialization(
    name="strength_fitness",
    standard="IEEE 11073-10442",
    profile=MdcCode(8, 4138),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            numeric(SET_HANDLE, SET, DIMENSIONLESS, spec=MetricSpec.EPISODIC),
            numeric(REPETITIONS_HANDLE, REPETITIONS, DIMENSIONLESS, spec=MetricSpec.EPISODIC),
            numeric(RESISTANCE_HANDLE, RESISTANCE, KILOGRAMS, spec=MetricSpec.EPISODIC),
            coded(POSITION_HANDLE, POSITION, spec=MetricSpec.MANUAL),
            coded(SIDE_HANDLE, SIDE, spec=MetricSpec.MANUAL),
            coded(GRIP_HANDLE, GRIP, spec=MetricSpec.MANUAL),
            coded(MOVEMENT_HANDLE, MOVEMENT, spec=MetricSpec.MANUAL),
        ),
    ),
)
