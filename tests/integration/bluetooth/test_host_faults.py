"""What stock bleak sees when something is wrong with bluetoothd, an adapter or the bus.

Each is a row of the list of what breaks gateways that run for months. Much of it is a trap: bleak
goes on believing in a link that is gone. That is what a gateway has to be built for.
"""

from __future__ import annotations

import asyncio

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDBusError, BleakError
from bleak_retry_connector import BleakClientWithServiceCache, establish_connection
from dbus_fast import Message, MessageType

from protocols.gatt import device_information, pulse_oximeter
from simulators.bluetooth.faults.plan import FaultPlan
from simulators.bluetooth.message_bus import PrivateBus, connect_bus
from simulators.bluetooth.peripheral import Pairing, Security
from simulators.bluetooth.place import BluetoothPlace
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.bluetooth_client import WatchedJournal, connect, find, round_trip
from tests.fixtures.pairing_agent import PairingAgent

CONTINUOUS = pulse_oximeter.CONTINUOUS.uuid
MODEL = str(device_information.MODEL.uuid)
PASSKEY = 123456


@pytest.fixture
def plan(bluetooth: BluetoothPlace) -> FaultPlan:
    return FaultPlan(bluetooth)


async def owner_changes() -> asyncio.Queue[str]:
    """Who owns the name org.bluez, whenever that changes: the only sign of a dead daemon."""
    changes: asyncio.Queue[str] = asyncio.Queue()
    bus = await connect_bus()

    def received(message: Message) -> None:
        is_change = message.member == "NameOwnerChanged" and message.body[0] == "org.bluez"
        if message.message_type is MessageType.SIGNAL and is_change:
            changes.put_nowait(str(message.body[2]))

    bus.add_message_handler(received)
    await bus.call(
        Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="AddMatch",
            signature="s",
            body=["type='signal',member='NameOwnerChanged',arg0='org.bluez'"],
        )
    )
    return changes


async def test_a_killed_bluetoothd_is_seen_by_its_name_alone_and_is_back_with_its_bonds(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(
        bluetooth, "oximeter", security=Security(Pairing.SHOWS_PASSKEY, PASSKEY)
    )
    agent = await PairingAgent.register(PASSKEY)
    line = await connect(oximeter)
    await line.client.pair()
    changes = await owner_changes()
    await plan.carry_out({"do": "kill-bluetoothd"})
    assert await asyncio.wait_for(changes.get(), 30) == ""
    assert line.client.is_connected
    assert line.ended == 0
    await plan.carry_out({"do": "start-bluetoothd"})
    assert await asyncio.wait_for(changes.get(), 30) != ""
    await connect(oximeter)
    assert bluetooth.bluetoothd.calls.count("Pair") == 1
    agent.close()


async def test_a_pulled_adapter_ends_its_links_and_is_found_again(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    await plan.carry_out({"do": "unplug"})
    await line.lost()
    with pytest.raises(BleakError):
        await BleakScanner.discover(0.1)
    await plan.carry_out({"do": "plug"})
    await round_trip()
    again = await connect(oximeter)
    await again.client.disconnect()


async def test_an_adapter_switched_off_ends_its_links(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    await plan.carry_out({"do": "power-off"})
    await line.lost()
    with pytest.raises(BleakError):
        await BleakScanner.discover(0.1)
    await plan.carry_out({"do": "power-on"})
    await line.client.connect()
    await line.client.disconnect()


async def test_a_device_removed_while_connected_is_believed_to_be_connected(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    await plan.carry_out({"do": "remove-device", "device": "oximeter"})
    with pytest.raises(BleakError):
        await line.client.read_gatt_char(MODEL)
    assert line.client.is_connected
    assert line.ended == 0
    with pytest.raises(BleakError):
        await line.client.disconnect()
    assert line.ended == 1


async def test_a_wedged_connect_needs_the_device_removed(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    found = await find(oximeter)
    await plan.carry_out({"do": "wedge", "device": "oximeter"})
    with pytest.raises(BleakError):
        await establish_connection(BleakClientWithServiceCache, found, "oximeter", max_attempts=2)
    assert bluetooth.bluetoothd.calls.count("RemoveDevice") == 0
    await bluetooth.bluetoothd.set_powered("hci0", powered=False)
    await bluetooth.bluetoothd.set_powered("hci0", powered=True)
    line = await connect(oximeter)
    await line.client.disconnect()


async def test_aborted_connections_are_tried_again_by_bleak_itself(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    await find(oximeter)
    await plan.carry_out({"do": "abort", "device": "oximeter", "times": 3})
    line = await connect(oximeter)
    assert bluetooth.bluetoothd.calls.count("Connect") == 4
    await line.client.disconnect()


async def test_a_full_adapter_takes_no_more_links(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    first, second = [await switch_on(bluetooth, "heart-rate", number=n) for n in (1, 2)]
    await plan.carry_out({"do": "slots", "count": 1})
    line = await connect(first)
    with pytest.raises(BleakDBusError, match="concurrent-connection-limit"):
        await connect(second)
    await line.client.disconnect()
    line = await connect(second)
    await line.client.disconnect()


@pytest.mark.parametrize("until", ["restart", "power"])
async def test_a_deaf_adapter_hears_again_after_what_it_needs(
    bluetooth: BluetoothPlace, plan: FaultPlan, until: str
) -> None:
    async with BleakScanner() as scanner:
        await plan.carry_out({"do": "deafen", "until": until})
        oximeter = await switch_on(bluetooth, "oximeter")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(scanner.advertisement_data()), 0.2)
    if until == "power":
        assert await BleakScanner.discover(0.1) == []
        await plan.carry_out({"do": "power-off"})
        await plan.carry_out({"do": "power-on"})
    await find(oximeter)


async def test_a_stop_that_the_kernel_raced_is_recovered_by_bleak(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    await plan.carry_out({"do": "race-discovery"})
    await BleakScanner.discover(0.1)
    await find(oximeter)


async def test_a_stale_device_is_not_found_until_it_is_heard_again(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    found = await find(oximeter)
    await plan.carry_out({"do": "expire", "device": "oximeter"})
    with pytest.raises(BleakError, match="not found"):
        await BleakClient(found).connect()
    line = await connect(oximeter)
    await line.client.disconnect()


async def test_values_lost_in_the_host_are_a_zombie_and_slow_ones_come_late(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    journal = WatchedJournal()
    oximeter = await switch_on(bluetooth, "oximeter", file=journal)
    line = await connect(oximeter)
    heard = await line.listen(CONTINUOUS)
    await plan.carry_out({"do": "silence", "device": "oximeter"})
    await oximeter.peripheral.notify(CONTINUOUS, b"lost")
    await plan.carry_out({"do": "slow", "device": "oximeter", "seconds": 0.3})
    await line.client.read_gatt_char(MODEL)  # what was sent before has arrived
    await plan.carry_out({"do": "normal", "device": "oximeter"})
    await oximeter.peripheral.notify(CONTINUOUS, b"heard")
    received = [await heard.next()]
    while received[-1] != b"heard":
        received.append(await heard.next())
    assert b"lost" not in received
    await line.client.disconnect()


async def test_a_lost_bus_is_told_to_bleak(
    bluetooth: BluetoothPlace, plan: FaultPlan, message_bus: PrivateBus
) -> None:
    bluetooth.bus = message_bus
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    await plan.carry_out({"do": "lose-bus"})
    await line.lost()
    assert not line.client.is_connected
    await plan.carry_out({"do": "return-bus"})
    again = await connect(oximeter)
    await again.client.disconnect()


async def test_calls_are_refused_delayed_and_swallowed(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    refusal = {"do": "refuse", "member": "ReadValue", "error": "InProgress", "text": "In Progress"}
    await plan.carry_out({**refusal, "times": 2})
    assert await line.client.read_gatt_char(MODEL)  # bleak asks again
    assert (await plan.carry_out({"do": "calls", "member": "ReadValue"}))["calls"] == 3
    await plan.carry_out({"do": "delay", "member": "ReadValue", "seconds": 0.2, "times": 1})
    assert await line.client.read_gatt_char(MODEL)
    await plan.carry_out({"do": "swallow", "member": "ReadValue"})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(line.client.read_gatt_char(MODEL), 0.2)
    await plan.carry_out({"do": "clear", "member": "ReadValue"})
    assert await line.client.read_gatt_char(MODEL)
    await line.client.disconnect()


async def test_an_absent_device_is_waited_for_until_the_caller_gives_up(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    found = await find(oximeter)
    await plan.carry_out({"do": "vanish", "device": "oximeter"})
    with pytest.raises(TimeoutError):
        await BleakClient(found, timeout=0.3).connect()
    await plan.carry_out({"do": "appear", "device": "oximeter"})
    line = await connect(oximeter)
    await line.client.disconnect()
