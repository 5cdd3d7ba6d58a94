"""The host's Bluetooth through stock bleak. No other file of this program imports it.

What bleak and its retry connector raise becomes this program's errors in `translate`. Neither is
trusted to end: every call has a time limit of ours, and a link that calls itself connected is
believed only while something comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar, cast

from bleak import BleakClient, BleakScanner
from bleak.args.bluez import BlueZNotifyArgs
from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from bleak_retry_connector import close_stale_connections_by_address, establish_connection
from bleak_retry_connector.bleak_manager import (
    _reset_dbus_socket_cache,
    get_global_bluez_manager_sync,
)

from edge.clock import Clock
from edge.errors import (
    AttributeRefusedError,
    DeviceNotFoundError,
    PairingError,
    RadioError,
    StackBusyError,
    TransportClosedError,
    TransportError,
    TransportTimeoutError,
)
from edge.transports.ble.base import (
    Attribute,
    GattTransport,
    PairingAnswers,
    ReceivedValue,
    Sighting,
)
from edge.transports.ble.bluez import BluezBus, device_path, open_bus
from edge.transports.ble.values import ValueQueue
from protocols.errors import DecodeError
from protocols.gatt.base import Property
from protocols.gatt.racp_codec import RECORD_ACCESS
from protocols.gatt.uuids import parse_uuid

log = logging.getLogger(__name__)

T = TypeVar("T")
_OPERATION_SECONDS: Final = 10.0
_PAIR_SECONDS: Final = 90.0
_END_SECONDS: Final = 12.0
_ATTEMPTS: Final = 3
_NO_RSSI: Final = -127
# What bleak lets through besides its own errors: a bus that died under it, and the assertions
# and missing keys of a device that went away in the middle.
_FAULTS: Final = (BleakError, OSError, EOFError, AssertionError, AttributeError, KeyError)
_WANT_A_BOND: Final = frozenset({0x05, 0x08, 0x0C, 0x0F})
_PROPERTIES: Final = {
    "read": Property.READ,
    "write-without-response": Property.WRITE_WITHOUT_RESPONSE,
    "write": Property.WRITE,
    "notify": Property.NOTIFY,
    "indicate": Property.INDICATE,
}
_PAIRING_ERRORS: Final = frozenset(
    {"AuthenticationFailed", "AuthenticationCanceled", "AuthenticationRejected"}
    | {"AuthenticationTimeout", "ConnectionAttemptFailed"}
)
_BY_SOCKET: Final[BlueZNotifyArgs] = {"use_start_notify": False}
_NO_SERVICE: Final = frozenset({"ServiceUnknown", "NameHasNoOwner", "NoReply"})


class BleakLink:
    """One connected device; a `GattTransport`.

    `by_socket`: indications of services without a store come over a socket of their own. The host
    confirms an indication to the device, which then throws it away; one that was confirmed by a
    host that died before it could tell us lies in that socket, and not in a message nobody sent.
    Records of a store are fetched again, and must not overtake the answer behind them.
    """

    def __init__(
        self,
        client: BleakClient,
        values: ValueQueue,
        bus: BluezBus,
        clock: Clock,
        *,
        by_socket: bool = True,
    ) -> None:
        self._client = client
        self._values = values
        self._bus = bus
        self._clock = clock
        self._known = {
            item.handle: item for service in client.services for item in service.characteristics
        }
        # The library keeps sets: what it gives has no order of its own.
        self._attributes = tuple(_attribute(self._known[handle]) for handle in sorted(self._known))
        stored = {item.service for item in self._attributes if item.uuid == RECORD_ACCESS.uuid}
        self._by_socket = frozenset(
            item.handle
            for item in self._attributes
            if by_socket and item.properties & Property.INDICATE and item.service not in stored
        )

    @property
    def attributes(self) -> Sequence[Attribute]:
        """As `GattTransport`."""
        return self._attributes

    @property
    def values_lost(self) -> int:
        """As `GattTransport`."""
        return self._values.lost

    async def receive(self) -> Sequence[ReceivedValue]:
        """As `GattTransport`."""
        return await self._values.take()

    async def read(self, attribute: Attribute) -> ReceivedValue:
        """As `GattTransport`; the value is the device's, never one of a cache."""
        known = self._known[attribute.handle]
        octets = bytes(await self._do(self._client.read_gatt_char(known)))
        return ReceivedValue(attribute, octets, self._clock.monotonic(), self._clock.utc())

    async def write(self, attribute: Attribute, octets: bytes) -> None:
        """As `GattTransport`."""
        known = self._known[attribute.handle]
        answered = bool(attribute.properties & Property.WRITE)
        await self._do(self._client.write_gatt_char(known, octets, response=answered))

    async def subscribe(self, attribute: Attribute) -> None:
        """As `GattTransport`."""

        def came(_sender: BleakGATTCharacteristic, data: bytearray) -> None:
            now, utc = self._clock.monotonic(), self._clock.utc()
            self._values.put(ReceivedValue(attribute, bytes(data), now, utc))

        known = self._known[attribute.handle]
        if attribute.handle in self._by_socket:
            with contextlib.suppress(AttributeRefusedError, StackBusyError):
                # What is wrong with it is told when the usual way fails too.
                await self._do(self._client.start_notify(known, came, bluez=_BY_SOCKET))
                return
        await self._do(self._client.start_notify(known, came))

    async def pair(self) -> None:
        """As `GattTransport`; a pairing that leaves no bond is none."""
        address = self._client.address
        try:
            await _limited(self._client.pair(), _PAIR_SECONDS)
        except (AttributeRefusedError, TransportTimeoutError, DeviceNotFoundError) as exc:
            raise PairingError(f"pairing failed ({exc.cause})") from exc
        if not (await self._bus.facts_of(address)).bonded:
            raise PairingError("the device paired, but no bond was kept")

    def end(self, reason: str) -> None:
        """As `GattTransport`."""
        self._values.end(reason)

    async def close(self) -> None:
        """As `GattTransport`."""
        self._values.end("the link was closed")
        # What goes wrong here is over anyway: bleak lets go of its side in every case.
        with contextlib.suppress(TransportError):
            await _limited(self._client.disconnect(), _END_SECONDS)

    async def _do(self, act: Awaitable[T]) -> T:
        if self._values.is_over:
            if asyncio.iscoroutine(act):
                act.close()
            raise TransportClosedError("the link is gone")
        try:
            async with self._bus.patience(_OPERATION_SECONDS):
                return await act
        except _FAULTS as exc:
            raise translate(exc) from exc


class BleakSession:
    """The host's Bluetooth while it lives; a `HostSession`."""

    def __init__(self, bus: BluezBus, clock: Clock, *, by_socket: bool = True) -> None:
        self._bus = bus
        self._clock = clock
        self._by_socket = by_socket
        self.adapters = bus.adapters
        self.fail = bus.fail
        self.wait_for_change = bus.wait_for_change
        self.connected = bus.connected
        self.facts = bus.facts
        self.remove = bus.remove
        self.power_cycle = bus.power_cycle
        self.patience = bus.patience

    @asynccontextmanager
    async def scan(
        self, adapter: str, seen: Callable[[Sighting], None], *, every_advert: bool
    ) -> AsyncIterator[None]:
        """As `HostSession`."""

        def heard(device: BLEDevice, data: AdvertisementData) -> None:
            seen(_sighting(device, data, adapter, self._clock.monotonic()))

        scanner = BleakScanner(
            heard, bluez={"adapter": adapter, "filters": {"DuplicateData": every_advert}}
        )
        await _limited(scanner.start(), _OPERATION_SECONDS)
        try:
            yield
        finally:
            with contextlib.suppress(TransportError):
                await _limited(scanner.stop(), _OPERATION_SECONDS)

    async def connect(
        self, sighting: Sighting, *, pair: bool, dropped: Callable[[], None]
    ) -> GattTransport:
        """As `HostSession`; the table of services is read anew, never taken from a cache."""
        values = ValueQueue()
        up: list[BleakClient] = []

        def gone(_client: BleakClient) -> None:
            if up:
                values.end("the device ended the link or went out of reach")
            dropped()

        device = cast("BLEDevice", sighting.handle)
        try:
            client = await establish_connection(
                BleakClient,
                device,
                device.name or device.address,
                disconnected_callback=gone,
                max_attempts=_ATTEMPTS,
                use_services_cache=False,
                pair=pair,
            )
        except _FAULTS as exc:
            raise translate(exc) from exc
        up.append(client)
        self._bus.linked(device_path(sighting.adapter, sighting.address), values.end)
        if not client.is_connected:
            raise TransportClosedError("the device ended the link at once")
        return BleakLink(client, values, self._bus, self._clock, by_socket=self._by_socket)

    async def close_stale(self, address: str) -> None:
        """As `HostSession`."""
        await _limited(close_stale_connections_by_address(address), _END_SECONDS)


class BleakStack:
    """The way to a session; a `HostStack`.

    `capability` as the pairing agent tells it; `by_socket` as for a `BleakLink`.
    """

    def __init__(self, clock: Clock, capability: str, *, by_socket: bool = True) -> None:
        self._clock = clock
        self._capability = capability
        self._by_socket = by_socket

    @asynccontextmanager
    async def session(self, answers: PairingAnswers) -> AsyncIterator[BleakSession]:
        """As `HostStack`."""
        async with open_bus(answers, self._capability) as bus:
            # The connector gives up on a bus for good once its socket was not there.
            _reset_dbus_socket_cache()
            await _limited(get_global_bluez_manager(), _OPERATION_SECONDS)
            try:
                yield BleakSession(bus, self._clock, by_socket=self._by_socket)
            finally:
                await _forget_everything()


async def _forget_everything() -> None:
    """Have bleak drop what it knows of a service that is gone.

    It keeps the objects of the old service, and calls a device connected that the new one never
    heard of. Ending its bus tells every client that its link is gone and clears the rest.
    """
    manager = get_global_bluez_manager_sync()
    if manager is None or manager._bus is None or not manager._bus.connected:
        return
    manager._bus.disconnect()
    if manager._bus_watcher_task is not None:
        await asyncio.wait({manager._bus_watcher_task}, timeout=_OPERATION_SECONDS)


async def _limited(act: Awaitable[T], seconds: float) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await act
    except _FAULTS as exc:
        raise translate(exc) from exc


def translate(exc: BaseException) -> TransportError:
    """This program's error for one of theirs."""
    origin = exc.__cause__ if isinstance(exc.__cause__, (*_FAULTS,)) else exc
    match origin:
        case TimeoutError():
            return TransportTimeoutError("the device or the host's Bluetooth does not answer")
        case BleakGATTProtocolError():
            code = int(origin.code)
            return AttributeRefusedError(
                f"the device refuses (ATT error {code:#04x})",
                att_error=code,
                needs_bond=code in _WANT_A_BOND,
            )
        case BleakDBusError():
            return _of_service(origin)
        case BleakDeviceNotFoundError():
            return DeviceNotFoundError("the host does not know the device any more")
        case BleakBluetoothNotAvailableError():
            return RadioError("the host's Bluetooth is not available")
        case OSError() | EOFError():
            return RadioError("the connection to the message bus was lost")
        case BleakError() if "adapter" in str(origin) and "not found" in str(origin):
            return DeviceNotFoundError("the adapter is gone")
        case BleakError() if "not found" in str(origin):
            return DeviceNotFoundError("the host does not know the device any more")
    return TransportClosedError("the link is gone")


def _of_service(exc: BleakDBusError) -> TransportError:
    """What the Bluetooth service answered; its words hold no more than its own terms."""
    name = str(exc.args[0]).rsplit(".", 1)[-1]
    words = str(exc.args[1]) if len(exc.args) > 1 else ""
    if name in ("NotPermitted", "NotAuthorized"):
        return AttributeRefusedError("the device wants to be paired first", needs_bond=True)
    if name in _PAIRING_ERRORS:
        return PairingError(f"pairing failed ({name})")
    if name == "InProgress":
        return StackBusyError("the host says that it is at it already")
    if name in ("UnknownObject", "DoesNotExist"):
        return DeviceNotFoundError("the host does not know the device any more")
    if name in _NO_SERVICE:
        return RadioError("the host's Bluetooth service does not run")
    if name == "NotReady":
        return TransportClosedError("the adapter is off")
    if name in ("NotSupported", "InvalidArguments"):
        return AttributeRefusedError(f"the host refuses ({name})")
    return TransportClosedError(f"the link failed ({name}{': ' * bool(words)}{words})")


def _attribute(item: BleakGATTCharacteristic) -> Attribute:
    properties = Property(0)
    for name in item.properties:
        properties |= _PROPERTIES.get(name, Property(0))
    return Attribute(parse_uuid(item.service_uuid), parse_uuid(item.uuid), item.handle, properties)


def _sighting(device: BLEDevice, data: AdvertisementData, adapter: str, at: float) -> Sighting:
    services = set()
    for text in data.service_uuids:
        with contextlib.suppress(DecodeError):
            services.add(parse_uuid(text))
    return Sighting(
        address=device.address,
        adapter=adapter,
        at=at,
        name=data.local_name or device.name or "",
        services=frozenset(services),
        rssi=0 if data.rssi == _NO_RSSI else data.rssi,
        handle=device,
    )
