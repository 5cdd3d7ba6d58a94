"""Basic ECG (IEEE 11073-10406) as extended configurations: one lead, three, and all twelve.

The one public program that names standard configuration 0x0258 fills it with objects of its own
and offers it as 0x4000, so 0x0258 is not claimed here. 10406 itself ends at three leads; the twelve
of a diagnostic ECG are honest terms of 10101 in a configuration of our own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from protocols.ieee20601.attribute_values import ScaleAndRange
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import (
    MetricSpec,
    WaveformShape,
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
TWELVE_LEADS_CONFIG_ID: Final = 0x4020
FIRST_LEAD_HANDLE: Final = 10
"""The first of twelve handles in the order of `LEADS`."""

WAVEFORM_PROFILE: Final = MdcCode(8, 4236)
"""MDC_DEV_SUB_SPEC_PROFILE_ECG."""
HEART_RATE_PROFILE: Final = MdcCode(8, 4237)
"""MDC_DEV_SUB_SPEC_PROFILE_HR."""
LEAD_I: Final = MdcCode(2, 257)
LEAD_III: Final = MdcCode(2, 317)
LEADS: Final = tuple(
    MdcCode(2, term) for term in (257, 258, 317, 318, 319, 320, 259, 260, 261, 262, 263, 264)
)
"""I, II, III, aVR, aVL, aVF, V1 to V6: MDC_ECG_ELEC_POTL_... in the order of a printed ECG."""
DIAGNOSTIC_RATE_HZ: Final = 500
DIAGNOSTIC_SAMPLES: Final = 50
DIAGNOSTIC_ZERO: Final = 4000
"""The sample that means 0 mV: 0..8000 stand for -10..+10 mV, 2.5 uV a step."""
DIAGNOSTIC_STRIP: Final = WaveformShape(
    samples=DIAGNOSTIC_SAMPLES,
    period_ticks=8000 // DIAGNOSTIC_RATE_HZ,
    bits=16,
    scale=ScaleAndRange(Decimal(-10), Decimal(10), 0, 2 * DIAGNOSTIC_ZERO),
)
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

TWELVE_LEADS: Final = build_configuration(
    TWELVE_LEADS_CONFIG_ID,
    (
        heart_rate(HEART_RATE_HANDLE),
        *(
            waveform(handle, lead, MILLIVOLTS, DIAGNOSTIC_STRIP)
            for handle, lead in enumerate(LEADS, FIRST_LEAD_HANDLE)
        ),
    ),
)

SPECIALIZATION: Final = Specialization(
    name="basic_ecg",
    standard="IEEE 11073-10406",
    profile=MdcCode(8, 4102),
    profile_version=1,
    configuration=ONE_LEAD,
    other_configurations=(THREE_LEADS, TWELVE_LEADS),
    sub_profiles=(WAVEFORM_PROFILE, HEART_RATE_PROFILE),
)
