"""The host's Bluetooth through stock bleak, in this process: scan, link, bond, forget, lose it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.errors import (
    AttributeRefusedError,
    DeviceNotFoundError,
    PairingError,
    RadioError,
    StackBusyError,
    TransportClosedError,
    TransportTimeoutError,
)
from edge.transports.ble.agent import ASKS_AND_SHOWS
from edge.transports.ble.base import Attribute, GattTransport, ReceivedValue, Sighting
from edge.transports.ble.bleak_stack import BleakSession, BleakStack
from edge.transports.ble.pairing import PairingDesk, PairingPolicy
from protocols.gatt import battery, pulse_oximeter
from protocols.gatt.base import Property
from protocols.gatt.racp_codec import RECORD_ACCESS, OpCode, Operator, RacpRequest
from simulators.bluetooth.bluetoothd.calls import Refuse
from simulators.bluetooth.bluetoothd.errors import BluezError, in_progress
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.peripheral import JUST_WORKS, Pairing, Security
from simulators.bluetooth.place import BluetoothDevice, BluetoothPlace
from tests.fixtures.bluetooth import switch_on

NUMBER = 123456
SHOWS = Security(Pairing.SHOWS_PASSKEY, NUMBER)


@asynccontextmanager
async def session(*passkeys: tuple[str, int]) -> AsyncIterator[BleakSession]:
    """A session whose desk lets everybody pair and knows these numbers."""
    desk = PairingDesk(SYSTEM_CLOCK, PairingPolicy(passkeys=dict(passkeys)))
    desk.is_enrolled = lambda _address: True
    async with BleakStack(SYSTEM_CLOCK, ASKS_AND_SHOWS).session(desk) as found:
        yield found


async def heard(host: BleakSession, address: str) -> Sighting:
    """The device's next advertisement."""
    coming: asyncio.Future[Sighting] = asyncio.get_running_loop().create_future()

    def seen(sighting: Sighting) -> None:
        if sighting.address == address and not coming.done():
            coming.set_result(sighting)

    async with host.scan("hci0", seen, every_advert=True):
        return await asyncio.wait_for(coming, 5)


async def linked(
    host: BleakSession, device: BluetoothDevice, dropped: Callable[[], None] = lambda: None
) -> GattTransport:
    """A link to the device."""
    sighting = await heard(host, device.radio.address)
    return await host.connect(sighting, pair=False, dropped=dropped)


def find(link: GattTransport, uuid: object) -> Attribute:
    """The characteristic of a link."""
    return next(item for item in link.attributes if item.uuid == uuid)


async def values(link: GattTransport) -> Sequence[ReceivedValue]:
    """The next ones."""
    return await asyncio.wait_for(link.receive(), 5)


async def test_a_device_is_heard_linked_read_and_listened_to(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    drops: list[int] = []
    async with session() as host:
        assert await host.adapters() == ["hci0"]
        sighting = await heard(host, oximeter.radio.address)
        assert pulse_oximeter.PROFILE.service in sighting.services
        assert (sighting.name, sighting.rssi) == ("Finger Clip", -50)
        link = await linked(host, oximeter, lambda: drops.append(1))
        level = find(link, battery.LEVEL.uuid)
        assert level.properties & Property.READ
        assert (await link.read(level)).octets == b"\x64"
        features = find(link, pulse_oximeter.FEATURES.uuid)
        oximeter.peripheral.faults.att_errors[features.uuid] = 0x80
        with pytest.raises(AttributeRefusedError, match="0x80"):
            await link.read(features)
        await link.subscribe(find(link, pulse_oximeter.CONTINUOUS.uuid))
        (value, *_) = await values(link)
        pulse_oximeter.CONTINUOUS.decode(value.octets)
        assert (await host.connected())[0][0] == oximeter.radio.address
        assert (await host.facts("hci0", oximeter.radio.address)).connected
        await link.close()
        await link.close()
        with pytest.raises(TransportClosedError):
            await link.read(level)
        assert link.values_lost == 0
    assert drops == [1]


async def test_a_device_that_ends_the_link_ends_the_values(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    async with session() as host:
        link = await linked(host, oximeter)
        await oximeter.peripheral.hang_up()
        with pytest.raises(TransportClosedError, match="ended the link"):
            await values(link)
        link = await linked(host, oximeter)
        link.end("because")
        with pytest.raises(TransportClosedError, match="because"):
            await values(link)


async def test_a_device_is_bonded_by_its_number_and_forgotten(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS)
    address = oximeter.radio.address
    async with session((address, NUMBER)) as host:
        link = await linked(host, oximeter)
        await link.pair()
        await link.pair()
        assert (await host.facts("hci0", address)).bonded
        point = find(link, RECORD_ACCESS.uuid)
        await link.subscribe(point)
        request = RacpRequest(OpCode.REPORT_NUMBER, Operator.ALL)
        await link.write(point, RECORD_ACCESS.encode(request))
        (answer,) = await values(link)
        assert answer.octets[0] == OpCode.NUMBER_RESPONSE
        await host.remove("hci0", address)
        await host.remove("hci0", address)
        assert not (await host.facts("hci0", address)).bonded
        with pytest.raises(TransportClosedError):
            await values(link)


async def test_nothing_runs_out_while_a_person_is_asked(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS)
    desk = PairingDesk(SYSTEM_CLOCK)
    desk.is_enrolled = lambda _address: True
    async with BleakStack(SYSTEM_CLOCK, ASKS_AND_SHOWS).session(desk) as host:
        link = await linked(host, oximeter)
        reading = asyncio.ensure_future(link.read(find(link, pulse_oximeter.FEATURES.uuid)))
        await asyncio.wait_for(desk.changed.wait(), 5)
        (request,) = desk.open_requests()
        answers = partial(desk.answer, request.request_id, passkey=NUMBER)
        asyncio.get_running_loop().call_later(0.5, answers)
        async with host.patience(0.1):
            assert (await reading).octets


async def test_a_wrong_number_bonds_nobody(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS)
    async with session((oximeter.radio.address, NUMBER + 1)) as host:
        link = await linked(host, oximeter)
        with pytest.raises(PairingError):
            await link.pair()
        await link.close()
        sighting = await heard(host, oximeter.radio.address)
        with pytest.raises(PairingError):
            await host.connect(sighting, pair=True, dropped=lambda: None)


async def test_a_pairing_without_a_bond_is_none(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=JUST_WORKS)
    async with session() as host:
        link = await linked(host, oximeter)
        refusal = BluezError("AuthenticationFailed", "Authentication Failed")
        bluetooth.bluetoothd.calls.inject("Pair", Refuse(refusal))
        with pytest.raises(PairingError, match="AuthenticationFailed"):
            await link.pair()


async def test_an_adapter_is_switched_off_and_on(bluetooth: BluetoothPlace) -> None:
    async with session() as host:
        await host.power_cycle("hci0")
        await asyncio.wait_for(host.wait_for_change(), 5)
        with pytest.raises(RadioError, match="hci7 is gone"):
            await host.power_cycle("hci7")
        bluetooth.bluetoothd.calls.inject("Set", Refuse(in_progress()))
        with pytest.raises(StackBusyError):
            await host.power_cycle("hci0")
        await bluetooth.bluetoothd.set_powered("hci0", powered=False)
        bluetooth.bluetoothd.calls.inject("Set", Refuse(in_progress()))
        assert await host.adapters() == []
        assert await host.adapters() == ["hci0"]


async def test_a_scan_on_an_adapter_that_is_not_there_says_so(bluetooth: BluetoothPlace) -> None:
    del bluetooth
    async with session() as host:
        with pytest.raises(DeviceNotFoundError):
            async with host.scan("hci7", lambda _sighting: None, every_advert=False):
                pass


async def test_a_service_that_ends_ends_the_session(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    async with session() as host:
        link = await linked(host, oximeter)
        await bluetooth.bluetoothd.kill()
        with pytest.raises(RadioError, match="service ended"):
            await asyncio.wait_for(host.wait_for_change(), 5)
        with pytest.raises((RadioError, TransportClosedError)):
            await link.read(find(link, battery.LEVEL.uuid))
        with pytest.raises(RadioError, match="does not run"):
            await host.adapters()
    with pytest.raises(RadioError, match="does not run"):
        async with session():
            pass
    await bluetooth.bluetoothd.start()
    async with session() as host:
        host.fail("for another reason")
        with pytest.raises(RadioError, match="for another reason"):
            await host.wait_for_change()


async def test_without_a_bus_there_is_no_session(
    bluetooth: BluetoothPlace, message_bus: PrivateBus
) -> None:
    async with session() as host:
        await bluetooth.bluetoothd.stop()
        message_bus.stop()
        with pytest.raises(RadioError):
            await asyncio.wait_for(host.wait_for_change(), 5)
        with pytest.raises(RadioError, match="bus was lost"):
            await host.adapters()
    with pytest.raises(RadioError, match="no message bus"):
        async with session():
            pass


async def test_a_link_nobody_of_us_holds_is_closed(bluetooth: BluetoothPlace) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    async with session() as host:
        link = await linked(host, oximeter)
        await host.close_stale(oximeter.radio.address)
        with pytest.raises(TransportClosedError):
            await values(link)


async def test_a_device_out_of_reach_is_not_waited_for_without_end(
    bluetooth: BluetoothPlace,
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    async with session() as host:
        sighting = await heard(host, oximeter.radio.address)
        bluetooth.air.vanish(oximeter.radio.controller)
        with pytest.raises((TimeoutError, TransportTimeoutError)):
            async with asyncio.timeout(0.5):
                await host.connect(sighting, pair=False, dropped=lambda: None)
