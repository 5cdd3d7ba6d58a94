"""bluetoothd's objects on the bus: paths, interfaces, properties, and the signals of change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from dbus_fast import Message, MessageType, Variant

ADAPTER: Final = "org.bluez.Adapter1"
DEVICE: Final = "org.bluez.Device1"
SERVICE: Final = "org.bluez.GattService1"
CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
DESCRIPTOR: Final = "org.bluez.GattDescriptor1"
AGENT_MANAGER: Final = "org.bluez.AgentManager1"
AGENT: Final = "org.bluez.Agent1"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER: Final = "org.freedesktop.DBus.ObjectManager"
ROOT: Final = "/org/bluez"

Properties = dict[str, Variant]
Interfaces = dict[str, Properties]


class ObjectTree:
    """What GetManagedObjects answers; every change is signalled through `emit`."""

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self.objects: dict[str, Interfaces] = {}

    def properties(self, path: str, interface: str) -> Properties | None:
        """The properties of an interface, None when it is not there."""
        return self.objects.get(path, {}).get(interface)

    def truth(self, path: str, interface: str, name: str) -> bool:
        """A boolean property; False when there is none."""
        found = (self.properties(path, interface) or {}).get(name)
        return found is not None and bool(found.value)

    def having(self, interface: str) -> list[str]:
        """The paths of objects with this interface."""
        return [path for path, interfaces in self.objects.items() if interface in interfaces]

    def below(self, path: str) -> list[str]:
        """The paths under this one, deepest first."""
        return sorted((one for one in self.objects if one.startswith(path + "/")), reverse=True)

    def add(self, path: str, interfaces: Interfaces) -> None:
        """A new object."""
        self.objects[path] = interfaces
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces])

    def remove(self, path: str) -> None:
        """An object is gone; nothing when it was not there."""
        interfaces = self.objects.pop(path, None)
        if interfaces is not None:
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [path, list(interfaces)])

    def remove_all(self, path: str) -> None:
        """An object and all below it, deepest first."""
        for one in (*self.below(path), path):
            self.remove(one)

    def change(
        self, path: str, interface: str, values: Mapping[str, Variant], gone: Iterable[str] = ()
    ) -> None:
        """Properties change or go; nothing when the interface is not there."""
        properties = self.properties(path, interface)
        if properties is None:
            return
        properties.update(values)
        invalidated = [name for name in gone if properties.pop(name, None) is not None]
        body = [interface, dict(values), invalidated]
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    def _signal(
        self, path: str, interface: str, member: str, signature: str, body: Sequence[object]
    ) -> None:
        self._emit(
            Message(
                message_type=MessageType.SIGNAL,
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=list(body),
            )
        )
