"""Blood pressure monitor (IEEE 11073-10407): standard configuration 0x02BC."""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, compound, numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import BEATS_PER_MINUTE, MILLIMETRES_OF_MERCURY
from protocols.specializations.base import Specialization

PRESSURES_HANDLE: Final = 1
"""Systolic, diastolic and mean, in this order, in mmHg."""
PULSE_RATE_HANDLE: Final = 2

PRESSURES: Final = MdcCode(2, 18948)
"""MDC_PRESS_BLD_NONINV."""
SYSTOLIC_DIASTOLIC_MEAN: Final = (18949, 18950, 18951)
PULSE_RATE: Final = MdcCode(2, 18474)
"""MDC_PULS_RATE_NON_INV."""

STANDARD: Final = build_configuration(
    0x02BC,
    (
        compound(PRESSURES_HANDLE, PRESSURES, MILLIMETRES_OF_MERCURY, SYSTOLIC_DIASTOLIC_MEAN),
        numeric(PULSE_RATE_HANDLE, PULSE_RATE, BEATS_PER_MINUTE, spec=MetricSpec.EPISODIC),
    ),
)

SPECIALIZATION: Final = Specialization(
    name="blood_pressure",
    standard="IEEE 11073-10407",
    profile=MdcCode(8, 4103),
    profile_version=1,
    configuration=STANDARD,
    standard_configurations=(STANDARD,),
)
