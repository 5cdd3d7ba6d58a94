"""Continuous glucose monitor (IEEE 11073-10425) as an extended configuration with a PM-store.

No public source names the ids and handles of its standard configurations. Trend, calibration and
the sensor's run time have a term in one public list only; they are left out until a second one
agrees.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import MetricSpec, bits, numeric, persistent_store
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import MILLIGRAMS_PER_DECILITRE
from protocols.specializations.base import Specialization

GLUCOSE_HANDLE: Final = 1
STATUS_HANDLE: Final = 2
STORE_HANDLE: Final = 3
CONFIG_ID: Final = 0x4007

INTERSTITIAL_GLUCOSE: Final = MdcCode(2, 29140)
"""MDC_CONC_GLU_ISF."""
SENSOR_STATUS: Final = MdcCode(128, 29452)
"""MDC_CGM_DEV_STAT, 32 bits."""

SPECIALIZATION: Final = Specialization(
    name="continuous_glucose",
    standard="IEEE 11073-10425",
    profile=MdcCode(8, 4121),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            numeric(
                GLUCOSE_HANDLE,
                INTERSTITIAL_GLUCOSE,
                MILLIGRAMS_PER_DECILITRE,
                spec=MetricSpec.EPISODIC,
            ),
            bits(STATUS_HANDLE, SENSOR_STATUS, width=32),
            persistent_store(STORE_HANDLE, label="glucose", capacity=4032, segments=1),
        ),
    ),
)
