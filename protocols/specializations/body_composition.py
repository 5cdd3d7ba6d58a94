"""Body composition analyser (IEEE 11073-10420) as an extended configuration.

No public source names the ids and handles of its standard configurations.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.metric_objects import SIMPLE_AND_TIME, MetricSpec, numeric
from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.units import (
    CENTIMETRES,
    KILOGRAMS,
    KILOGRAMS_PER_SQUARE_METRE,
    PERCENT,
)
from protocols.specializations.base import Specialization

WEIGHT_HANDLE: Final = 1
FAT_HANDLE: Final = 2
HEIGHT_HANDLE: Final = 3
BODY_MASS_INDEX_HANDLE: Final = 4
FAT_FREE_HANDLE: Final = 5
SOFT_LEAN_HANDLE: Final = 6
WATER_HANDLE: Final = 7
CONFIG_ID: Final = 0x4005

BODY_WEIGHT: Final = MdcCode(2, 57664)
"""MDC_MASS_BODY_ACTUAL."""
BODY_FAT: Final = MdcCode(2, 57676)
"""MDC_BODY_FAT."""
BODY_HEIGHT: Final = MdcCode(2, 57668)
"""MDC_LEN_BODY_ACTUAL."""
BODY_MASS_INDEX: Final = MdcCode(2, 57680)
"""MDC_RATIO_MASS_BODY_LEN_SQ."""
FAT_FREE_MASS: Final = MdcCode(2, 57684)
"""MDC_MASS_BODY_FAT_FREE."""
SOFT_LEAN_MASS: Final = MdcCode(2, 57688)
"""MDC_MASS_BODY_SOFT_LEAN."""
BODY_WATER: Final = MdcCode(2, 57692)
"""MDC_BODY_WATER."""


def _measured(
    handle: int,
    type_code: MdcCode,
    unit: UnitCode,
    *more: AttributeValue,
    spec: int = MetricSpec.EPISODIC,
) -> ConfigObject:
    return numeric(handle, type_code, unit, *more, layout=SIMPLE_AND_TIME, spec=spec)


SPECIALIZATION: Final = Specialization(
    name="body_composition",
    standard="IEEE 11073-10420",
    profile=MdcCode(8, 4116),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            _measured(WEIGHT_HANDLE, BODY_WEIGHT, KILOGRAMS),
            _measured(FAT_HANDLE, BODY_FAT, PERCENT),
            _measured(HEIGHT_HANDLE, BODY_HEIGHT, CENTIMETRES, spec=MetricSpec.MANUAL),
            _measured(
                BODY_MASS_INDEX_HANDLE,
                BODY_MASS_INDEX,
                KILOGRAMS_PER_SQUARE_METRE,
                at.SOURCE_HANDLE_REF.of(WEIGHT_HANDLE),
                spec=MetricSpec.CALCULATED,
            ),
            _measured(FAT_FREE_HANDLE, FAT_FREE_MASS, KILOGRAMS, spec=MetricSpec.CALCULATED),
            _measured(SOFT_LEAN_HANDLE, SOFT_LEAN_MASS, KILOGRAMS, spec=MetricSpec.CALCULATED),
            _measured(WATER_HANDLE, BODY_WATER, KILOGRAMS, spec=MetricSpec.CALCULATED),
        ),
    ),
)
