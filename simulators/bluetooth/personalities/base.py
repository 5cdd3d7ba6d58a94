"""What every personality has: who it is, its own clock, and records that become octets.

A personality offers services and runs: it measures at the patient's time, keeps what its kind of
device keeps, and sends to whoever is subscribed.
"""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from protocols.gatt.base import AnyCharacteristic, GattProfile, Property
from protocols.mder.numbers import Number
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.quantity import SpecialValue
from simulators.bluetooth.bedside import Bedside, OwnClock
from simulators.bluetooth.offers import Offer, ServiceOffer
from simulators.bluetooth.peripheral import OPEN, Peripheral, Security
from simulators.bluetooth.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class BluetoothIdentity:
    """What is printed on the back, and how the device shows itself on the air.

    `advertised` are the 16-bit services of its advertisement; `ahead` and `drift_ppm` are the
    error of its own clock.
    """

    name: str
    shown_name: str
    address: str
    info: DeviceInfo
    advertised: tuple[int, ...]
    security: Security = OPEN
    ahead: timedelta = timedelta(0)
    drift_ppm: float = 0.0


class Personality(ABC):
    """One kind of device at one patient; `attach` gives it its place on the air."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        self.identity = identity
        self.bedside = bedside
        self.truth = truth
        self.clock = OwnClock(bedside.start_at, identity.ahead, identity.drift_ppm)
        self._peripheral: Peripheral | None = None

    @property
    def peripheral(self) -> Peripheral:
        """Its place on the air."""
        if self._peripheral is None:
            raise RuntimeError("a personality that was not attached")
        return self._peripheral

    def attach(self, peripheral: Peripheral) -> None:
        """Give it its place on the air."""
        self._peripheral = peripheral

    @abstractmethod
    def services(self) -> tuple[ServiceOffer, ...]:
        """The services of its kind, besides those every device has."""

    @abstractmethod
    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """What it does side by side, each for ever."""

    async def run(self) -> None:
        """Measure and send until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for loop in self.loops():
                tasks.create_task(loop)

    async def every(self, seconds: float, act: Callable[[float], Awaitable[None]]) -> None:
        """Do it at every so many seconds of the patient's time, from now on, for ever."""
        count = math.ceil(self.bedside.now / seconds)
        while True:
            await self.bedside.until(count * seconds)
            await act(count * seconds)
            count += 1

    @property
    def local(self) -> datetime:
        """What the device's own clock shows now (naive)."""
        return self.clock.local(self.bedside.utc)

    async def notify(
        self, profile: GattProfile, characteristic: AnyCharacteristic, record: object
    ) -> None:
        """Measured and sent in one go; without a listener it is lost."""
        ids = self._made(profile, characteristic, record)
        heard = await self.peripheral.notify(characteristic.uuid, characteristic.encode(record))
        self.truth.about("sent" if heard else "unheard", ids, at=self.bedside.utc)

    def _made(
        self, profile: GattProfile, characteristic: AnyCharacteristic, record: object
    ) -> tuple[UUID, ...]:
        return self.truth.made(profile, characteristic, record, at=self.bedside.utc)


def measured(value: int | Decimal | None) -> Number:
    """A measured number, or NaN where there was nothing to measure."""
    return SpecialValue.NAN if value is None else Decimal(value)


def identity_info(number: int, model: str, serial_number: str) -> DeviceInfo:
    """What is printed on a device; `number` tells its System-Id from the others."""
    return DeviceInfo(
        system_id=SystemId.parse(f"0A4D56FFFE0B{number:04X}"),
        manufacturer="Vitalwire Simulators",
        model=model,
        serial_number=serial_number,
        firmware="1.0.0",
    )


def readable(
    characteristic: AnyCharacteristic, record: Callable[[], object], *, is_open: bool = False
) -> Offer:
    """A characteristic that answers reads with a record."""
    return Offer(
        characteristic=characteristic,
        read=lambda: characteristic.encode(record()),
        is_open=is_open,
    )


def service_of(profile: GattProfile, *offers: Offer) -> ServiceOffer:
    """The service of a profile with these characteristics."""
    if profile.service is None:
        raise ValueError(f"{profile.name} has no service of its own")
    return ServiceOffer(profile.service, offers)


def pushed(characteristic: AnyCharacteristic, properties: Property | None = None) -> Offer:
    """A characteristic that only notifies or indicates."""
    return Offer(characteristic=characteristic, properties=properties)
