"""Weighing scale (IEEE 11073-10415): standard configuration 0x05DC."""

from __future__ import annotations

from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import SIMPLE_AND_TIME, MetricSpec, numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import CENTIMETRES, KILOGRAMS, KILOGRAMS_PER_SQUARE_METRE
from protocols.specializations.base import Specialization

WEIGHT_HANDLE: Final = 1
HEIGHT_HANDLE: Final = 2
BODY_MASS_INDEX_HANDLE: Final = 3

BODY_WEIGHT: Final = MdcCode(2, 57664)
"""MDC_MASS_BODY_ACTUAL."""
BODY_HEIGHT: Final = MdcCode(2, 57668)
"""MDC_LEN_BODY_ACTUAL."""
BODY_MASS_INDEX: Final = MdcCode(2, 57680)
"""MDC_RATIO_MASS_BODY_LEN_SQ."""

STANDARD: Final = build_configuration(
    0x05DC,
    (
        numeric(
            WEIGHT_HANDLE,
            BODY_WEIGHT,
            KILOGRAMS,
            layout=SIMPLE_AND_TIME,
            spec=MetricSpec.EPISODIC,
        ),
        numeric(
            HEIGHT_HANDLE,
            BODY_HEIGHT,
            CENTIMETRES,
            layout=SIMPLE_AND_TIME,
            spec=MetricSpec.MANUAL,
        ),
        numeric(
            BODY_MASS_INDEX_HANDLE,
            BODY_MASS_INDEX,
            KILOGRAMS_PER_SQUARE_METRE,
            at.SOURCE_HANDLE_REF.of(WEIGHT_HANDLE),
            layout=SIMPLE_AND_TIME,
            spec=MetricSpec.CALCULATED,
        ),
    ),
)

SPECIALIZATION: Final = Specialization(
    name="weighing_scale",
    standard="IEEE 11073-10415",
    profile=MdcCode(8, 4111),
    profile_version=1,
    configuration=STANDARD,
    standard_configurations=(STANDARD,),
)
