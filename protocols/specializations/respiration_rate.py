"""Respiration rate monitor (IEEE 11073-10413) as an extended configuration.

No public source names the ids and handles of its standard configurations, so none is claimed:
an agent of this kind sends its objects.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import BREATHS_PER_MINUTE
from protocols.specializations.base import Specialization

RATE_HANDLE: Final = 1
CONFIG_ID: Final = 0x4002

RESPIRATION_RATE: Final = MdcCode(2, 20490)
"""MDC_RESP_RATE."""

SPECIALIZATION: Final = Specialization(
    name="respiration_rate",
    standard="IEEE 11073-10413",
    profile=MdcCode(8, 4109),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (numeric(RATE_HANDLE, RESPIRATION_RATE, BREATHS_PER_MINUTE, spec=MetricSpec.EPISODIC),),
    ),
)
