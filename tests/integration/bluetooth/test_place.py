"""Stock bleak against our bluetoothd: found, connected, read, paired, notified, lost, found."""

from __future__ import annotations

import asyncio

import pytest
from bleak import BleakClient
from bleak.exc import BleakDBusError, BleakError

from protocols.gatt import battery, device_information, pulse_oximeter
from protocols.gatt.base import Property
from simulators.bluetooth.peripheral import Pairing, Security
from simulators.bluetooth.place import BluetoothPlace
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.bluetooth_client import Heard, find, wait_for
from tests.fixtures.pairing_agent import PairingAgent

UUID = pulse_oximeter.CONTINUOUS.uuid
CONTINUOUS = str(UUID)
FEATURES = str(pulse_oximeter.FEATURES.uuid)
PASSKEY = 123456
SHOWS_PASSKEY = Security(Pairing.SHOWS_PASSKEY, PASSKEY)


async def test_a_device_is_found_connected_and_read(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    found = await find(oximeter)
    assert found.name == "Finger Clip"
    async with BleakClient(found) as client:
        octets = await client.read_gatt_char(str(device_information.MODEL.uuid))
        assert bytes(octets) == b"Finger Clip BT"
        heard = Heard()
        await client.start_notify(CONTINUOUS, heard)
        record = pulse_oximeter.CONTINUOUS.decode(await heard.next())
        assert str(record.normal.spo2) in {"96", "97", "98"}
    assert oximeter.peripheral.links == []


async def test_a_device_out_of_range_is_lost_and_found_again(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    gone = asyncio.Event()
    client = BleakClient(await find(oximeter), lambda _client: gone.set())
    await client.connect()
    bluetooth.air.vanish(oximeter.radio.controller)
    await asyncio.wait_for(gone.wait(), 5)
    assert not client.is_connected
    bluetooth.air.appear(oximeter.radio.controller)
    await client.connect()
    assert client.is_connected
    await client.disconnect()


async def test_a_secured_device_pairs_with_the_passkey_the_agent_is_told(
    bluetooth: BluetoothPlace,
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS_PASSKEY)
    async with BleakClient(await find(oximeter)) as client:
        with pytest.raises(BleakDBusError, match="Not paired"):
            await client.read_gatt_char(FEATURES)
        agent = await PairingAgent.register(PASSKEY)
        await client.pair()
        assert [member for member, _ in agent.asked] == ["RequestPasskey"]
        features = pulse_oximeter.FEATURES.decode(bytes(await client.read_gatt_char(FEATURES)))
        assert features.features
    agent.close()


async def test_a_read_that_needs_security_pairs_by_itself_when_an_agent_is_there(
    bluetooth: BluetoothPlace,
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS_PASSKEY)
    agent = await PairingAgent.register(PASSKEY)
    async with BleakClient(await find(oximeter)) as client:
        assert await client.read_gatt_char(FEATURES)
    agent.close()


async def test_a_wrong_passkey_pairs_nobody(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS_PASSKEY)
    agent = await PairingAgent.register(PASSKEY + 1)
    async with BleakClient(await find(oximeter)) as client:
        with pytest.raises(BleakError, match="AuthenticationFailed"):
            await client.pair()
    agent.close()


async def test_a_bonded_device_sends_before_anybody_subscribes_again(
    bluetooth: BluetoothPlace,
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS_PASSKEY)
    agent = await PairingAgent.register(PASSKEY)
    client = BleakClient(await find(oximeter))
    await client.connect()
    await client.start_notify(CONTINUOUS, Heard())
    await client.disconnect()
    await client.connect()
    peripheral = oximeter.peripheral
    await wait_for(peripheral, lambda: bool(peripheral.listeners(UUID, Property.NOTIFY)))
    await client.disconnect()
    agent.close()


async def test_values_come_over_a_socket_where_a_client_asks_for_one(
    bluetooth: BluetoothPlace,
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    async with BleakClient(await find(oximeter)) as client:
        heard = Heard()
        await client.start_notify(CONTINUOUS, heard, bluez={"use_start_notify": False})
        assert pulse_oximeter.CONTINUOUS.decode(await heard.next())
        assert bluetooth.bluetoothd.calls.count("AcquireNotify") == 1


async def test_a_battery_that_empties_is_told(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    async with BleakClient(await find(oximeter)) as client:
        heard = Heard()
        await client.start_notify(str(battery.LEVEL.uuid), heard)
        oximeter.battery.set_percent(42)
        assert battery.LEVEL.decode(await heard.next()).percent == 42


async def test_an_agent_is_registered_once_and_with_what_it_can(bluetooth: BluetoothPlace) -> None:
    assert bluetooth.bluetoothd.parts
    agent = await PairingAgent.register(PASSKEY)
    again = await agent.call("RegisterAgent", "os", ["/test/agent", "KeyboardDisplay"])
    assert again.error_name == "org.bluez.Error.AlreadyExists"
    gone = await agent.call("UnregisterAgent", "o", ["/test/agent"])
    assert gone.error_name is None
    odd = await agent.call("RegisterAgent", "os", ["/test/agent", "Telepathy"])
    assert odd.error_name == "org.bluez.Error.InvalidArguments"
    for member in ("RequestDefaultAgent", "UnregisterAgent"):
        refused = await agent.call(member, "o", ["/test/agent"])
        assert refused.error_name == "org.bluez.Error.DoesNotExist"
    agent.close()


@pytest.mark.parametrize("pairing", [Pairing.COMPARES, Pairing.TAKES_PASSKEY, Pairing.JUST_WORKS])
async def test_every_way_of_pairing_ends_in_a_bond(
    bluetooth: BluetoothPlace, pairing: Pairing
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=Security(pairing, PASSKEY))
    agent = await PairingAgent.register(PASSKEY)
    agent.on_shown = oximeter.peripheral.type_passkey
    async with BleakClient(await find(oximeter)) as client:
        await client.pair()
        assert await client.read_gatt_char(FEATURES)
    assert oximeter.radio.bonds.bonds
    agent.close()
