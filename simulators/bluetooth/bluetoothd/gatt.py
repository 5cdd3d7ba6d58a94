"""GattService1, GattCharacteristic1, GattDescriptor1: the peer's database as objects."""

from __future__ import annotations

import asyncio
import os
from typing import Final

from bumble.core import ProtocolError
from bumble.device import Connection, Peer
from bumble.gatt_client import CharacteristicProxy, Client, DescriptorProxy, ServiceProxy
from dbus_fast import Variant

from simulators.bluetooth.bluetoothd.adapter import Adapter, LinkLostError
from simulators.bluetooth.bluetoothd.attributes import RemoteAttributes
from simulators.bluetooth.bluetoothd.calls import Handler
from simulators.bluetooth.bluetoothd.discovery import uuid_text
from simulators.bluetooth.bluetoothd.pairing import Pairing
from simulators.bluetooth.bluetoothd.subscriptions import DeviceFaults, Subscriptions
from simulators.bluetooth.bluetoothd.tree import (
    CHARACTERISTIC,
    DESCRIPTOR,
    DEVICE,
    SERVICE,
    Properties,
)

MTU: Final = 517
_HIDDEN: Final = "00001800-"
"""bluetoothd keeps the GAP service to itself; 5.66 exports 1801."""
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


class GattObjects:
    """The GATT databases of connected devices.

    `believed`: devices whose database is taken from what was read at an earlier link, right or
    wrong, until somebody removes them.
    """

    def __init__(self, adapter: Adapter, pairing: Pairing) -> None:
        self._adapter = adapter
        self._attributes = RemoteAttributes(adapter, pairing)
        self._subscriptions = Subscriptions(adapter, self._attributes)
        self._known: dict[str, list[ServiceProxy]] = {}
        self.believed: set[str] = set()

    @property
    def handlers(self) -> dict[str, Handler]:
        """Its methods by interface and name."""
        return {**self._attributes.handlers, **self._subscriptions.handlers}

    @property
    def faults(self) -> dict[str, DeviceFaults]:
        """What is done to a device's values, by its path."""
        return self._subscriptions.faults

    def close(self) -> None:
        """The daemon is gone."""
        self._subscriptions.close()

    async def client_left(self, sender: str) -> None:
        """A client is gone from the bus."""
        await self._subscriptions.client_left(sender)

    async def resolve(self, path: str, connection: Connection) -> None:
        """Discover everything, put it on the bus, then say ServicesResolved."""
        peer = Peer(connection)
        try:
            await peer.request_mtu(MTU)
            services = await self._services_of(path, peer)
            for service in services:
                if not uuid_text(service.uuid).startswith(_HIDDEN):
                    self._publish_service(path, connection, service)
        except (LinkLostError, ProtocolError, asyncio.CancelledError):
            if path in self._adapter.links:
                raise
            return
        uuids = [uuid_text(service.uuid) for service in services]
        self._adapter.tree.change(
            path,
            DEVICE,
            {"ServicesResolved": Variant("b", True), "UUIDs": Variant("as", uuids)},
        )
        await self._subscriptions.subscribe_own(path, lambda: self._changed(path))

    async def _services_of(self, path: str, peer: Peer) -> list[ServiceProxy]:
        """Read from the device, or as they were when they were read last."""
        known = self._known.get(path)
        if known is not None and path in self.believed:
            return [_again(service, peer.gatt_client) for service in known]
        await peer.discover_services()
        for service in peer.services:
            for characteristic in await service.discover_characteristics():
                await characteristic.discover_descriptors()
        self._known[path] = peer.services
        return peer.services

    def forget(self, path: str) -> None:
        """A device is removed, and with it what was read of its database."""
        self._known.pop(path, None)
        self.believed.discard(path)

    def _publish_service(self, path: str, connection: Connection, service: ServiceProxy) -> None:
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
        for characteristic in service.characteristics:
            at = f"{service_path}/char{characteristic.handle:04x}"
            self._attributes.by_path[at] = characteristic
            properties = _properties_of(characteristic, service_path, connection)
            tree.add(at, {CHARACTERISTIC: properties})
            for descriptor in characteristic.descriptors:
                below = f"{at}/desc{descriptor.handle:04x}"
                self._attributes.by_path[below] = descriptor
                properties = {
                    "UUID": Variant("s", uuid_text(descriptor.type)),
                    "Characteristic": Variant("o", at),
                    "Value": Variant("ay", b""),
                }
                tree.add(below, {DESCRIPTOR: properties})

    def _changed(self, path: str) -> None:
        """The device says that its database is another one: read it again."""
        connection = self._adapter.links.get(path)
        if connection is None:
            return
        self._adapter.tree.change(path, DEVICE, {"ServicesResolved": Variant("b", False)})
        self.forget(path)
        self.clear(path)
        self._adapter.spawn(self.resolve(path, connection))

    def clear(self, path: str) -> None:
        """A device's database leaves the bus."""
        for one in self._adapter.tree.below(path):
            self._attributes.by_path.pop(one, None)
            self._subscriptions.drop(one)
            self._adapter.tree.remove(one)


def close_descriptors(descriptors: tuple[int, ...]) -> None:
    """Close our copies of descriptors that were handed over."""
    for descriptor in descriptors:
        os.close(descriptor)


def _again(service: ServiceProxy, client: Client) -> ServiceProxy:
    """The same rows of a database, asked for over another link."""
    made = ServiceProxy(client, service.handle, service.end_group_handle, service.uuid)  # type: ignore[no-untyped-call]  # bare there
    for old in service.characteristics:
        new: CharacteristicProxy[bytes] = CharacteristicProxy(
            client, old.handle, old.end_group_handle, old.uuid, int(old.properties)
        )
        new.descriptors = [DescriptorProxy(client, one.handle, one.type) for one in old.descriptors]
        new.descriptors_discovered = True
        made.characteristics.append(new)
    return made


def _properties_of(
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
