"""INR meter (IEEE 11073-10418) as an extended configuration with a PM-store.

No public source names the ids and handles of its standard configurations.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, bits, numeric, persistent_store
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import DIMENSIONLESS, NORMALIZED_RATIO, PERCENT, SECONDS
from protocols.specializations.base import Specialization

RATIO_HANDLE: Final = 1
PROTHROMBIN_TIME_HANDLE: Final = 2
QUICK_HANDLE: Final = 3
SENSITIVITY_HANDLE: Final = 4
STATUS_HANDLE: Final = 5
STORE_HANDLE: Final = 6
CONFIG_ID: Final = 0x4004

NORMALIZED_RATIO_TYPE: Final = MdcCode(2, 29188)
"""MDC_RATIO_INR_COAG."""
PROTHROMBIN_TIME: Final = MdcCode(2, 29192)
"""MDC_TIME_PD_COAG."""
QUICK_VALUE: Final = MdcCode(2, 29196)
"""MDC_QUICK_VALUE_COAG."""
SENSITIVITY_INDEX: Final = MdcCode(2, 29200)
"""MDC_ISI_COAG, of the strip in use."""
METER_STATUS: Final = MdcCode(128, 29301)
"""MDC_INR_METER_DEV_STATUS."""

SPECIALIZATION: Final = Specialization(
    name="coagulation_meter",
    standard="IEEE 11073-10418",
    profile=MdcCode(8, 4114),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            numeric(
                RATIO_HANDLE, NORMALIZED_RATIO_TYPE, NORMALIZED_RATIO, spec=MetricSpec.EPISODIC
            ),
            numeric(PROTHROMBIN_TIME_HANDLE, PROTHROMBIN_TIME, SECONDS, spec=MetricSpec.EPISODIC),
            numeric(QUICK_HANDLE, QUICK_VALUE, PERCENT, spec=MetricSpec.CALCULATED),
            numeric(SENSITIVITY_HANDLE, SENSITIVITY_INDEX, DIMENSIONLESS, spec=MetricSpec.EPISODIC),
            bits(STATUS_HANDLE, METER_STATUS),
            persistent_store(STORE_HANDLE, label="INR", capacity=100, segments=1),
        ),
    ),
)
