"""A GATT device on the air: its services, its bonds, and who is subscribed to what.

    peripheral = Peripheral(radio, name="Finger Clip", services=(...), security=passkey(123456))
    await peripheral.start(0.1)
    await peripheral.notify(CONTINUOUS.uuid, octets)         how many heard it
    await peripheral.indicate(SPOT_CHECK.uuid, octets)       True once a peer confirmed it

Subscriptions of bonded peers are kept over links, as the Core Specification asks (Vol 3 Part G
3.3.3.3): such a device sends as soon as the link is encrypted, subscribed again or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from uuid import UUID

from bumble import att, core
from bumble.device import Connection
from bumble.gatt import (
    GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
    Characteristic,
    Descriptor,
    Service,
)
from bumble.pairing import PairingConfig, PairingDelegate

from protocols.gatt.base import Property
from protocols.gatt.uuids import assigned_number
from simulators.bluetooth.chores import Chores
from simulators.bluetooth.offers import Offer, Read, RefusedError, ServiceOffer, Write
from simulators.bluetooth.radio import KEYS, Radio, advertisement

Io = PairingDelegate.IoCapability
Permission = att.Attribute.Permissions
_WRITABLE: Final = Property.WRITE | Property.WRITE_WITHOUT_RESPONSE
_PUSHED: Final = Property.NOTIFY | Property.INDICATE
_CONFIRM_SECONDS: Final = 30.0


class Pairing(Enum):
    """What the device has for pairing; the passkey stands on it or is typed into it."""

    NONE = "none"
    JUST_WORKS = "just works"
    SHOWS_PASSKEY = "shows a passkey"
    TAKES_PASSKEY = "takes a passkey"
    COMPARES = "compares numbers"


@dataclass(frozen=True, slots=True)
class Security:
    """How much a device asks of its peer."""

    pairing: Pairing = Pairing.NONE
    passkey: int = 0


OPEN: Final = Security()
JUST_WORKS: Final = Security(Pairing.JUST_WORKS)
_IO: Final = {
    Pairing.NONE: Io.NO_OUTPUT_NO_INPUT,
    Pairing.JUST_WORKS: Io.NO_OUTPUT_NO_INPUT,
    Pairing.SHOWS_PASSKEY: Io.DISPLAY_OUTPUT_ONLY,
    Pairing.TAKES_PASSKEY: Io.KEYBOARD_INPUT_ONLY,
    Pairing.COMPARES: Io.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
}


@dataclass(slots=True)
class PeripheralFaults:
    """What is wrong with the device.

    `mute`: linked, but nothing comes (a zombie). `passkey_offset`: its passkey is another one
    than it shows. `att_errors`: ATT error codes by characteristic for every read and write.
    """

    mute: bool = False
    passkey_offset: int = 0
    att_errors: dict[UUID, int] = field(default_factory=dict)


class _Delegate(PairingDelegate):
    def __init__(
        self, security: Security, faults: PeripheralFaults, typed: asyncio.Queue[int]
    ) -> None:
        super().__init__(_IO[security.pairing], KEYS, KEYS)
        self._typed = typed
        self._passkey = (security.passkey + faults.passkey_offset) % 1_000_000

    async def generate_passkey(self) -> int:
        return self._passkey

    async def get_number(self) -> int | None:
        return await self._typed.get()


class Peripheral:
    """One device; `links` are its connections."""

    def __init__(
        self,
        radio: Radio,
        *,
        name: str,
        services: tuple[ServiceOffer, ...],
        advertised: tuple[int, ...],
        security: Security = OPEN,
    ) -> None:
        self.radio = radio
        self.name = name
        self.security = security
        self.faults = PeripheralFaults()
        self.links: list[Connection] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._chores = Chores(name)
        self._kept: dict[str, dict[int, bytes]] = {}
        self._typed: asyncio.Queue[int] = asyncio.Queue()
        self._characteristics: dict[UUID, Characteristic[bytes]] = {}
        self._server = radio.device.gatt_server
        self._services = services
        self._advertised = advertised
        self.renew(radio)

    def renew(self, radio: Radio) -> None:
        """Build the database on this radio: at first, and whenever the device is switched on."""
        self.radio = radio
        self.links.clear()
        self._server = radio.device.gatt_server
        for service in self._services:
            self._add(service)
        for attribute in self._server.attributes:
            if not attribute.permissions & Permission.WRITEABLE:
                # Bumble would let a peer with a wrong table write over a declaration.
                attribute.write_value = _refuse_write  # type: ignore[method-assign]  # its own
        device = radio.device
        device.advertising_data = advertisement(self.name, self._advertised)
        device.pairing_config_factory = self._pairing_configuration
        device.on("connection", self._linked)
        self._server.on("characteristic_subscription", self._subscription_changed)

    async def start(self, advertising_seconds: float = 0.1) -> None:
        """Switch on and advertise."""
        await self.radio.device.power_on()
        await self.radio.advertise(advertising_seconds)

    async def stop(self) -> None:
        """Switch off."""
        await self._chores.close()
        await self.radio.close()

    async def forget_bonds(self) -> None:
        """Lose every bond, as after a change of batteries."""
        self.radio.bonds.bonds.clear()
        self._kept.clear()

    def type_passkey(self, passkey: int) -> None:
        """Somebody types the passkey that the host shows."""
        self._typed.put_nowait(passkey)

    async def hang_up(self) -> None:
        """End every link from the device's side."""
        for link in list(self.links):
            await link.disconnect()

    async def next_change(self) -> None:
        """Wait until links or subscriptions are others than now."""
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(change)
        await change

    def _tell_change(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    # What it sends.

    def listeners(self, uuid: UUID, kind: Property) -> list[Connection]:
        """The links on which this characteristic is subscribed in that way."""
        handle = self._characteristics[uuid].handle
        bit = 1 if kind is Property.NOTIFY else 2
        return [
            link
            for link in self.links
            if self._server.subscribers.get(link, {}).get(handle, b"\0")[0] & bit
        ]

    async def notify(self, uuid: UUID, octets: bytes) -> int:
        """Notify whoever is subscribed; how many links it went out on."""
        if self.faults.mute:
            return 0
        listeners = self.listeners(uuid, Property.NOTIFY)
        for link in listeners:
            await self._server.notify_subscriber(link, self._characteristics[uuid], octets)
        return len(listeners)

    async def indicate(self, uuid: UUID, octets: bytes) -> bool:
        """Indicate to whoever is subscribed; whether a peer confirmed it."""
        if self.faults.mute:
            return False
        confirmed = False
        for link in self.listeners(uuid, Property.INDICATE):
            attribute = self._characteristics[uuid]
            work = self._server.indicate_subscriber(link, attribute, octets)
            try:
                async with asyncio.timeout(_CONFIRM_SECONDS):
                    await link.cancel_on_disconnection(work)
            except (TimeoutError, asyncio.CancelledError):
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
            else:
                confirmed = True
        return confirmed

    def indicate_soon(self, uuid: UUID, octets: bytes) -> None:
        """Indicate without waiting: for answers to a write that is itself still to be answered."""
        self._chores.start(self.indicate(uuid, octets))

    # Its database.

    def _add(self, service: ServiceOffer) -> None:
        characteristics = [self._characteristic(offer) for offer in service.offers]
        self.radio.device.add_service(Service(_uuid(service.uuid), characteristics))

    async def change_database(self, service: ServiceOffer) -> None:
        """A new firmware: one more service, and Service Changed for who is subscribed to it."""
        first = len(self._server.attributes) + 1
        self._services += (service,)
        self._add(service)
        generic = self.radio.device.gatt_service
        changed = None if generic is None else generic.service_changed_characteristic
        if changed is None:
            return
        handles = first.to_bytes(2, "little") + len(self._server.attributes).to_bytes(2, "little")
        for link in list(self.links):
            self._chores.start(self._server.indicate_subscriber(link, changed, handles))

    def update(self, service: ServiceOffer) -> None:
        """A new firmware: one more service before all others, so that their handles are others.

        It runs when the device is switched on next, and nobody is told. What peers had subscribed
        to is forgotten.
        """
        self._services = (service, *self._services)
        self._kept.clear()

    def _characteristic(self, offer: Offer) -> Characteristic[bytes]:
        definition = offer.characteristic
        properties = definition.properties if offer.properties is None else offer.properties
        is_open = offer.is_open or self.security.pairing is Pairing.NONE
        permissions = Permission(0)
        if properties & Property.READ:
            permissions |= Permission.READABLE
            permissions |= Permission(0) if is_open else Permission.READ_REQUIRES_ENCRYPTION
        if properties & _WRITABLE:
            permissions |= Permission.WRITEABLE
            permissions |= Permission(0) if is_open else Permission.WRITE_REQUIRES_ENCRYPTION
        value: att.AttributeValue[bytes] = att.AttributeValue(
            read=self._reader(definition.uuid, offer.read),
            write=self._writer(definition.uuid, offer.write),
        )
        characteristic: Characteristic[bytes] = Characteristic(
            _uuid(definition.uuid),
            Characteristic.Properties(properties.value),
            permissions,
            value,
        )
        if properties & _PUSHED and not is_open:
            characteristic.descriptors = (self._secured_cccd(characteristic),)
        self._characteristics[definition.uuid] = characteristic
        return characteristic

    def _secured_cccd(self, characteristic: Characteristic[bytes]) -> Descriptor:
        return Descriptor(
            GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
            Permission.READABLE | Permission.WRITEABLE | Permission.WRITE_REQUIRES_ENCRYPTION,
            self._server.make_descriptor_value(characteristic),
        )

    def _reader(self, uuid: UUID, read: Read | None) -> Callable[[Connection], bytes]:
        def answer(_link: Connection) -> bytes:
            self._refuse(uuid)
            return b"" if read is None else _refusing(read)

        return answer

    def _writer(
        self, uuid: UUID, write: Write | None
    ) -> Callable[[Connection, bytes], Awaitable[None]]:
        async def answer(_link: Connection, octets: bytes) -> None:
            self._refuse(uuid)
            if write is None:
                raise att.ATT_Error(att.ErrorCode.WRITE_NOT_PERMITTED)
            try:
                await write(bytes(octets))
            except RefusedError as error:
                raise att.ATT_Error(error.code) from error

        return answer

    def _refuse(self, uuid: UUID) -> None:
        code = self.faults.att_errors.get(uuid)
        if code is not None:
            raise att.ATT_Error(code)

    # Links, bonds, subscriptions.

    def _pairing_configuration(self, _link: Connection) -> PairingConfig:
        pairing = self.security.pairing
        return PairingConfig(
            sc=True,
            mitm=pairing not in (Pairing.NONE, Pairing.JUST_WORKS),
            bonding=pairing is not Pairing.NONE,
            delegate=_Delegate(self.security, self.faults, self._typed),
        )

    def _linked(self, link: Connection) -> None:
        self.links.append(link)
        link.on("disconnection", lambda _reason: self._unlinked(link))
        link.on("connection_encryption_change", lambda: self._encrypted(link))
        self._tell_change()

    def _unlinked(self, link: Connection) -> None:
        if link in self.links:
            self.links.remove(link)
        self._tell_change()

    def _encrypted(self, link: Connection) -> None:
        kept = self._kept.get(str(link.peer_address))
        if link.is_encrypted and kept:
            self._server.subscribers.setdefault(link, {}).update(kept)
            self._tell_change()

    def _subscription_changed(
        self, link: Connection, characteristic: Characteristic[bytes], *_enabled: bool
    ) -> None:
        value = self._server.subscribers[link][characteristic.handle]
        if link.is_encrypted and self.security.pairing is not Pairing.NONE:
            self._kept.setdefault(str(link.peer_address), {})[characteristic.handle] = value
        self._tell_change()


async def _refuse_write(bearer: object, value: bytes) -> None:
    del bearer, value
    raise att.ATT_Error(att.ErrorCode.WRITE_NOT_PERMITTED)


def _uuid(uuid: UUID) -> core.UUID:
    number = assigned_number(uuid)
    if number is not None and number < 1 << 16:
        return core.UUID.from_16_bits(number)
    return core.UUID(str(uuid))


def _refusing(read: Read) -> bytes:
    try:
        return read()
    except RefusedError as error:
        raise att.ATT_Error(error.code) from error
