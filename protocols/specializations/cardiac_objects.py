"""Objects that basic ECG and defibrillator share: heart rate and an ECG lead."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SampleSpecification, ScaleAndRange
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.standard_configurations import BEATS_PER_MINUTE, numeric, value_map
from protocols.model.codes import MdcCode, UnitCode

ECG_HEART_RATE: Final = MdcCode(2, 16770)
ECG_LEAD_II: Final = MdcCode(2, 258)
MILLIVOLTS: Final = UnitCode(4274)
METRIC_SPEC_WAVEFORM: Final = 0x0040
"""Always available, periodic, initiated by the agent (MetricSpecSmall)."""

SAMPLES_PER_REPORT: Final = 50
SAMPLE_RATE_HZ: Final = 200
SAMPLE_PERIOD_TICKS: Final = 40
"""5 ms in steps of 125 us: 200 samples a second."""
SAMPLE_BITS: Final = 16
ZERO_SAMPLE: Final = 2000
"""The sample that means 0 mV: 0..4000 stand for -10..+10 mV, 5 uV a step."""
MILLIVOLTS_PER_STEP: Final = Decimal("0.005")


def heart_rate(handle: int) -> ConfigObject:
    """Heart rate from the ECG, beats a minute."""
    return numeric(handle, ECG_HEART_RATE, BEATS_PER_MINUTE)


def ecg_lead_ii(handle: int) -> ConfigObject:
    """Lead II as a real-time sample array: 50 samples of 16 bits, 200 a second, 5 uV a step."""
    octets = 2 + SAMPLES_PER_REPORT * SAMPLE_BITS // 8
    return ConfigObject(
        int(ObjectClass.SAMPLE_ARRAY),
        handle,
        (
            at.ID_TYPE.of(ECG_LEAD_II),
            at.METRIC_SPEC_SMALL.of(METRIC_SPEC_WAVEFORM),
            at.UNIT_CODE.of(MILLIVOLTS),
            at.TIME_PD_SAMP.of(SAMPLE_PERIOD_TICKS),
            at.SCALE_SPECN_I16.of(ScaleAndRange(Decimal(-10), Decimal(10), 0, 2 * ZERO_SAMPLE)),
            at.SA_SPECN.of(SampleSpecification(SAMPLES_PER_REPORT, SAMPLE_BITS, SAMPLE_BITS, 0)),
            value_map((at.SIMP_SA_OBS_VAL, octets), (at.TIME_STAMP_ABS, 8)),
        ),
    )
