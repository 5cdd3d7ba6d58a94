"""bluetoothd's answers to raw calls: properties, unknown objects, and clients that leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from bumble.att import ATT_Error
from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from protocols.gatt.base import Property
from protocols.gatt.battery import LEVEL
from simulators.bluetooth.bluetoothd.errors import att_failed
from simulators.bluetooth.faults.plan import FaultPlan
from simulators.bluetooth.message_bus import connect_bus
from simulators.bluetooth.place import BluetoothPlace
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.bluetooth_client import connect, find, round_trip, wait_for

ADAPTER = "/org/bluez/hci0"
DEVICE = f"{ADAPTER}/dev_F0_5A_00_00_00_01"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Client:
    """Somebody on the bus."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus

    async def call(
        self, path: str, interface: str, member: str, signature: str = "", *body: object
    ) -> Message:
        reply = await self.bus.call(
            Message(
                destination="org.bluez",
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=list(body),
            )
        )
        assert reply is not None
        return reply

    async def adapter(self, member: str, signature: str = "", *body: object) -> str | None:
        """The error of a method of the adapter, None for none."""
        reply = await self.call(ADAPTER, "org.bluez.Adapter1", member, signature, *body)
        return reply.error_name

    async def device(self, member: str) -> str | None:
        """The error of a method of the device, None for none."""
        return (await self.call(DEVICE, "org.bluez.Device1", member)).error_name


@pytest_asyncio.fixture
async def client(bluetooth: BluetoothPlace) -> AsyncIterator[Client]:
    assert bluetooth.bluetoothd.parts
    bus = await connect_bus()
    yield Client(bus)
    bus.disconnect()


async def test_properties_are_read_and_written(client: Client) -> None:
    arguments = (ADAPTER, PROPERTIES)
    got = await client.call(*arguments, "Get", "ss", "org.bluez.Adapter1", "Powered")
    assert got.body[0].value is True
    every = await client.call(*arguments, "GetAll", "s", "org.bluez.Adapter1")
    assert every.body[0]["Name"].value == "vehicle"
    value = Variant("s", "ambulance 7")
    await client.call(*arguments, "Set", "ssv", "org.bluez.Adapter1", "Alias", value)
    got = await client.call(*arguments, "Get", "ss", "org.bluez.Adapter1", "Alias")
    assert got.body[0].value == "ambulance 7"
    off = Variant("b", False)
    await client.call(*arguments, "Set", "ssv", "org.bluez.Adapter1", "Powered", off)
    assert await client.adapter("StartDiscovery") == "org.bluez.Error.NotReady"


async def test_what_is_not_there_has_an_error(client: Client) -> None:
    unknown = "org.freedesktop.DBus.Error.UnknownObject"
    assert await client.adapter("MakeTea") == unknown
    assert await client.device("Connect") == unknown
    gone = await client.call(DEVICE, PROPERTIES, "GetAll", "s", "org.bluez.Device1")
    assert gone.error_name == unknown
    odd = await client.call(ADAPTER, PROPERTIES, "Get", "ss", "org.bluez.Adapter1", "Colour")
    assert odd.error_name == "org.freedesktop.DBus.Error.InvalidArgs"


async def test_a_discovery_belongs_to_the_client_that_started_it(
    bluetooth: BluetoothPlace, client: Client
) -> None:
    assert await client.adapter("StopDiscovery") == "org.bluez.Error.Failed"
    assert await client.adapter("SetDiscoveryFilter", "a{sv}", {}) is None
    assert await client.adapter("StartDiscovery") is None
    assert await client.adapter("StartDiscovery") == "org.bluez.Error.InProgress"
    filters = await client.call(ADAPTER, "org.bluez.Adapter1", "GetDiscoveryFilters")
    assert "UUIDs" in filters.body[0]
    client.bus.disconnect()
    async with asyncio.timeout(30):
        while bluetooth.bluetoothd.tree.truth(ADAPTER, "org.bluez.Adapter1", "Discovering"):
            await round_trip()


async def test_a_device_that_is_not_linked_or_not_pairing_says_so(
    bluetooth: BluetoothPlace, client: Client
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    await find(oximeter)
    assert await client.device("Disconnect") == "org.bluez.Error.NotConnected"
    assert await client.device("CancelPairing") == "org.bluez.Error.DoesNotExist"
    nobody = f"{ADAPTER}/dev_00_00_00_00_00_00"
    assert await client.adapter("RemoveDevice", "o", nobody) == "org.bluez.Error.DoesNotExist"
    assert await client.device("Connect") is None
    assert await client.device("Connect") is None
    assert await client.adapter("RemoveDevice", "o", DEVICE) is None
    assert DEVICE not in bluetooth.bluetoothd.tree.objects


async def test_a_subscription_ends_with_the_client_that_wanted_it(
    bluetooth: BluetoothPlace, client: Client
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    tree, characteristic = bluetooth.bluetoothd.tree, "org.bluez.GattCharacteristic1"
    path = next(
        path
        for path in tree.having(characteristic)
        if str((tree.properties(path, characteristic) or {})["UUID"].value).startswith("00002a5f")
    )
    refused = await client.call(path, characteristic, "StopNotify")
    assert refused.error_name == "org.bluez.Error.Failed"
    assert (await client.call(path, characteristic, "StartNotify")).error_name is None
    again = await client.call(path, characteristic, "StartNotify")
    assert again.error_name == "org.bluez.Error.InProgress"
    assert tree.truth(path, characteristic, "Notifying")
    client.bus.disconnect()
    async with asyncio.timeout(30):
        while tree.truth(path, characteristic, "Notifying"):
            await round_trip()
    await line.client.disconnect()


async def test_a_new_database_is_read_again_while_the_link_lasts(
    bluetooth: BluetoothPlace,
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    # bluetoothd itself subscribes to Service Changed, then to the battery.
    peripheral = oximeter.peripheral
    await wait_for(peripheral, lambda: bool(peripheral.listeners(LEVEL.uuid, Property.NOTIFY)))
    before = len(bluetooth.bluetoothd.tree.having("org.bluez.GattService1"))
    await FaultPlan(bluetooth).carry_out({"do": "change-database", "device": "oximeter"})
    async with asyncio.timeout(30):
        while len(bluetooth.bluetoothd.tree.having("org.bluez.GattService1")) <= before:
            await round_trip()
    await line.client.disconnect()


@pytest.mark.parametrize(
    ("code", "name", "text"),
    [
        (0x02, "NotPermitted", "Read not permitted"),
        (0x06, "NotSupported", "Operation is not supported"),
        (0x08, "NotAuthorized", "Not authorized"),
        (0x0D, "InvalidArguments", "Invalid Length"),
        (
            0xFD,
            "ImproperlyConfigured",
            "Client Characteristic Configuration Descriptor improperly configured",
        ),
        (0x80, "Failed", "Operation failed with ATT error: 0x80"),
    ],
)
def test_att_errors_have_the_names_bluetoothd_gives_them(code: int, name: str, text: str) -> None:
    error = att_failed(ATT_Error(code))
    assert (error.name, error.text) == (f"org.bluez.Error.{name}", text)
