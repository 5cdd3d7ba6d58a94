"""What the parts of bluetoothd share about one adapter: its radio, its devices, its links."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Final, TypeVar

from bumble.device import Connection
from bumble.hci import Address
from dbus_fast import Variant

from simulators.bluetooth.bluetoothd.tree import ADAPTER, DEVICE, ROOT, ObjectTree, Properties
from simulators.bluetooth.chores import Chores
from simulators.bluetooth.radio import Radio

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timings:
    """How long bluetoothd takes, in seconds.

    `disconnect` until Disconnect answers; `temporary` a device without a bond is kept after its
    last sign; `aborted` between a failed Connect and its Connected=False; `pairing` an agent has;
    `lost_bond` a device that refuses its bond is tried before bluetoothd gives up by itself.
    """

    disconnect: float = 0.0
    temporary: float = 30.0
    aborted: float = 0.02
    pairing: float = 30.0
    lost_bond: float = 0.5


QUICK: Final = Timings()
MEASURED: Final = Timings(disconnect=2.0, aborted=0.1, lost_bond=3.5)
"""As bluetoothd 5.66 was seen to behave: 23 aborted connections in 3.5 s on a fast machine."""


@dataclass(slots=True)
class KnownDevice:
    """What bluetoothd keeps on disk about a bonded device."""

    address: Address
    properties: Properties


@dataclass(slots=True)
class Storage:
    """bluetoothd's folder: bonded devices by object path; it outlives the process."""

    devices: dict[str, KnownDevice] = field(default_factory=dict)


class LinkLostError(Exception):
    """The link ended while something waited for it."""


class Adapter:
    """One adapter: `links` by device path, `addresses` of all devices ever heard."""

    def __init__(
        self, radio: Radio, tree: ObjectTree, storage: Storage, timings: Timings, name: str
    ) -> None:
        self.radio = radio
        self.tree = tree
        self.storage = storage
        self.timings = timings
        self.name = name
        self.path = f"{ROOT}/{name}"
        self.addresses: dict[str, Address] = {}
        self.links: dict[str, Connection] = {}
        self._chores = Chores(name)

    @property
    def powered(self) -> bool:
        """Whether the adapter is there and on."""
        return self.tree.truth(self.path, ADAPTER, "Powered")

    def path_of(self, address: Address) -> str:
        """A device's object path."""
        return f"{self.path}/dev_" + address.to_string(False).upper().replace(":", "_")

    def is_bonded(self, path: str) -> bool:
        """Whether bluetoothd believes in a bond; the device may have lost it."""
        return self.tree.truth(path, DEVICE, "Bonded")

    def publish(self) -> None:
        """Put the adapter and the bonded devices on the bus."""
        self.tree.add(self.path, {ADAPTER: adapter_properties(self.radio.address, self.name)})
        for path, known in self.storage.devices.items():
            if path.startswith(self.path + "/"):
                self.addresses[path] = known.address
                self.tree.add(path, {DEVICE: dict(known.properties)})

    def remember(self, path: str) -> None:
        """A device is bonded: it survives a restart."""
        properties = dict(self.tree.properties(path, DEVICE) or {})
        properties.pop("RSSI", None)
        properties.update(Connected=Variant("b", False), ServicesResolved=Variant("b", False))
        self.storage.devices[path] = KnownDevice(self.addresses[path], properties)

    def spawn(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Do it in the background until the adapter closes."""
        return self._chores.start(work)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do it after so many seconds unless the adapter closes before."""
        self._chores.later(seconds, act)

    async def close(self) -> None:
        """Stop all background work and take the radio off the air."""
        await self._chores.close()
        self.links.clear()
        await self.radio.close()


async def while_linked(connection: Connection, work: Awaitable[T]) -> T:
    """The result of work over a link; LinkLostError when the link ends first."""
    try:
        return await connection.cancel_on_disconnection(work)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise LinkLostError from None


def adapter_properties(address: str, name: str) -> Properties:
    """Adapter1 as a freshly started bluetoothd shows it."""
    return {
        "Address": Variant("s", address),
        "AddressType": Variant("s", "public"),
        "Name": Variant("s", "vehicle"),
        "Alias": Variant("s", f"vehicle {name}"),
        "Class": Variant("u", 0),
        "Powered": Variant("b", True),
        "Discoverable": Variant("b", False),
        "DiscoverableTimeout": Variant("u", 180),
        "Pairable": Variant("b", True),
        "PairableTimeout": Variant("u", 0),
        "Discovering": Variant("b", False),
        "UUIDs": Variant("as", []),
        "Modalias": Variant("s", "usb:v1D6Bp0246d0542"),
        "Roles": Variant("as", ["central", "peripheral"]),
        "ExperimentalFeatures": Variant("as", []),
    }
