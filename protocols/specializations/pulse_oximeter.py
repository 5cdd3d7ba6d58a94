"""Pulse oximeter (IEEE 11073-10404): standard configurations 0x0190 and, for spot checks, 0x0191.

Handles, metric specifications and value maps of both are those of two public sources (Antidote's
tables and its recorded configuration). The extended configuration has what the standard allows
beside them: fast and slow response, perfusion, the pleth, status and quality of the pulse, and a
PM-store.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import ScaleAndRange
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.metric_objects import (
    WaveformShape,
    bits,
    numeric,
    persistent_store,
    waveform,
)
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import BEATS_PER_MINUTE, DIMENSIONLESS, PERCENT
from protocols.specializations.base import Specialization

SPO2_HANDLE: Final = 1
PULSE_RATE_HANDLE: Final = 10
FAST_SPO2_HANDLE: Final = 3
SLOW_SPO2_HANDLE: Final = 4
PERFUSION_HANDLE: Final = 5
PLETH_HANDLE: Final = 6
STATUS_HANDLE: Final = 7
PULSE_QUALITY_HANDLE: Final = 8
STORE_HANDLE: Final = 9
EXTENDED_CONFIG_ID: Final = 0x400F

SATURATION: Final = MdcCode(2, 19384)
"""MDC_PULS_OXIM_SAT_O2."""
PULSE_RATE: Final = MdcCode(2, 18458)
"""MDC_PULS_OXIM_PULS_RATE."""
PERFUSION: Final = MdcCode(2, 19376)
"""MDC_PULS_OXIM_PERF_REL."""
PLETH: Final = MdcCode(2, 19380)
"""MDC_PULS_OXIM_PLETH."""
DEVICE_STATUS: Final = MdcCode(2, 19532)
"""MDC_PULS_OXIM_DEV_STATUS."""
PULSE_QUALITY: Final = MdcCode(2, 19533)
"""MDC_PULS_OXIM_PULS_CHAR."""
MODALITY_FAST: Final = MdcCode(2, 19508)
MODALITY_SLOW: Final = MdcCode(2, 19512)
MODALITY_SPOT: Final = MdcCode(2, 19516)

PLETH_SAMPLES_PER_REPORT: Final = 50
PLETH_RATE_HZ: Final = 50
PLETH_CURVE: Final = WaveformShape(
    samples=PLETH_SAMPLES_PER_REPORT,
    period_ticks=160,
    bits=16,
    scale=ScaleAndRange(Decimal(0), Decimal(1), 0, 1000),
)
"""A second of curve between 0 and 1, 20 ms apart."""
PLETH_STEP: Final = Decimal("0.001")


def pleth(handle: int) -> ConfigObject:
    """The plethysmogram as a real-time sample array without a dimension."""
    return waveform(handle, PLETH, DIMENSIONLESS, PLETH_CURVE)


def _standard(config_id: int, *more: AttributeValue) -> Configuration:
    return build_configuration(
        config_id,
        (
            numeric(SPO2_HANDLE, SATURATION, PERCENT, *more),
            numeric(PULSE_RATE_HANDLE, PULSE_RATE, BEATS_PER_MINUTE, *more),
        ),
    )


STANDARD: Final = _standard(0x0190)
SPOT_CHECK: Final = _standard(0x0191, at.SUPPLEMENTAL_TYPES.of((MODALITY_SPOT,)))
EXTENDED: Final = build_configuration(
    EXTENDED_CONFIG_ID,
    (
        *STANDARD.report.objects,
        numeric(FAST_SPO2_HANDLE, SATURATION, PERCENT, at.SUPPLEMENTAL_TYPES.of((MODALITY_FAST,))),
        numeric(SLOW_SPO2_HANDLE, SATURATION, PERCENT, at.SUPPLEMENTAL_TYPES.of((MODALITY_SLOW,))),
        numeric(PERFUSION_HANDLE, PERFUSION, PERCENT),
        pleth(PLETH_HANDLE),
        bits(STATUS_HANDLE, DEVICE_STATUS),
        bits(PULSE_QUALITY_HANDLE, PULSE_QUALITY),
        persistent_store(STORE_HANDLE, label="oximetry", capacity=86_400),
    ),
)

SPECIALIZATION: Final = Specialization(
    name="pulse_oximeter",
    standard="IEEE 11073-10404",
    profile=MdcCode(8, 4100),
    profile_version=1,
    configuration=STANDARD,
    standard_configurations=(STANDARD, SPOT_CHECK),
    other_configurations=(EXTENDED,),
)
