"""Independent living activity hub (IEEE 11073-10471) as an extended configuration.

Every sensor is an enumeration of 32 bits; its type is the kind of sensor, its supplemental type
the place. The bits of a sensor's events stand in the sold text only, so none is named here.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import bits
from protocols.model.codes import MdcCode
from protocols.specializations.base import Specialization

INDEPENDENT_LIVING: Final = 130
CONFIG_ID: Final = 0x400B

BEDROOM: Final = MdcCode(INDEPENDENT_LIVING, 3072)
"""MDC_AI_LOCATION_BEDROOM."""
KITCHEN: Final = MdcCode(INDEPENDENT_LIVING, 3456)
"""MDC_AI_LOCATION_KITCHEN."""
HALL: Final = MdcCode(INDEPENDENT_LIVING, 3840)
"""MDC_AI_LOCATION_HALL."""
RESIDENT: Final = MdcCode(INDEPENDENT_LIVING, 1152)
"""MDC_AI_LOCATION_RESIDENT."""

# Handle, kind of sensor (MDC_AI_TYPE_SENSOR_*), place.
SENSORS: Final[tuple[tuple[int, MdcCode, MdcCode], ...]] = (
    (1, MdcCode(INDEPENDENT_LIVING, 1), RESIDENT),  # fall
    (2, MdcCode(INDEPENDENT_LIVING, 2), RESIDENT),  # personal emergency
    (3, MdcCode(INDEPENDENT_LIVING, 3), KITCHEN),  # smoke
    (4, MdcCode(INDEPENDENT_LIVING, 4), KITCHEN),  # carbon monoxide
    (5, MdcCode(INDEPENDENT_LIVING, 5), KITCHEN),  # water
    (6, MdcCode(INDEPENDENT_LIVING, 6), KITCHEN),  # gas
    (7, MdcCode(INDEPENDENT_LIVING, 7), HALL),  # motion
    (8, MdcCode(INDEPENDENT_LIVING, 8), HALL),  # property exit
    (9, MdcCode(INDEPENDENT_LIVING, 9), BEDROOM),  # enuresis
    (10, MdcCode(INDEPENDENT_LIVING, 10), HALL),  # contact closure
    (11, MdcCode(INDEPENDENT_LIVING, 11), BEDROOM),  # usage
    (12, MdcCode(INDEPENDENT_LIVING, 12), HALL),  # switch
    (13, MdcCode(INDEPENDENT_LIVING, 13), KITCHEN),  # medication dosage
    (14, MdcCode(INDEPENDENT_LIVING, 14), BEDROOM),  # temperature
)

# 10471 lists a sub-profile for every kind of sensor, in the order of the kinds
# (MDC_DEV_SUB_SPEC_PROFILE_FALL_SENSOR is 4213).
_PROFILE_OF_KIND_0: Final = 4212

SPECIALIZATION: Final = Specialization(
    name="living_hub",
    standard="IEEE 11073-10471",
    profile=MdcCode(8, 4167),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        tuple(
            bits(handle, sensor, at.SUPPLEMENTAL_TYPES.of((place,)), width=32)
            for handle, sensor, place in SENSORS
        ),
    ),
    sub_profiles=tuple(MdcCode(8, _PROFILE_OF_KIND_0 + kind.term) for _, kind, _ in SENSORS),
)
