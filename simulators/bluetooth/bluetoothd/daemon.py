"""The daemon itself: org.bluez on a message bus, with its adapters, agents and clients.

    daemon = Bluetoothd(air, bus.address)
    await daemon.start()
    daemon.calls.inject("Connect", Refuse(in_progress()), times=50)
    daemon.kill(); await daemon.start()      gone without a word, and back with its bonds

Answers are made by hand and not by service objects of the bus library: a discovery session and a
notification belong to the client that asked, every error has its name, and some calls are never
answered at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Final, cast

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from simulators.bluetooth.air import Air
from simulators.bluetooth.bluetoothd.adapter import QUICK, Adapter, Storage, Timings
from simulators.bluetooth.bluetoothd.calls import (
    NOTHING,
    Call,
    CallFaults,
    Delay,
    Handler,
    Instead,
    Refuse,
    Reply,
    Swallow,
)
from simulators.bluetooth.bluetoothd.connections import Connections
from simulators.bluetooth.bluetoothd.discovery import Discovery
from simulators.bluetooth.bluetoothd.errors import BluezError, failed, unknown_object
from simulators.bluetooth.bluetoothd.gatt import GattObjects, close_descriptors
from simulators.bluetooth.bluetoothd.pairing import Agents, Pairing
from simulators.bluetooth.bluetoothd.tree import (
    ADAPTER,
    AGENT_MANAGER,
    DEVICE,
    OBJECT_MANAGER,
    PROPERTIES,
    ROOT,
    ObjectTree,
)
from simulators.bluetooth.chores import Chores
from simulators.bluetooth.message_bus import connect_bus
from simulators.bluetooth.radio import BondStore, Radio

NAME: Final = "org.bluez"
_DBUS: Final = "org.freedesktop.DBus"
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AdapterParts:
    """One adapter with everything that belongs to it."""

    adapter: Adapter
    discovery: Discovery
    pairing: Pairing
    gatt: GattObjects
    connections: Connections

    @property
    def handlers(self) -> dict[str, Handler]:
        """Its methods by interface and name."""
        return {
            **self.discovery.handlers,
            **self.connections.handlers,
            **self.gatt.handlers,
        }


class Bluetoothd:
    """bluetoothd on the bus at `address`; the adapters' names and addresses stay its own."""

    def __init__(
        self,
        air: Air,
        bus_address: str,
        *,
        adapters: dict[str, str] | None = None,
        timings: Timings = QUICK,
    ) -> None:
        self.air = air
        self.timings = timings
        self.calls = CallFaults()
        self.storage = Storage()
        self.parts: dict[str, AdapterParts] = {}
        self._addresses = adapters or {"hci0": "C0:C1:C2:C3:C4:C0"}
        self._bonds = {name: BondStore() for name in self._addresses}
        self.bus_address = bus_address
        self._bus: MessageBus | None = None
        self._chores = Chores(NAME)
        self._tree = ObjectTree(self._emit)
        self._agents = Agents(self._call_peer)

    @property
    def tree(self) -> ObjectTree:
        """The objects as clients see them."""
        return self._tree

    async def start(self) -> None:
        """Take the name on the bus, with all adapters on."""
        self._bus = await connect_bus(self.bus_address)
        self._tree = ObjectTree(self._emit)
        self._agents = Agents(self._call_peer)
        self._tree.add(ROOT, {AGENT_MANAGER: {}})
        for name in self._addresses:
            await self.plug(name)
        self._bus.add_message_handler(self._received)
        await self._bus.call(_name_watch())
        await self._bus.request_name(NAME)

    async def stop(self) -> None:
        """Leave bus and air; nothing when it does not run."""
        await self._leave()

    async def kill(self) -> None:
        """As after SIGKILL: the name is gone, no object says goodbye, links die with the host."""
        await self._leave()

    async def _leave(self) -> None:
        bus, self._bus = self._bus, None
        if bus is None:
            return
        bus.disconnect()
        with contextlib.suppress(EOFError, OSError):
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # bare there
        await self._chores.close()
        for parts in list(self.parts.values()):
            parts.gatt.close()
            await parts.adapter.close()
        self.parts.clear()

    # Adapters.

    async def plug(self, name: str = "hci0") -> None:
        """An adapter is there, and on."""
        radio = Radio(self.air, name, self._addresses[name], self._bonds[name])
        adapter = Adapter(radio, self._tree, self.storage, self.timings, name)
        discovery = Discovery(adapter)
        pairing = Pairing(adapter, self._agents)
        gatt = GattObjects(adapter, pairing)
        connections = Connections(adapter, discovery, pairing, gatt)
        await radio.device.power_on()
        self.parts[name] = AdapterParts(adapter, discovery, pairing, gatt, connections)
        adapter.publish()

    async def unplug(self, name: str = "hci0") -> None:
        """The adapter is pulled: 5.66 says Connected=False first, then removes the objects."""
        parts = self.parts.pop(name)
        no = Variant("b", False)
        for path in self._tree.having(DEVICE):
            if path.startswith(parts.adapter.path + "/") and self._tree.truth(
                path, DEVICE, "Connected"
            ):
                self._tree.change(path, DEVICE, {"ServicesResolved": no, "Connected": no})
        self._tree.remove_all(parts.adapter.path)
        parts.gatt.close()
        await parts.adapter.close()

    async def set_powered(self, name: str, powered: bool) -> None:
        """Switch an adapter; off ends its links and sessions."""
        parts = self.parts[name]
        if not powered:
            await parts.connections.power_off()
            await parts.discovery.power_off()
        values = {"Powered": Variant("b", powered)}
        self._tree.change(parts.adapter.path, ADAPTER, values)

    def parts_of(self, path: str) -> AdapterParts | None:
        """The adapter that an object belongs to."""
        for parts in self.parts.values():
            if path == parts.adapter.path or path.startswith(parts.adapter.path + "/"):
                return parts
        return None

    # Messages.

    def _emit(self, message: Message) -> None:
        if self._bus is not None and self._bus.connected:
            self._bus.send(message)

    async def _call_peer(self, message: Message) -> Message | None:
        return None if self._bus is None else await self._bus.call(message)

    def _received(self, message: Message) -> bool | None:
        if message.message_type is MessageType.SIGNAL:
            if message.member == "NameOwnerChanged" and not message.body[2]:
                self._chores.start(self._client_left(str(message.body[0])))
            return None
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        self._chores.start(self._answer(message))
        return True

    async def _client_left(self, sender: str) -> None:
        self._agents.client_left(sender)
        for parts in self.parts.values():
            await parts.discovery.client_left(sender)
            await parts.gatt.client_left(sender)

    async def _answer(self, message: Message) -> None:
        call = Call.of(message)
        try:
            reply = await self._faulted(call)
            if reply is None:
                return
        except BluezError as error:
            answer = Message.new_error(message, error.name, error.text)
        else:
            answer = Message.new_method_return(
                message, reply.signature, list(reply.body), list(reply.descriptors)
            )
        if self._bus is not None and self._bus.connected:
            await self._bus.send(answer)
        close_descriptors(tuple(answer.unix_fds))

    async def _faulted(self, call: Call) -> Reply | None:
        """The reply to a call after whatever a test put in its way; None is never."""
        fault = self.calls.take(call)
        if isinstance(fault, Swallow):
            return None
        if isinstance(fault, Refuse):
            raise fault.error
        if isinstance(fault, Delay):
            await asyncio.sleep(fault.seconds)
        handler = fault.handler if isinstance(fault, Instead) else self._handler(call)
        try:
            return await handler(call)
        except BluezError:
            raise
        except Exception as error:  # a bug here must reach the client as bluetoothd's would
            _LOG.exception("%s of %s failed", call.member, call.interface)
            raise failed("Input/output error") from error

    def _handler(self, call: Call) -> Handler:
        if call.interface == OBJECT_MANAGER and call.member == "GetManagedObjects":
            return self._managed_objects
        if call.interface == PROPERTIES:
            return self._properties
        name = f"{call.interface.rpartition('.')[2]}.{call.member}"
        if call.path == ROOT and name in self._agents.handlers:
            return self._agents.handlers[name]
        parts = self.parts_of(call.path)
        is_there = self._tree.properties(call.path, call.interface) is not None
        if parts is not None and is_there and name in parts.handlers:
            return parts.handlers[name]
        raise unknown_object(call.path, call.interface, call.member, "")

    async def _managed_objects(self, _call: Call) -> Reply:
        return Reply("a{oa{sa{sv}}}", (self._tree.objects,))

    async def _properties(self, call: Call) -> Reply:
        interface = str(call.body[0])
        properties = self._tree.properties(call.path, interface)
        if properties is None:
            raise unknown_object(call.path, call.interface, call.member, "")
        if call.member == "GetAll":
            return Reply("a{sv}", (properties,))
        name = str(call.body[1])
        if call.member == "Get":
            if name not in properties:
                raise BluezError(f"{_DBUS}.Error.InvalidArgs", "No such property")
            return Reply("v", (properties[name],))
        value = cast("Variant", call.body[2])
        parts = self.parts_of(call.path)
        if name == "Powered" and parts is not None:
            await self.set_powered(parts.adapter.name, bool(value.value))
        else:
            self._tree.change(call.path, interface, {name: value})
        return NOTHING


def _name_watch() -> Message:
    return Message(
        destination=_DBUS,
        path="/org/freedesktop/DBus",
        interface=_DBUS,
        member="AddMatch",
        signature="s",
        body=["type='signal',member='NameOwnerChanged'"],
    )
