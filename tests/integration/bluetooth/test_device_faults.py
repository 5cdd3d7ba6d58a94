"""What stock bleak sees when something is wrong with a device or its radio."""

from __future__ import annotations

from decimal import Decimal

import pytest
from bleak import BleakScanner
from bleak.exc import BleakError, BleakGATTProtocolError

from protocols.gatt import current_time, device_information, pulse_oximeter
from protocols.gatt.blood_pressure import MEASUREMENT, PROFILE, BloodPressureMeasurement
from simulators.bluetooth.faults.plan import FaultPlan
from simulators.bluetooth.peripheral import Pairing, Security
from simulators.bluetooth.personalities.blood_pressure import BloodPressureMonitor
from simulators.bluetooth.place import BluetoothPlace
from simulators.errors import DeviceSettingsError
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.bluetooth_client import WatchedJournal, connect
from tests.fixtures.pairing_agent import PairingAgent

CONTINUOUS = pulse_oximeter.CONTINUOUS.uuid
MODEL = str(device_information.MODEL.uuid)
PASSKEY = 123456
SHOWS_PASSKEY = Security(Pairing.SHOWS_PASSKEY, PASSKEY)


@pytest.fixture
def plan(bluetooth: BluetoothPlace) -> FaultPlan:
    return FaultPlan(bluetooth)


async def test_a_zombie_is_connected_and_says_nothing(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    heard = await line.listen(CONTINUOUS)
    await plan.carry_out({"do": "mute", "device": "oximeter"})
    while not heard.values.empty():
        heard.values.get_nowait()
    assert await oximeter.peripheral.notify(CONTINUOUS, b"mute") == 0
    assert await line.client.read_gatt_char(MODEL)  # what was sent before has arrived
    assert heard.values.empty()
    assert line.client.is_connected
    assert line.ended == 0
    await plan.carry_out({"do": "unmute", "device": "oximeter"})
    await oximeter.peripheral.notify(CONTINUOUS, b"heard")
    assert await heard.next()
    await line.client.disconnect()


async def test_over_a_bad_radio_values_come_late_and_in_order(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    await plan.carry_out({"do": "rssi", "device": "oximeter", "dbm": -91})
    found = await BleakScanner.discover(0.2, return_adv=True)
    assert found[oximeter.radio.address][1].rssi == -91
    line = await connect(oximeter)
    heard = await line.listen(CONTINUOUS)
    await plan.carry_out({"do": "loss", "device": "oximeter", "part": 0.3})
    sent = [bytes([number]) for number in range(1, 40)]
    for octets in sent:
        await oximeter.peripheral.notify(CONTINUOUS, octets)
    received = [await heard.next() for _ in sent]
    assert [one for one in received if len(one) == 1] == sent[: len(sent)]
    await line.client.disconnect()


async def test_a_link_over_which_nothing_passes_is_lost(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    await line.listen(CONTINUOUS)
    await plan.carry_out({"do": "loss", "device": "oximeter", "part": 1})
    await line.lost()
    assert not line.client.is_connected


async def test_a_device_that_hangs_up_is_told_at_once(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    await plan.carry_out({"do": "hang-up", "device": "oximeter"})
    await line.lost()
    await line.client.connect()
    await line.client.disconnect()


async def test_a_lost_bond_is_a_storm_of_aborted_connections_until_it_is_paired_anew(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS_PASSKEY)
    agent = await PairingAgent.register(PASSKEY)
    line = await connect(oximeter)
    await line.client.pair()
    await line.client.disconnect()
    ended = line.ended
    await plan.carry_out({"do": "lose-bond", "device": "oximeter"})
    with pytest.raises(BleakError, match="br-connection-canceled"):
        await line.client.connect()
    assert line.ended - ended > 1
    assert bluetooth.bluetoothd.calls.count("Connect") > 2
    await line.client.unpair()
    again = await connect(oximeter)
    await again.client.pair()
    assert await again.client.read_gatt_char(str(pulse_oximeter.FEATURES.uuid))
    await again.client.disconnect()
    agent.close()


async def test_a_device_with_another_passkey_than_it_shows_pairs_nobody(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS_PASSKEY)
    agent = await PairingAgent.register(PASSKEY)
    line = await connect(oximeter)
    await plan.carry_out({"do": "wrong-passkey", "device": "oximeter"})
    with pytest.raises(BleakError, match="AuthenticationFailed"):
        await line.client.pair()
    await plan.carry_out({"do": "right-passkey", "device": "oximeter"})
    await line.client.pair()
    await line.client.disconnect()
    agent.close()


async def test_an_att_error_keeps_its_code(bluetooth: BluetoothPlace, plan: FaultPlan) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    order = {"do": "att-error", "device": "oximeter", "uuid": "2A24"}
    await plan.carry_out({**order, "code": 0x80})
    with pytest.raises(BleakGATTProtocolError) as raised:
        await line.client.read_gatt_char(MODEL)
    assert raised.value.code == 0x80
    await plan.carry_out(order)
    assert await line.client.read_gatt_char(MODEL)
    await line.client.disconnect()


async def test_a_new_firmware_has_another_database(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    line = await connect(oximeter)
    before = {service.uuid[4:8] for service in line.client.services}
    await plan.carry_out({"do": "change-database", "device": "oximeter"})
    await line.client.disconnect()
    await line.client.connect()
    after = {service.uuid[4:8] for service in line.client.services}
    assert after - before == {"fd00"}
    await line.client.disconnect()


async def test_a_device_switched_off_comes_back_with_its_bond(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=SHOWS_PASSKEY)
    agent = await PairingAgent.register(PASSKEY)
    line = await connect(oximeter)
    await line.client.pair()
    await plan.carry_out({"do": "switch-off", "device": "oximeter"})
    await line.lost()
    await plan.carry_out({"do": "switch-on", "device": "oximeter"})
    await line.client.connect()
    assert await line.client.read_gatt_char(str(pulse_oximeter.FEATURES.uuid))
    assert [member for member, _ in agent.asked] == ["RequestPasskey"]
    await line.client.disconnect()
    agent.close()


async def test_what_a_hasty_device_sends_before_anybody_subscribed_is_confirmed_and_lost(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    journal = WatchedJournal()
    cuff = await switch_on(bluetooth, "blood-pressure", security=SHOWS_PASSKEY, file=journal)
    agent = await PairingAgent.register(PASSKEY)
    line = await connect(cuff)
    heard = await line.listen(MEASUREMENT.uuid)
    await line.client.disconnect()
    await plan.carry_out({"do": "hasty", "device": "blood-pressure"})
    # The first measurement of a cuff is made within its first minute; this one is at once.
    assert isinstance(cuff.personality, BloodPressureMonitor)
    one = Decimal(120)
    record = BloodPressureMeasurement(systolic=one, diastolic=one, mean=one)
    cuff.personality.backlog.keep(PROFILE, MEASUREMENT, record)
    await line.client.connect()
    await journal.reach("confirmed", 1)
    assert heard.values.empty()
    await line.client.disconnect()
    agent.close()


async def test_clock_and_battery_can_be_put_wrong(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    await plan.carry_out({"do": "clock", "device": "oximeter", "ahead": 86400})
    await plan.carry_out({"do": "battery", "device": "oximeter", "percent": 7})
    state = await plan.carry_out({"do": "device-state", "device": "oximeter"})
    assert state["battery"] == 7
    line = await connect(oximeter)
    octets = await line.client.read_gatt_char(str(current_time.CURRENT_TIME.uuid))
    shown = current_time.CURRENT_TIME.decode(bytes(octets)).at
    assert shown is not None
    ahead = shown - bluetooth.bedside.utc.replace(tzinfo=None)
    assert round(ahead.total_seconds() / 3600) == 24
    await line.client.disconnect()


async def test_orders_that_make_no_sense_are_refused(
    bluetooth: BluetoothPlace, plan: FaultPlan
) -> None:
    await switch_on(bluetooth, "oximeter")
    wrong: list[dict[str, object]] = [
        {"do": "tea"},
        {"do": "vanish"},
        {"do": "vanish", "device": "teapot"},
        {"do": "loss", "device": "oximeter"},
        {"do": "loss", "device": "oximeter", "part": "much"},
        {"do": "att-error", "device": "oximeter", "uuid": "tea", "code": 1},
        {"do": "hasty", "device": "oximeter"},
        {"do": "unplug", "adapter": "hci9"},
        {"do": "deafen", "until": "noon"},
        {"do": "lose-bus"},
        {"do": "return-bus"},
    ]
    for order in wrong:
        with pytest.raises(DeviceSettingsError):
            await plan.carry_out(order)
