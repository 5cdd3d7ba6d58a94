"""Peak expiratory flow meter (IEEE 11073-10421) as an extended configuration with a PM-store.

No public source names the ids and handles of its standard configurations, nor the bits of the
reading's status.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, bits, numeric, persistent_store
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import LITRES, LITRES_PER_MINUTE
from protocols.specializations.base import Specialization

FLOW_HANDLE: Final = 1
PERSONAL_BEST_HANDLE: Final = 2
VOLUME_1S_HANDLE: Final = 3
VOLUME_6S_HANDLE: Final = 4
STATUS_HANDLE: Final = 5
STORE_HANDLE: Final = 6
CONFIG_ID: Final = 0x4006

PEAK_FLOW: Final = MdcCode(2, 21512)
"""MDC_FLOW_AWAY_EXP_FORCED_PEAK."""
PERSONAL_BEST: Final = MdcCode(2, 21513)
"""MDC_FLOW_AWAY_EXP_FORCED_PEAK_PB."""
VOLUME_1S: Final = MdcCode(2, 21514)
"""MDC_VOL_AWAY_EXP_FORCED_1S."""
VOLUME_6S: Final = MdcCode(2, 21515)
"""MDC_VOL_AWAY_EXP_FORCED_6S."""
READING_STATUS: Final = MdcCode(128, 30720)
"""MDC_PEFM_READING_STATUS."""

SPECIALIZATION: Final = Specialization(
    name="peak_flow",
    standard="IEEE 11073-10421",
    profile=MdcCode(8, 4117),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            numeric(FLOW_HANDLE, PEAK_FLOW, LITRES_PER_MINUTE, spec=MetricSpec.EPISODIC),
            numeric(PERSONAL_BEST_HANDLE, PERSONAL_BEST, LITRES_PER_MINUTE, spec=MetricSpec.MANUAL),
            numeric(VOLUME_1S_HANDLE, VOLUME_1S, LITRES, spec=MetricSpec.EPISODIC),
            numeric(VOLUME_6S_HANDLE, VOLUME_6S, LITRES, spec=MetricSpec.EPISODIC),
            bits(STATUS_HANDLE, READING_STATUS),
            persistent_store(STORE_HANDLE, label="peak flow", capacity=240, segments=1),
        ),
    ),
)
