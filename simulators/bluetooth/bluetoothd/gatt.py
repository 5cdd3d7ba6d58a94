"""GattService1, GattCharacteristic1, GattDescriptor1: the peer's database as objects."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar, cast

from bumble.att import ATT_Error, ErrorCode
from bumble.core import ProtocolError
from bumble.device import Connection, Peer
from bumble.gatt_client import AttributeProxy, CharacteristicProxy, ServiceProxy
from dbus_fast import Variant

from simulators.bluetooth.bluetoothd.adapter import Adapter, LinkLostError, while_linked
from simulators.bluetooth.bluetoothd.calls import NOTHING, Call, Handler, Reply
from simulators.bluetooth.bluetoothd.discovery import uuid_text
from simulators.bluetooth.bluetoothd.errors import (
    BluezError,
    att_failed,
    failed,
    in_progress,
    not_connected,
    unknown_object,
)
from simulators.bluetooth.bluetoothd.pairing import Pairing
from simulators.bluetooth.bluetoothd.tree import (
    CHARACTERISTIC,
    DESCRIPTOR,
    DEVICE,
    SERVICE,
    Properties,
)

T = TypeVar("T")
MTU: Final = 517
_HIDDEN: Final = "00001800-"
"""bluetoothd keeps the GAP service to itself; 5.66 exports 1801."""
_OWN_SUBSCRIPTIONS: Final = ("00002a05-", "00002a19-")
"""Service Changed and Battery Level are subscribed by bluetoothd itself."""
_SERVICE_CHANGED: Final = "00002a05-"
_NEEDS_SECURITY: Final = (
    ErrorCode.INSUFFICIENT_AUTHENTICATION,
    ErrorCode.INSUFFICIENT_ENCRYPTION,
)
_FLAGS: Final = (
    (0x01, "broadcast"),
    (0x02, "read"),
    (0x04, "write-without-response"),
    (0x08, "write"),
    (0x10, "notify"),
    (0x20, "indicate"),
    (0x40, "authenticated-signed-writes"),
    (0x80, "extended-properties"),
)
Attribute = AttributeProxy[bytes]


@dataclass(slots=True)
class DeviceFaults:
    """What the host does to one device's values: `silent` drops them, `delay` holds them back."""

    silent: bool = False
    delay: float = 0.0


@dataclass(slots=True)
class _Subscription:
    """Who wants the values of a characteristic: clients by name, sockets by descriptor."""

    clients: set[str] = field(default_factory=set)
    sockets: list[socket.socket] = field(default_factory=list)
    hook: Callable[[bytes], None] | None = None


class GattObjects:
    """The GATT databases of connected devices."""

    def __init__(self, adapter: Adapter, pairing: Pairing) -> None:
        self._adapter = adapter
        self._pairing = pairing
        self._attributes: dict[str, Attribute] = {}
        self._subscriptions: dict[str, _Subscription] = {}
        self.faults: dict[str, DeviceFaults] = {}
        self.handlers: dict[str, Handler] = {
            "GattCharacteristic1.ReadValue": self._read,
            "GattCharacteristic1.WriteValue": self._write,
            "GattCharacteristic1.StartNotify": self._start_notify,
            "GattCharacteristic1.StopNotify": self._stop_notify,
            "GattCharacteristic1.AcquireNotify": self._acquire_notify,
            "GattDescriptor1.ReadValue": self._read,
            "GattDescriptor1.WriteValue": self._write,
        }

    # Resolving a database.

    async def resolve(self, path: str, connection: Connection) -> None:
        """Discover everything, put it on the bus, then say ServicesResolved."""
        peer = Peer(connection)
        try:
            await peer.request_mtu(MTU)
            await peer.discover_services()
            for service in peer.services:
                if not uuid_text(service.uuid).startswith(_HIDDEN):
                    await self._publish_service(path, connection, service)
        except (LinkLostError, ProtocolError, asyncio.CancelledError):
            if path in self._adapter.links:
                raise
            return
        services = [uuid_text(service.uuid) for service in peer.services]
        self._adapter.tree.change(
            path,
            DEVICE,
            {"ServicesResolved": Variant("b", True), "UUIDs": Variant("as", services)},
        )
        await self._subscribe_own(path)

    async def _publish_service(
        self, path: str, connection: Connection, service: ServiceProxy
    ) -> None:
        tree = self._adapter.tree
        service_path = f"{path}/service{service.handle:04x}"
        tree.add(
            service_path,
            {
                SERVICE: {
                    "UUID": Variant("s", uuid_text(service.uuid)),
                    "Device": Variant("o", path),
                    "Primary": Variant("b", True),
                    "Includes": Variant("ao", []),
                }
            },
        )
        for characteristic in await service.discover_characteristics():
            at = f"{service_path}/char{characteristic.handle:04x}"
            self._attributes[at] = characteristic
            tree.add(
                at, {CHARACTERISTIC: _characteristic(characteristic, service_path, connection)}
            )
            for descriptor in await characteristic.discover_descriptors():
                below = f"{at}/desc{descriptor.handle:04x}"
                self._attributes[below] = descriptor
                properties = {
                    "UUID": Variant("s", uuid_text(descriptor.type)),
                    "Characteristic": Variant("o", at),
                    "Value": Variant("ay", b""),
                }
                tree.add(below, {DESCRIPTOR: properties})

    async def _subscribe_own(self, path: str) -> None:
        for at in [one for one in self._attributes if one.startswith(path + "/")]:
            properties = self._adapter.tree.properties(at, CHARACTERISTIC)
            if properties is None or "Notifying" not in properties:
                continue
            uuid = str(properties["UUID"].value)
            if uuid.startswith(_OWN_SUBSCRIPTIONS):
                changed = uuid.startswith(_SERVICE_CHANGED)
                try:
                    await self._subscribe(at, (lambda: self._changed(path)) if changed else None)
                except BluezError:
                    continue

    def _changed(self, path: str) -> None:
        """The device says that its database is another one: read it again."""
        connection = self._adapter.links.get(path)
        if connection is None:
            return
        self._adapter.tree.change(path, DEVICE, {"ServicesResolved": Variant("b", False)})
        self.clear(path)
        self._adapter.spawn(self.resolve(path, connection))

    def clear(self, path: str) -> None:
        """A device's database leaves the bus."""
        for one in self._adapter.tree.below(path):
            self._attributes.pop(one, None)
            subscription = self._subscriptions.pop(one, None)
            for end in [] if subscription is None else subscription.sockets:
                end.close()
            self._adapter.tree.remove(one)

    # Reading and writing.

    async def _read(self, call: Call) -> Reply:
        options = cast("dict[str, Variant]", call.body[0])
        attribute = self._attribute(call)
        value = await self._over_link(call.path, attribute.read_value)
        start = int(options["offset"].value) if "offset" in options else 0
        return Reply("ay", (bytes(value)[start:],))

    async def _write(self, call: Call) -> Reply:
        octets, options = bytes(cast("bytes", call.body[0])), call.body[1]
        attribute = self._attribute(call)
        kind = cast("dict[str, Variant]", options).get("type")
        answered = kind is None or kind.value != "command"
        await self._over_link(
            call.path, lambda: attribute.write_value(octets, with_response=answered)
        )
        return NOTHING

    def _attribute(self, call: Call) -> Attribute:
        attribute = self._attributes.get(call.path)
        if attribute is None:
            raise unknown_object(call.path, call.interface, call.member, "")
        return attribute

    async def _over_link(self, path: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the device. Where security is missing bluetoothd pairs by itself and asks again."""
        device = path[: path.index("/service")]
        connection = self._adapter.links.get(device)
        if connection is None:
            raise not_connected()
        try:
            try:
                return await while_linked(connection, ask())
            except ATT_Error as error:
                if (
                    error.error_code not in _NEEDS_SECURITY
                    or connection.is_encrypted
                    or not self._pairing.can_ask()
                ):
                    raise
            await self._pairing.pair(device, connection, None)
            return await while_linked(connection, ask())
        except ATT_Error as error:
            raise att_failed(error) from error
        except (LinkLostError, ProtocolError):
            raise failed("Not connected") from None

    # Notifications and indications.

    async def _start_notify(self, call: Call) -> Reply:
        properties = self._adapter.tree.properties(call.path, CHARACTERISTIC) or {}
        if "Notifying" not in properties:
            raise BluezError("NotSupported", "Operation is not supported")
        subscription = self._subscriptions.get(call.path)
        if subscription is not None and call.sender in subscription.clients:
            raise in_progress("In Progress")
        self._attribute(call)
        await self._subscribe(call.path, None)
        self._subscriptions[call.path].clients.add(call.sender)
        self._adapter.tree.change(call.path, CHARACTERISTIC, {"Notifying": Variant("b", True)})
        return NOTHING

    async def _stop_notify(self, call: Call) -> Reply:
        subscription = self._subscriptions.get(call.path)
        if subscription is None or call.sender not in subscription.clients:
            raise failed("No notify session started")
        subscription.clients.discard(call.sender)
        await self._release(call.path)
        return NOTHING

    async def _acquire_notify(self, call: Call) -> Reply:
        connection = self._adapter.links.get(call.path[: call.path.index("/service")])
        if connection is None:
            raise not_connected()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            await self._subscribe(call.path, None)
        except BluezError:
            ours.close()
            theirs.close()
            raise
        self._subscriptions[call.path].sockets.append(ours)
        return Reply("hq", (0, connection.att_mtu), (theirs.detach(),))

    async def client_left(self, sender: str) -> None:
        """A client is gone from the bus; what only it wanted is no longer subscribed."""
        for path, subscription in list(self._subscriptions.items()):
            if sender in subscription.clients:
                subscription.clients.discard(sender)
                await self._release(path)

    async def _subscribe(self, path: str, hook: Callable[[], None] | None) -> None:
        if path in self._subscriptions:
            return
        proxy = cast("CharacteristicProxy[bytes]", self._attributes[path])
        subscription = _Subscription()

        def received(value: bytes) -> None:
            self._received(path, bytes(value))
            if hook is not None:
                hook()

        subscription.hook = received
        await self._over_link(path, lambda: proxy.subscribe(received))
        self._subscriptions[path] = subscription

    async def _release(self, path: str) -> None:
        subscription = self._subscriptions[path]
        if subscription.clients:
            return
        self._adapter.tree.change(path, CHARACTERISTIC, {"Notifying": Variant("b", False)})
        uuid = str((self._adapter.tree.properties(path, CHARACTERISTIC) or {})["UUID"].value)
        if subscription.sockets or uuid.startswith(_OWN_SUBSCRIPTIONS):
            return
        del self._subscriptions[path]
        proxy = cast("CharacteristicProxy[bytes]", self._attributes[path])
        try:
            await self._over_link(path, lambda: proxy.unsubscribe(subscription.hook, force=True))
        except BluezError:
            return

    def _received(self, path: str, value: bytes) -> None:
        faults = self.faults.get(path[: path.index("/service")])
        if faults is not None and faults.silent:
            return
        if faults is not None and faults.delay:
            self._adapter.later(faults.delay, lambda: self._deliver(path, value))
        else:
            self._deliver(path, value)

    def _deliver(self, path: str, value: bytes) -> None:
        subscription = self._subscriptions.get(path)
        if subscription is None:
            return
        self._adapter.tree.change(path, CHARACTERISTIC, {"Value": Variant("ay", value)})
        for end in list(subscription.sockets):
            try:
                end.send(value)
            except BlockingIOError:
                continue  # a reader that does not read loses values, as with a real daemon
            except OSError:
                subscription.sockets.remove(end)
                end.close()


def close_descriptors(descriptors: tuple[int, ...]) -> None:
    """Close our copies of descriptors that were handed over."""
    for descriptor in descriptors:
        os.close(descriptor)


def _characteristic(
    proxy: CharacteristicProxy[bytes], service_path: str, connection: Connection
) -> Properties:
    flags = [name for bit, name in _FLAGS if int(proxy.properties) & bit]
    properties = {
        "UUID": Variant("s", uuid_text(proxy.uuid)),
        "Service": Variant("o", service_path),
        "Value": Variant("ay", b""),
        "Flags": Variant("as", flags),
        "MTU": Variant("q", connection.att_mtu),
    }
    if {"notify", "indicate"} & set(flags):
        properties["Notifying"] = Variant("b", False)
        properties["NotifyAcquired"] = Variant("b", False)
    if "write-without-response" in flags:
        properties["WriteAcquired"] = Variant("b", False)
    return properties
