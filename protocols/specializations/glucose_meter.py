"""Glucose meter (IEEE 11073-10417): standard configuration 0x06A4, and one with context.

0x06A4 has capillary whole blood alone, as Antidote's table has it. The extended configuration is
what a meter with a memory offers: control solution apart from the patient's values, meal and
place of the sample, its status, and a PM-store.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, bits, coded, numeric, persistent_store
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import MILLIGRAMS_PER_DECILITRE
from protocols.specializations.base import Specialization

GLUCOSE_HANDLE: Final = 1
CONTROL_HANDLE: Final = 2
MEAL_HANDLE: Final = 3
SAMPLE_LOCATION_HANDLE: Final = 4
STATUS_HANDLE: Final = 5
STORE_HANDLE: Final = 6
CONFIG_ID: Final = 0x4003

CAPILLARY_WHOLE_BLOOD: Final = MdcCode(2, 29112)
"""MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD."""
CONTROL_SOLUTION: Final = MdcCode(2, 29136)
"""MDC_CONC_GLU_CONTROL: a test of the meter, never a value of the patient."""
DISEASE_MANAGEMENT: Final = 128
MEAL: Final = MdcCode(DISEASE_MANAGEMENT, 29256)
"""MDC_CTXT_GLU_MEAL."""
SAMPLE_LOCATION: Final = MdcCode(DISEASE_MANAGEMENT, 29236)
"""MDC_CTXT_GLU_SAMPLELOCATION."""
METER_STATUS: Final = MdcCode(DISEASE_MANAGEMENT, 29144)
"""MDC_GLU_METER_DEV_STATUS."""

_GLUCOSE: Final = numeric(
    GLUCOSE_HANDLE, CAPILLARY_WHOLE_BLOOD, MILLIGRAMS_PER_DECILITRE, spec=MetricSpec.EPISODIC
)
STANDARD: Final = build_configuration(0x06A4, (_GLUCOSE,))
WITH_CONTEXT: Final = build_configuration(
    CONFIG_ID,
    (
        _GLUCOSE,
        numeric(
            CONTROL_HANDLE,
            CONTROL_SOLUTION,
            MILLIGRAMS_PER_DECILITRE,
            spec=MetricSpec.EPISODIC,
        ),
        coded(MEAL_HANDLE, MEAL, spec=MetricSpec.MANUAL),
        coded(SAMPLE_LOCATION_HANDLE, SAMPLE_LOCATION, spec=MetricSpec.MANUAL),
        bits(STATUS_HANDLE, METER_STATUS),
        persistent_store(STORE_HANDLE, label="glucose", capacity=500, segments=1),
    ),
)

SPECIALIZATION: Final = Specialization(
    name="glucose_meter",
    standard="IEEE 11073-10417",
    profile=MdcCode(8, 4113),
    profile_version=1,
    configuration=STANDARD,
    standard_configurations=(STANDARD,),
    other_configurations=(WITH_CONTEXT,),
)
