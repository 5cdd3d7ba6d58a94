"""Notifications and indications: which client wants which, and how they reach it.

StartNotify belongs to the client that asked: two clients may want the same, and a client that
leaves the bus wants nothing any more. AcquireNotify hands over a socket instead of signals.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

from bumble.gatt_client import CharacteristicProxy
from dbus_fast import Variant

from simulators.bluetooth.bluetoothd.adapter import Adapter
from simulators.bluetooth.bluetoothd.attributes import RemoteAttributes, device_of
from simulators.bluetooth.bluetoothd.calls import NOTHING, Call, Handler, Reply
from simulators.bluetooth.bluetoothd.errors import (
    BluezError,
    failed,
    in_progress,
    not_connected,
)
from simulators.bluetooth.bluetoothd.tree import CHARACTERISTIC

SERVICE_CHANGED: Final = "00002a05-"
_OWN: Final = (SERVICE_CHANGED, "00002a19-")
"""Service Changed and Battery Level are subscribed by bluetoothd itself."""


@dataclass(slots=True)
class DeviceFaults:
    """What the host does to one device's values.

    `silent` drops them, `delay` holds them back. `last_words` hears of the next indication, that is
    still confirmed and handed to sockets, but of which no signal goes out: the host dies there.
    """

    silent: bool = False
    delay: float = 0.0
    last_words: asyncio.Event | None = None


@dataclass(slots=True)
class _Subscription:
    """Who wants the values of a characteristic: clients by name, and sockets by who holds them."""

    clients: set[str] = field(default_factory=set)
    sockets: dict[str, socket.socket] = field(default_factory=dict)
    hook: Callable[[bytes], None] | None = None


class Subscriptions:
    """The subscriptions over one adapter; `faults` by device path."""

    def __init__(self, adapter: Adapter, attributes: RemoteAttributes) -> None:
        self._adapter = adapter
        self._attributes = attributes
        self._subscriptions: dict[str, _Subscription] = {}
        self.faults: dict[str, DeviceFaults] = {}
        self.handlers: dict[str, Handler] = {
            "GattCharacteristic1.StartNotify": self._start_notify,
            "GattCharacteristic1.StopNotify": self._stop_notify,
            "GattCharacteristic1.AcquireNotify": self._acquire_notify,
        }

    async def subscribe_own(self, device: str, changed: Callable[[], None]) -> None:
        """What bluetoothd wants of every device; `changed` when its database is another one."""
        for path in [one for one in self._attributes.by_path if one.startswith(device + "/")]:
            properties = self._adapter.tree.properties(path, CHARACTERISTIC)
            if properties is None or "Notifying" not in properties:
                continue
            uuid = str(properties["UUID"].value)
            if uuid.startswith(_OWN):
                hook = changed if uuid.startswith(SERVICE_CHANGED) else None
                try:
                    await self._subscribe(path, hook)
                except BluezError:
                    continue

    def drop(self, path: str) -> None:
        """A characteristic leaves the bus."""
        subscription = self._subscriptions.pop(path, None)
        for end in () if subscription is None else subscription.sockets.values():
            end.close()

    def close(self) -> None:
        """The daemon is gone, and with it its ends of all sockets."""
        for path in list(self._subscriptions):
            self.drop(path)

    async def client_left(self, sender: str) -> None:
        """A client is gone from the bus; what only it wanted is no longer subscribed."""
        for path, subscription in list(self._subscriptions.items()):
            end = subscription.sockets.pop(sender, None)
            if end is not None:
                end.close()
            if sender in subscription.clients or end is not None:
                subscription.clients.discard(sender)
                await self._release(path)

    async def _start_notify(self, call: Call) -> Reply:
        properties = self._adapter.tree.properties(call.path, CHARACTERISTIC) or {}
        if "Notifying" not in properties:
            raise BluezError("NotSupported", "Operation is not supported")
        subscription = self._subscriptions.get(call.path)
        if subscription is not None and call.sender in subscription.clients:
            raise in_progress("In Progress")
        self._attributes.of(call)
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
        connection = self._adapter.links.get(device_of(call.path))
        if connection is None:
            raise not_connected()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            await self._subscribe(call.path, None)
            self._subscriptions[call.path].sockets[call.sender] = ours
        except BaseException:
            ours.close()
            theirs.close()
            raise
        return Reply("hq", (0, connection.att_mtu), (theirs.detach(),))

    async def _subscribe(self, path: str, hook: Callable[[], None] | None) -> None:
        if path in self._subscriptions:
            return
        proxy = cast("CharacteristicProxy[bytes]", self._attributes.by_path[path])
        subscription = _Subscription()

        def received(value: bytes) -> None:
            self._received(path, bytes(value))
            if hook is not None:
                hook()

        subscription.hook = received
        await self._attributes.over_link(path, lambda: proxy.subscribe(received))
        self._subscriptions[path] = subscription

    async def _release(self, path: str) -> None:
        subscription = self._subscriptions.get(path)
        if subscription is None or subscription.clients:
            return  # it left the bus while another one was let go
        self._adapter.tree.change(path, CHARACTERISTIC, {"Notifying": Variant("b", False)})
        uuid = str((self._adapter.tree.properties(path, CHARACTERISTIC) or {})["UUID"].value)
        if subscription.sockets or uuid.startswith(_OWN):
            return
        del self._subscriptions[path]
        proxy = cast("CharacteristicProxy[bytes]", self._attributes.by_path[path])
        try:
            await self._attributes.over_link(
                path, lambda: proxy.unsubscribe(subscription.hook, force=True)
            )
        except BluezError:
            return

    def _received(self, path: str, value: bytes) -> None:
        faults = self.faults.get(device_of(path))
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
        tree, faults = self._adapter.tree, self.faults.get(device_of(path))
        flags = (tree.properties(path, CHARACTERISTIC) or {})["Flags"].value
        if faults is not None and faults.last_words is not None and "indicate" in flags:
            faults.last_words.set()
        else:
            tree.change(path, CHARACTERISTIC, {"Value": Variant("ay", value)})
        for holder, end in list(subscription.sockets.items()):
            try:
                end.send(value)
            except BlockingIOError:
                continue  # a reader that does not read loses values, as with a real daemon
            except OSError:
                del subscription.sockets[holder]
                end.close()
