"""An ear thermometer (Health Thermometer Service): values on the way, then one that is kept."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Final

from protocols.errors import DecodeError
from protocols.gatt.fields import DateTime
from protocols.gatt.thermometer import (
    INTERMEDIATE,
    INTERVAL,
    MEASUREMENT,
    PROFILE,
    TYPE,
    MeasurementInterval,
    TemperatureMeasurement,
    TemperatureType,
)
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import Offer, RefusedError, ServiceOffer
from simulators.bluetooth.personalities.backlog import Backlog
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    pushed,
    readable,
    service_of,
)
from simulators.bluetooth.personalities.clocks import current_time_service, date_time_offer
from simulators.bluetooth.truth import Truth

EVERY_SECONDS: Final = 30
LONGEST_SECONDS: Final = 3600
_TYMPANUM: Final = 9
_WARMING: Final = (Decimal("-0.8"), Decimal("-0.3"), Decimal("-0.1"))
_INVALID_LENGTH: Final = 0x0D
_OUT_OF_RANGE: Final = 0x80
"""HTS 1.0, Measurement Interval: the service's own error for a value beyond its range."""

IDENTITY: Final = BluetoothIdentity(
    name="thermometer",
    shown_name="Ear Probe",
    address="F0:5A:00:00:00:03",
    info=identity_info(3, "Ear Probe BT", "BT-TH-0003"),
    advertised=(0x1809,),
    ahead=timedelta(minutes=-11),
    drift_ppm=25.0,
)


class Thermometer(Personality):
    """Temperatures by confirmed indication; the interval can be written."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self.backlog = Backlog(self)
        self.interval_seconds = EVERY_SECONDS

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Health Thermometer Service and the clock."""
        interval = Offer(
            characteristic=INTERVAL,
            read=lambda: INTERVAL.encode(MeasurementInterval(self.interval_seconds)),
            write=self._set_interval,
        )
        return (
            service_of(
                PROFILE,
                pushed(MEASUREMENT),
                pushed(INTERMEDIATE),
                readable(TYPE, lambda: TemperatureType(_TYMPANUM)),
                interval,
                date_time_offer(self),
            ),
            current_time_service(self),
        )

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Measuring and delivering."""
        return (self._measure(), self.backlog.deliver())

    async def _set_interval(self, octets: bytes) -> None:
        try:
            seconds = INTERVAL.decode(octets).seconds
        except DecodeError as error:
            raise RefusedError(_INVALID_LENGTH) from error
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise RefusedError(_OUT_OF_RANGE)
        self.interval_seconds = seconds

    async def _measure(self) -> None:
        due = self.bedside.now
        while True:
            for number, below in enumerate(_WARMING):
                await self.bedside.until(due + number)
                value = self._temperature(due + number) + below
                await self.notify(PROFILE, INTERMEDIATE, TemperatureMeasurement(temperature=value))
            await self.bedside.until(due + len(_WARMING))
            record = TemperatureMeasurement(
                temperature=self._temperature(due + len(_WARMING)),
                time=DateTime.of(self.local),
                type=_TYMPANUM,
            )
            self.backlog.keep(PROFILE, MEASUREMENT, record)
            due += max(self.interval_seconds, len(_WARMING) + 1)

    def _temperature(self, t: float) -> Decimal:
        return self.bedside.sensor.numerics_at(t).temperature
