"""What a cuff measures at one moment, wherever it is built in: pressures and pulse."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from protocols.model.codes import MdcCode
from protocols.nomenclature.units import BEATS_PER_MINUTE, MILLIMETRES_OF_MERCURY
from protocols.specializations.blood_pressure import (
    PRESSURES,
    PULSE_RATE,
    SYSTOLIC_DIASTOLIC_MEAN,
)
from simulators.devices.base import Reading, SimulatedDevice, compound, numeric
from simulators.sensors.cuff import Cuff

_PARTS: Final = tuple(MdcCode(PRESSURES.partition, term) for term in SYSTOLIC_DIASTOLIC_MEAN)


def cuff_readings(
    device: SimulatedDevice, cuff: Cuff, handles: tuple[int, int], start_at: datetime, t: float
) -> tuple[Reading, ...]:
    """Pressures and pulse as known at t, for these two handles; NaN where the cuff failed."""
    stamp, seen = device.stamp(start_at, t), cuff.measure(t)
    values = (seen.systolic, seen.diastolic, seen.mean)
    pressures, pulse = handles
    return (
        Reading(
            pressures,
            compound(stamp, PRESSURES, zip(_PARTS, values, strict=True), MILLIMETRES_OF_MERCURY),
        ),
        Reading(pulse, numeric(stamp, PULSE_RATE, seen.pulse_rate, BEATS_PER_MINUTE)),
    )
