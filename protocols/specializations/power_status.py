"""Power status monitor (IEEE 11073-10427) as an extended configuration.

No public source describes its objects. These have the terms that public lists agree on: the
bits of the battery (MDC_BATTERY_STATUS) and the three attributes every MDS may have, as metrics
of their own.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, bits, numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import MINUTES, PERCENT
from protocols.specializations.base import Specialization

BATTERY_STATUS_HANDLE: Final = 1
POWER_STATUS_HANDLE: Final = 2
CHARGE_HANDLE: Final = 3
TIME_LEFT_HANDLE: Final = 4
CONFIG_ID: Final = 0x4008

BATTERY_STATUS: Final = MdcCode(128, 29904)
"""MDC_BATTERY_STATUS."""
POWER_STATUS: Final = MdcCode(1, 2389)
"""MDC_ATTR_POWER_STAT."""
CHARGE: Final = MdcCode(1, 2460)
"""MDC_ATTR_VAL_BATT_CHARGE."""
TIME_LEFT: Final = MdcCode(1, 2440)
"""MDC_ATTR_TIME_BATT_REMAIN."""

SPECIALIZATION: Final = Specialization(
    name="power_status",
    standard="IEEE 11073-10427",
    profile=MdcCode(8, 4124),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            bits(BATTERY_STATUS_HANDLE, BATTERY_STATUS),
            bits(POWER_STATUS_HANDLE, POWER_STATUS),
            numeric(CHARGE_HANDLE, CHARGE, PERCENT, spec=MetricSpec.EPISODIC),
            numeric(TIME_LEFT_HANDLE, TIME_LEFT, MINUTES, spec=MetricSpec.CALCULATED),
        ),
    ),
)
