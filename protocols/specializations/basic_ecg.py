"""Basic ECG (IEEE 11073-10406) as extended configurations: with one lead, and with three.

The one public program that names standard configuration 0x0258 fills it with objects of its own
and offers it as 0x4000, so 0x0258 is not claimed here.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import (
    MetricSpec,
    bits,
    numeric,
    persistent_store,
    waveform,
)
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import MILLISECONDS, MILLIVOLTS
from protocols.specializations.base import Specialization
from protocols.specializations.cardiac_objects import STRIP, ecg_lead_ii, heart_rate

HEART_RATE_HANDLE: Final = 1
LEAD_II_HANDLE: Final = 2
LEAD_I_HANDLE: Final = 3
LEAD_III_HANDLE: Final = 4
INTERVAL_HANDLE: Final = 5
STATUS_HANDLE: Final = 6
STORE_HANDLE: Final = 7
CONFIG_ID: Final = 0x4000
THREE_LEADS_CONFIG_ID: Final = 0x4010

WAVEFORM_PROFILE: Final = MdcCode(8, 4236)
"""MDC_DEV_SUB_SPEC_PROFILE_ECG."""
HEART_RATE_PROFILE: Final = MdcCode(8, 4237)
"""MDC_DEV_SUB_SPEC_PROFILE_HR."""
LEAD_I: Final = MdcCode(2, 257)
LEAD_III: Final = MdcCode(2, 317)
BEAT_INTERVAL: Final = MdcCode(2, 16168)
"""MDC_ECG_TIME_PD_RR_GL."""
ECG_STATUS: Final = MdcCode(128, 21976)
"""MDC_ECG_DEV_STAT."""

ONE_LEAD: Final = build_configuration(
    CONFIG_ID, (heart_rate(HEART_RATE_HANDLE), ecg_lead_ii(LEAD_II_HANDLE))
)
THREE_LEADS: Final = build_configuration(
    THREE_LEADS_CONFIG_ID,
    (
        heart_rate(HEART_RATE_HANDLE),
        ecg_lead_ii(LEAD_II_HANDLE),
        waveform(LEAD_I_HANDLE, LEAD_I, MILLIVOLTS, STRIP),
        waveform(LEAD_III_HANDLE, LEAD_III, MILLIVOLTS, STRIP),
        numeric(INTERVAL_HANDLE, BEAT_INTERVAL, MILLISECONDS, spec=MetricSpec.EPISODIC),
        bits(STATUS_HANDLE, ECG_STATUS),
        persistent_store(STORE_HANDLE, label="ECG", capacity=86_400),
    ),
)

SPECIALIZATION: Final = Specialization(
    name="basic_ecg",
    standard="IEEE 11073-10406",
    profile=MdcCode(8, 4102),
    profile_version=1,
    configuration=ONE_LEAD,
    other_configurations=(THREE_LEADS,),
    sub_profiles=(WAVEFORM_PROFILE, HEART_RATE_PROFILE),
)
