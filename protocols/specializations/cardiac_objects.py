"""Objects that basic ECG and defibrillator share: heart rate and an ECG lead."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from protocols.ieee20601.attribute_values import ScaleAndRange
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.metric_objects import WaveformShape, numeric, waveform
from protocols.model.codes import MdcCode
from protocols.nomenclature.units import BEATS_PER_MINUTE, MILLIVOLTS

ECG_HEART_RATE: Final = MdcCode(2, 16770)
ECG_LEAD_II: Final = MdcCode(2, 258)

SAMPLES_PER_REPORT: Final = 50
SAMPLE_RATE_HZ: Final = 200
SAMPLE_PERIOD_TICKS: Final = 40
"""5 ms in steps of 125 us: 200 samples a second."""
SAMPLE_BITS: Final = 16
ZERO_SAMPLE: Final = 2000
"""The sample that means 0 mV: 0..4000 stand for -10..+10 mV, 5 uV a step."""
MILLIVOLTS_PER_STEP: Final = Decimal("0.005")
STRIP: Final = WaveformShape(
    samples=SAMPLES_PER_REPORT,
    period_ticks=SAMPLE_PERIOD_TICKS,
    bits=SAMPLE_BITS,
    scale=ScaleAndRange(Decimal(-10), Decimal(10), 0, 2 * ZERO_SAMPLE),
)


def heart_rate(handle: int) -> ConfigObject:
    """Heart rate from the ECG, beats a minute."""
    return numeric(handle, ECG_HEART_RATE, BEATS_PER_MINUTE)


def ecg_lead_ii(handle: int) -> ConfigObject:
    """Lead II as a real-time sample array: 50 samples of 16 bits, 200 a second, 5 uV a step."""
    return waveform(handle, ECG_LEAD_II, MILLIVOLTS, STRIP)
