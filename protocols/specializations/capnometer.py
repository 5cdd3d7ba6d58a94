"""Capnometer as an extended configuration; no 104xx standard describes one.

Its metrics are in 10101: the end-tidal pressure is MDC_AWAY_CO2_ET; the inspired gas has a
concentration term alone, so it is in percent; the rate is the capnograph's own. What it alarms
about is a code of partition 3 under a term of our own. Profile 4107 stands in the 2004 text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from protocols.ieee20601.attribute_values import ScaleAndRange
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import WaveformShape, coded, numeric, waveform
from protocols.model.codes import MdcCode
from protocols.nomenclature.private import MONITOR_EVENT
from protocols.nomenclature.units import (
    BREATHS_PER_MINUTE,
    MILLIMETRES_OF_MERCURY,
    PERCENT,
)
from protocols.specializations.base import Specialization

END_TIDAL_HANDLE: Final = 1
INSPIRED_HANDLE: Final = 2
RATE_HANDLE: Final = 3
CAPNOGRAM_HANDLE: Final = 4
EVENT_HANDLE: Final = 5
CONFIG_ID: Final = 0x400D

END_TIDAL: Final = MdcCode(2, 20656)
"""MDC_AWAY_CO2_ET."""
INSPIRED: Final = MdcCode(2, 20644)
"""MDC_CONC_AWAY_CO2_INSP."""
RATE: Final = MdcCode(2, 20522)
"""MDC_CO2_RESP_RATE."""
CAPNOGRAM: Final = MdcCode(2, 20652)
"""MDC_AWAY_CO2."""
EVENTS: Final = 3
APNOEA: Final = MdcCode(EVENTS, 3072)
"""MDC_EVT_APNEA."""

SAMPLES_PER_REPORT: Final = 25
SAMPLE_RATE_HZ: Final = 25
CURVE: Final = WaveformShape(
    samples=SAMPLES_PER_REPORT,
    period_ticks=320,
    bits=16,
    scale=ScaleAndRange(Decimal(0), Decimal(100), 0, 1000),
)
"""A second of curve in steps of 0.1 mmHg, 40 ms apart."""
MILLIMETRES_PER_STEP: Final = Decimal("0.1")

SPECIALIZATION: Final = Specialization(
    name="capnometer",
    standard="none; device profile 4107 of ISO/IEEE 11073-10101",
    profile=MdcCode(8, 4107),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID,
        (
            numeric(END_TIDAL_HANDLE, END_TIDAL, MILLIMETRES_OF_MERCURY),
            numeric(INSPIRED_HANDLE, INSPIRED, PERCENT),
            numeric(RATE_HANDLE, RATE, BREATHS_PER_MINUTE),
            waveform(CAPNOGRAM_HANDLE, CAPNOGRAM, MILLIMETRES_OF_MERCURY, CURVE),
            coded(EVENT_HANDLE, MONITOR_EVENT, codes_from=EVENTS),
        ),
    ),
)
