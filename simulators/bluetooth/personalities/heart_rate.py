"""A chest strap (Heart Rate Service): the rate with its R-R intervals every second."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Final

from protocols.gatt.heart_rate import (
    LOCATION,
    MEASUREMENT,
    PROFILE,
    BodySensorLocation,
    HeartRateMeasurement,
    SensorContact,
)
from simulators.bluetooth.offers import ServiceOffer
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    pushed,
    readable,
    service_of,
)

EVERY_SECONDS: Final = 1.0
_CHEST: Final = 1
_COUNTS_A_MINUTE: Final = 60 * 1024

IDENTITY: Final = BluetoothIdentity(
    name="heart-rate",
    shown_name="Chest Strap",
    address="F0:5A:00:00:00:04",
    info=identity_info(4, "Chest Strap BT", "BT-HR-0004"),
    advertised=(0x180D,),
)


class HeartRateStrap(Personality):
    """Live notifications; a strap has no clock and keeps nothing."""

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Heart Rate Service."""
        location = readable(LOCATION, lambda: BodySensorLocation(_CHEST))
        return (service_of(PROFILE, pushed(MEASUREMENT), location),)

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Measuring."""
        return (self.every(EVERY_SECONDS, self._measure),)

    async def _measure(self, t: float) -> None:
        rate = self.bedside.sensor.numerics_at(t).heart_rate or 0
        record = HeartRateMeasurement(
            rate=rate,
            contact=SensorContact.DETECTED,
            rr_intervals=(round(_COUNTS_A_MINUTE / rate),) if rate else (),
        )
        await self.notify(PROFILE, MEASUREMENT, record)
