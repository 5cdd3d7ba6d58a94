"""The host's Bluetooth service over its message bus: what bleak does not do.

The pairing agent, the life of the service and of its adapters, bonds, power. No other file of this
program imports dbus-fast. One connection to the bus; whatever kills it (also a full send buffer,
which the library takes for the end) is a `RadioError`, and the radio is built anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast
from uuid import UUID

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from edge.errors import DeviceNotFoundError, PairingError, RadioError, StackBusyError
from edge.supervision import single_error
from edge.transports.ble.agent import REFUSED, Agent, answer
from edge.transports.ble.base import DeviceFacts, PairingAnswers

log = logging.getLogger(__name__)

_SERVICE: Final = "org.bluez"
_ADAPTER: Final = "org.bluez.Adapter1"
_DEVICE: Final = "org.bluez.Device1"
_GATT_SERVICE: Final = "org.bluez.GattService1"
_BATTERY: Final = "org.bluez.Battery1"
_AGENT: Final = "org.bluez.Agent1"
_AGENTS: Final = "org.bluez.AgentManager1"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
_BUS: Final = "org.freedesktop.DBus"
_ROOT: Final = "/org/bluez"
_AGENT_PATH: Final = "/org/vitalwire/agent"
_CALL_SECONDS: Final = 10.0
_POWER_PAUSE_SECONDS: Final = 0.5
_LOST: Final = (OSError, EOFError, RuntimeError)
"""What a dead bus raises; BlockingIOError and BrokenPipeError are OSErrors."""
_RULES: Final = (
    f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{_SERVICE}'",
    f"type='signal',sender='{_SERVICE}',interface='{_OBJECTS}'",
    f"type='signal',sender='{_SERVICE}',interface='{_PROPERTIES}',arg0='{_ADAPTER}'",
)

Properties = dict[str, object]


class BluezBus:
    """One connection to the message bus, with our agent on it."""

    def __init__(self, bus: MessageBus, agent: Agent, tasks: asyncio.TaskGroup) -> None:
        self._bus = bus
        self._agent = agent
        self._tasks = tasks
        self._changed = asyncio.Event()
        self._fault = ""
        self._linked: dict[str, Callable[[str], None]] = {}
        self._doubted: set[str] = set()
        self._asking = 0
        self._windows: set[asyncio.Timeout] = set()
        bus.add_message_handler(self._on_message)

    async def begin(self) -> None:
        """Listen for the service's life and become its pairing agent."""
        for rule in _RULES:
            await self._call("/org/freedesktop/DBus", _BUS, "AddMatch", "s", [rule], to=_BUS)
        (is_there,) = await self._call(
            "/org/freedesktop/DBus", _BUS, "NameHasOwner", "s", [_SERVICE], to=_BUS
        )
        if not is_there:
            raise RadioError("the host's Bluetooth service does not run")
        path = [_AGENT_PATH]
        await self._call(_ROOT, _AGENTS, "RegisterAgent", "os", [*path, self._agent.capability])
        await self._call(_ROOT, _AGENTS, "RequestDefaultAgent", "o", path)

    async def wait_for_change(self) -> None:
        """Return when adapters came, went or were switched; RadioError when all is over."""
        await self._changed.wait()
        self._changed.clear()
        if self._fault:
            raise RadioError(self._fault)

    async def adapters(self) -> Sequence[str]:
        """The adapters that are there; those that are off are switched on."""
        (objects,) = await self._call("/", _OBJECTS, "GetManagedObjects")
        found = []
        for path, interfaces in cast("dict[str, dict[str, Properties]]", objects).items():
            properties = interfaces.get(_ADAPTER)
            if properties is None:
                continue
            name = path.rsplit("/", 1)[-1]
            if _value(properties, "Powered") or await self._can_be_switched_on(name):
                found.append(name)
        return sorted(found)

    async def connected(self) -> Sequence[tuple[str, frozenset[UUID]]]:
        """Address and services of every device the host calls connected."""
        (objects,) = await self._call("/", _OBJECTS, "GetManagedObjects")
        found = []
        for path, interfaces in cast("dict[str, dict[str, Properties]]", objects).items():
            device = interfaces.get(_DEVICE)
            if device is None or not _value(device, "Connected"):
                continue
            texts = cast("list[str]", _value(device, "UUIDs") or [])
            found.append((device_address(path), frozenset(UUID(text) for text in texts)))
        return found

    @asynccontextmanager
    async def patience(self, seconds: float) -> AsyncIterator[None]:
        """As asyncio.timeout, but while a person is asked to pair nothing runs out.

        A read of what is encrypted pairs on the way, and the host answers when that is over.
        """
        async with asyncio.timeout(None if self._asking else seconds) as window:
            self._windows.add(window)
            try:
                yield
            finally:
                self._windows.discard(window)

    def linked(self, path: str, end: Callable[[str], None]) -> None:
        """`end` hears it when the device's object goes although nobody said that its link did,

        and when its services go while the link lives: whoever listens to them would never know.
        """
        self._linked[path] = end

    async def facts(self, adapter: str, address: str) -> DeviceFacts:
        """What the host knows of the device; nothing when it does not know it."""
        path = device_path(adapter, address)
        try:
            (device,) = await self._call(path, _PROPERTIES, "GetAll", "s", [_DEVICE])
        except DeviceNotFoundError:
            return DeviceFacts()
        properties = cast("Properties", device)
        try:
            (battery,) = await self._call(path, _PROPERTIES, "GetAll", "s", [_BATTERY])
        except DeviceNotFoundError:
            battery = {}
        percent = _value(cast("Properties", battery), "Percentage")
        bonded = _value(properties, "Bonded")
        return DeviceFacts(
            bonded=bool(_value(properties, "Paired") if bonded is None else bonded),
            connected=bool(_value(properties, "Connected")),
            battery_percent=percent if isinstance(percent, int) else None,
        )

    async def facts_of(self, address: str) -> DeviceFacts:
        """What the host knows of the device on whichever adapter it is connected, or bonded."""
        (objects,) = await self._call("/", _OBJECTS, "GetManagedObjects")
        found = [
            await self.facts(path.split("/")[3], address)
            for path in cast("dict[str, object]", objects)
            if path.endswith(device_path("", address).rsplit("/", 1)[-1])
        ]
        return max(found, key=lambda item: (item.connected, item.bonded), default=DeviceFacts())

    async def remove(self, adapter: str, address: str) -> None:
        """Forget the device, its bond and its services."""
        path = device_path(adapter, address)
        try:
            await self._call(f"{_ROOT}/{adapter}", _ADAPTER, "RemoveDevice", "o", [path])
        except DeviceNotFoundError:
            return

    async def power_cycle(self, adapter: str) -> None:
        """Off and on."""
        await self._power(adapter, is_on=False)
        await asyncio.sleep(_POWER_PAUSE_SECONDS)
        await self._power(adapter, is_on=True)

    def fail(self, reason: str) -> None:
        """The radio has to be built anew."""
        if not self._fault:
            self._fault = reason
        self._changed.set()

    async def watch(self) -> None:
        """Return when the connection to the bus is gone; `wait_for_change` then raises."""
        disconnect = cast("Awaitable[None]", self._bus.wait_for_disconnect())  # type: ignore[no-untyped-call] # the library leaves it so
        try:
            await disconnect
        except _LOST as exc:
            log.warning("message bus lost reason=%r", type(exc).__name__)
        self.fail("the connection to the message bus was lost")

    async def _can_be_switched_on(self, adapter: str) -> bool:
        try:
            await self._power(adapter, is_on=True)
        except (RadioError, StackBusyError) as exc:
            log.warning("adapter stays off adapter=%s reason=%r", adapter, exc.cause)
            return False
        return True

    async def _power(self, adapter: str, *, is_on: bool) -> None:
        body = [_ADAPTER, "Powered", Variant("b", is_on)]
        try:
            await self._call(f"{_ROOT}/{adapter}", _PROPERTIES, "Set", "ssv", body)
        except DeviceNotFoundError as exc:
            raise RadioError(f"the adapter {adapter} is gone") from exc

    async def _call(
        self,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        body: Sequence[object] = (),
        *,
        to: str = _SERVICE,
    ) -> list[object]:
        message = Message(
            destination=to,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        try:
            if not self._bus.connected:
                raise EOFError
            async with asyncio.timeout(_CALL_SECONDS):
                reply = await self._bus.call(message)
        except TimeoutError as exc:
            raise RadioError(f"the Bluetooth service does not answer {member}") from exc
        except _LOST as exc:
            raise RadioError("the connection to the message bus was lost") from exc
        if reply is None:
            raise RadioError("the connection to the message bus was lost")
        if reply.message_type is MessageType.ERROR:
            raise _error_of(member, reply)
        return list(reply.body) or [None]

    def _on_message(self, message: Message) -> bool:
        if message.message_type is MessageType.SIGNAL:
            self._on_signal(message)
            return False
        is_call = message.message_type is MessageType.METHOD_CALL
        if not is_call or (message.path, message.interface) != (_AGENT_PATH, _AGENT):
            return False
        self._tasks.create_task(self._answer(message), name="pairing agent")
        return True

    def _on_signal(self, message: Message) -> None:
        match message.member:
            case "NameOwnerChanged" if message.body[0] == _SERVICE:
                gone = "the host's Bluetooth service ended"
                self.fail(gone if not message.body[2] else "the Bluetooth service began anew")
            case "InterfacesAdded" | "InterfacesRemoved" if _ADAPTER in message.body[1]:
                self._changed.set()
            case "InterfacesRemoved" if _DEVICE in message.body[1]:
                if (end := self._linked.pop(message.body[0], None)) is not None:
                    end("the host dropped the device")
            case "InterfacesRemoved" if _GATT_SERVICE in message.body[1]:
                device = str(message.body[0]).rsplit("/", 1)[0]
                end = self._linked.get(device)
                if end is not None and device not in self._doubted:
                    self._doubted.add(device)
                    self._tasks.create_task(self._look_at(device, end), name="changed services")
            case "PropertiesChanged" if "Powered" in message.body[1]:
                self._changed.set()

    async def _look_at(self, device: str, end: Callable[[str], None]) -> None:
        """Services go with the link; when it still lives, the device has others now."""
        try:
            facts = await self.facts(device.split("/")[3], device_address(device))
        except (RadioError, StackBusyError):
            return  # that is told elsewhere
        finally:
            self._doubted.discard(device)
        if facts.connected and self._linked.get(device) is end:
            del self._linked[device]
            end("the device has other services now")

    def _asks(self, more: int) -> None:
        self._asking += more
        again = None if self._asking else asyncio.get_running_loop().time() + _CALL_SECONDS
        for window in self._windows:
            if not window.expired():
                window.reschedule(again)

    async def _answer(self, message: Message) -> None:
        """Answer the agent's call; a refusal is an answer too."""
        self._asks(1)
        try:
            signature, body = await answer(self._agent, message.member or "", message.body)
            reply = Message.new_method_return(message, signature, body)
        except PairingError as exc:
            reply = Message.new_error(message, REFUSED, exc.cause)
        finally:
            self._asks(-1)
        try:
            if self._bus.connected:
                await self._bus.send(reply)
        except _LOST:
            self.fail("the connection to the message bus was lost")


@asynccontextmanager
async def open_bus(answers: PairingAnswers, capability: str) -> AsyncIterator[BluezBus]:
    """Reach the service and be its agent while entered; RadioError when it is not there."""
    connection = MessageBus(bus_type=BusType.SYSTEM)
    try:
        async with asyncio.timeout(_CALL_SECONDS):
            await connection.connect()
    except (*_LOST, TimeoutError, ValueError) as exc:
        raise RadioError("there is no message bus to reach the Bluetooth service by") from exc
    try:
        async with asyncio.TaskGroup() as tasks:
            bus = BluezBus(connection, Agent(answers, capability), tasks)
            watch = tasks.create_task(bus.watch(), name="message bus")
            try:
                await bus.begin()
                yield bus
            finally:
                watch.cancel()
                connection.disconnect()
    except BaseExceptionGroup as group:
        raise single_error(group) from group


def device_path(adapter: str, address: str) -> str:
    """Where the service keeps a device."""
    return f"{_ROOT}/{adapter}/dev_{address.upper().replace(':', '_')}"


def device_address(path: str) -> str:
    """The address in such a path."""
    return path.rsplit("/dev_", 1)[-1].replace("_", ":")


def _value(properties: Properties, name: str) -> object:
    found = properties.get(name)
    return cast("object", found.value) if isinstance(found, Variant) else found


def _error_of(member: str, reply: Message) -> Exception:
    name = (reply.error_name or "").rsplit(".", 1)[-1]
    match name:
        case (
            "UnknownObject" | "UnknownMethod" | "UnknownInterface" | "DoesNotExist" | "InvalidArgs"
        ):
            return DeviceNotFoundError("the host does not know the device any more")
        case "InProgress":
            return StackBusyError(f"the Bluetooth service is busy with {member}")
        case "ServiceUnknown" | "NoReply" | "NameHasNoOwner":
            return RadioError("the host's Bluetooth service does not run")
    return RadioError(f"the Bluetooth service refuses {member} ({name})")
