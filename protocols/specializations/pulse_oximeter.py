"""Pulse oximeter (IEEE 11073-10404): standard configurations 0x0190 and, for spot checks, 0x0191.

Handles, metric specifications and value maps of both are those of two public sources (Antidote's
tables and its recorded configuration).
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.metric_objects import numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import BEATS_PER_MINUTE, PERCENT
from protocols.specializations.base import Specialization

SPO2_HANDLE: Final = 1
PULSE_RATE_HANDLE: Final = 10

SATURATION: Final = MdcCode(2, 19384)
"""MDC_PULS_OXIM_SAT_O2."""
PULSE_RATE: Final = MdcCode(2, 18458)
"""MDC_PULS_OXIM_PULS_RATE."""
MODALITY_SPOT: Final = MdcCode(2, 19516)


def _standard(config_id: int, *more: AttributeValue) -> Configuration:
    return build_configuration(
        config_id,
        (
            numeric(SPO2_HANDLE, SATURATION, PERCENT, *more),
            numeric(PULSE_RATE_HANDLE, PULSE_RATE, BEATS_PER_MINUTE, *more),
        ),
    )


STANDARD: Final = _standard(0x0190)
SPOT_CHECK: Final = _standard(0x0191, at.SUPPLEMENTAL_TYPES.of((MODALITY_SPOT,)))

SPECIALIZATION: Final = Specialization(
    name="pulse_oximeter",
    standard="IEEE 11073-10404",
    profile=MdcCode(8, 4100),
    profile_version=1,
    configuration=STANDARD,
    standard_configurations=(STANDARD, SPOT_CHECK),
)
