"""An upper arm cuff (Blood Pressure Service): the pressure on the way, then the measurement.

A measurement takes its time, shows the cuff's pressure meanwhile, and is kept until a host has
confirmed it. Its clock is far off unless somebody sets it, as cuffs' clocks are.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Final

from protocols.gatt.blood_pressure import (
    FEATURE,
    INTERMEDIATE,
    MEASUREMENT,
    PROFILE,
    BloodPressureFeature,
    BloodPressureMeasurement,
)
from protocols.gatt.fields import DateTime
from protocols.model.quantity import SpecialValue
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import ServiceOffer
from simulators.bluetooth.personalities.backlog import Backlog
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    measured,
    pushed,
    readable,
    service_of,
)
from simulators.bluetooth.personalities.clocks import current_time_service, date_time_offer
from simulators.bluetooth.truth import Truth

EVERY_SECONDS: Final = 60.0
_STEPS: Final = (40, 95, 160, 145, 120, 95, 70)
"""The cuff's pressure on the way, mmHg, one a second."""
_IRREGULAR_PULSE: Final = 0x0004

IDENTITY: Final = BluetoothIdentity(
    name="blood-pressure",
    shown_name="Upper Arm",
    address="F0:5A:00:00:00:02",
    info=identity_info(2, "Upper Arm BT", "BT-BP-0002"),
    advertised=(0x1810,),
    ahead=timedelta(hours=-2, minutes=7),
    drift_ppm=-60.0,
)


class BloodPressureMonitor(Personality):
    """Measurements by confirmed indication, cuff pressure by notification."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self.backlog = Backlog(self)
        self.reading_seconds = EVERY_SECONDS

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Blood Pressure Service with Date Time in it, and Current Time."""
        return (
            service_of(
                PROFILE,
                pushed(MEASUREMENT),
                pushed(INTERMEDIATE),
                readable(FEATURE, lambda: BloodPressureFeature(_IRREGULAR_PULSE)),
                date_time_offer(self),
            ),
            current_time_service(self),
        )

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Measuring and delivering."""
        return (self.every(self.reading_seconds, self._measure), self.backlog.deliver())

    async def _measure(self, t: float) -> None:
        for number, pressure in enumerate(_STEPS):
            await self.bedside.until(t + number)
            await self.notify(PROFILE, INTERMEDIATE, _cuff_pressure(pressure))
        seen = self.bedside.sensor.numerics_at(t + len(_STEPS))
        record = BloodPressureMeasurement(
            systolic=measured(seen.systolic),
            diastolic=measured(seen.diastolic),
            mean=measured(seen.mean),
            time=DateTime.of(self.local),
            pulse_rate=measured(seen.pulse_rate),
        )
        self.backlog.keep(PROFILE, MEASUREMENT, record)


def _cuff_pressure(pressure: int) -> BloodPressureMeasurement:
    """BLS 1.1, Intermediate Cuff Pressure: in the place of the systolic value, the others NaN."""
    return BloodPressureMeasurement(
        systolic=Decimal(pressure), diastolic=SpecialValue.NAN, mean=SpecialValue.NAN
    )
