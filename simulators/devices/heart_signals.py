"""What devices at the heart share: heart rate numbers, a live lead II, recognised rhythms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import Observation, SampleArrayObservation
from protocols.specializations.cardiac_objects import (
    MILLIVOLTS_PER_STEP,
    SAMPLE_RATE_HZ,
    SAMPLES_PER_REPORT,
    ZERO_SAMPLE,
)
from protocols.specializations.defibrillator import (
    EVT_ECG_ASYSTOLE,
    EVT_ECG_V_FIB,
    RHYTHM_STATUS,
)
from simulators.devices.base import (
    Form,
    Reading,
    Report,
    SimulatedDevice,
    Stamp,
    coded,
    every,
    numeric,
)
from simulators.patient.electrocardiogram import Electrocardiogram
from simulators.patient.heart_vector import Curves
from simulators.patient.rhythms import Rhythm
from simulators.sensors.electrodes import RECOGNISES_AFTER_SECONDS, Electrodes

HEART_RATE: Final = MdcCode(2, 16770)  # MDC_ECG_HEART_RATE
LEAD_II: Final = MdcCode(2, 258)  # MDC_ECG_ELEC_POTL_II
BEATS_PER_MINUTE: Final = UnitCode(2720)
MILLIVOLT: Final = UnitCode(4274)

PERIOD_US: Final = 1_000_000 // SAMPLE_RATE_HZ
CHUNK_SECONDS: Final = SAMPLES_PER_REPORT / SAMPLE_RATE_HZ
"""A whole number of hundredths, so that every stretch starts where device clocks can show it."""

_RHYTHM_CODES: Final = {
    Rhythm.VENTRICULAR_FIBRILLATION: EVT_ECG_V_FIB,
    Rhythm.ASYSTOLE: EVT_ECG_ASYSTOLE,
}


def heart_rates(
    device: SimulatedDevice, electrodes: Electrodes, handle: int, start_at: datetime
) -> Iterator[Report]:
    """The rate once a second, confirmed, as a variable format report."""
    for t in every(1.0):
        rate = electrodes.heart_rate(t)
        observation = numeric(device.stamp(start_at, t), HEART_RATE, rate, BEATS_PER_MINUTE)
        yield Report(t, Form.VARIABLE, live=False, readings=(Reading(handle, observation),))


def lead_two(
    device: SimulatedDevice, strip: Electrocardiogram, handle: int, start_at: datetime
) -> Iterator[Report]:
    """Lead II in stretches of 200 ms, live, each due when its last sample is in."""
    for number, t in enumerate(every(CHUNK_SECONDS)):
        signal = strip.millivolts(number * SAMPLES_PER_REPORT, SAMPLES_PER_REPORT)
        stretch = _stretch(device.stamp(start_at, t), digitised(signal))
        due = round(t + CHUNK_SECONDS, 3)
        yield Report(due, Form.FIXED, live=True, readings=(Reading(handle, stretch),))


def rhythms(device: SimulatedDevice, handle: int, start_at: datetime) -> Iterator[Report]:
    """One coded event for every dangerous rhythm, when the device has recognised it."""
    before = Rhythm.SINUS
    for stretch in device.patient.stretches:
        if stretch.rhythm is not before and stretch.rhythm in _RHYTHM_CODES:
            t = round(stretch.since + RECOGNISES_AFTER_SECONDS, 2)
            code = _RHYTHM_CODES[stretch.rhythm]
            observation = coded(device.stamp(start_at, t), RHYTHM_STATUS, code)
            yield Report(t, Form.VARIABLE, live=False, readings=(Reading(handle, observation),))
        before = stretch.rhythm


def digitised(
    millivolts: Curves, *, step: Decimal = MILLIVOLTS_PER_STEP, zero: int = ZERO_SAMPLE
) -> NDArray[np.int32]:
    """What the converter makes of a signal: whole steps around its zero, clipped at its ends."""
    steps = np.rint(millivolts / float(step)) + zero
    clipped: NDArray[np.int32] = np.clip(steps, 0, 2 * zero).astype("<i4")
    return clipped


def _stretch(stamp: Stamp, samples: NDArray[np.int32]) -> Observation:
    return SampleArrayObservation(
        observation_id=stamp.identify(LEAD_II, duration_us=len(samples) * PERIOD_US),
        type=LEAD_II,
        observed_at=stamp.observed_at,
        device=stamp.system_id,
        samples=samples.tobytes(),
        scale=MILLIVOLTS_PER_STEP,
        offset=-ZERO_SAMPLE * MILLIVOLTS_PER_STEP,
        period_us=PERIOD_US,
        unit=MILLIVOLT,
    )
