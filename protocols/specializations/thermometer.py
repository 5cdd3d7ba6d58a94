"""Thermometer (IEEE 11073-10408): standard configuration 0x0320.

The id, the one handle and the FLOAT are those of two public sources (the manual of a radio module
with this configuration built in, an extension of Antidote) and of a recorded configuration.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import SIMPLE_AND_TIME, MetricSpec, numeric
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import DEGREES_CELSIUS
from protocols.specializations.base import Specialization

TEMPERATURE_HANDLE: Final = 1

BODY_TEMPERATURE: Final = MdcCode(2, 19292)
"""MDC_TEMP_BODY; a device that knows the site says so with a more exact type."""

STANDARD: Final = build_configuration(
    0x0320,
    (
        numeric(
            TEMPERATURE_HANDLE,
            BODY_TEMPERATURE,
            DEGREES_CELSIUS,
            layout=SIMPLE_AND_TIME,
            spec=MetricSpec.EPISODIC,
        ),
    ),
)

SPECIALIZATION: Final = Specialization(
    name="thermometer",
    standard="IEEE 11073-10408",
    profile=MdcCode(8, 4104),
    profile_version=1,
    configuration=STANDARD,
    standard_configurations=(STANDARD,),
)
