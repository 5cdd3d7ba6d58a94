"""One link to a GATT device, from connected to gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.drivers.gatt_memory import GattPolicy
from edge.drivers.gatt_watch import WatchPolicy
from edge.drivers.health import DeviceState
from edge.drivers.wishes import Wish
from edge.errors import AttributeRefusedError, TransportClosedError, TransportTimeoutError
from edge.transports.ble.quirks import find_quirk
from protocols.gatt import battery, blood_pressure, pulse_oximeter, thermometer, viatom
from protocols.gatt.uuids import assigned_uuid
from tests.fixtures.gatt_peer import IDENTITY, peer, turns
from tests.unit.edge.drivers.gatt_bench import Bench

PLX = assigned_uuid(0x1822)
BPS = assigned_uuid(0x1810)
HTS = assigned_uuid(0x1809)
PRIVATE = viatom.PROFILE.service
CONTINUOUS = pulse_oximeter.CONTINUOUS
PULSE_97 = bytes.fromhex("00 6100 4800")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_what_is_kept_for_a_reader_is_switched_on_before_anything_is_read(
    bench: Bench,
) -> None:
    link = peer(
        (PLX, CONTINUOUS), (PLX, pulse_oximeter.SPOT_CHECK), (BPS, blood_pressure.MEASUREMENT)
    )
    async with bench.running(link):
        pass
    assert link.calls[:4] == ["subscribe 2A5E", "subscribe 2A35", "subscribe 2A5F", "read 2A23"]


async def test_a_value_sent_at_once_belongs_to_the_device_that_is_read_later(bench: Bench) -> None:
    link = peer((PLX, CONTINUOUS))
    link.on_subscribe = lambda item: link.send(item.uuid, PULSE_97)
    async with bench.running(link):
        pass
    spo2 = [item for item in bench.shelf.readings if item.type.term == 19384]
    assert [str(item.device) for item in spo2] == [IDENTITY]
    assert bench.reception.health.system_id == IDENTITY
    assert bench.reception.health.model == "Acme"
    assert bench.reception.health.battery_percent == 0x57


async def test_a_device_without_a_system_id_is_known_by_its_address(bench: Bench) -> None:
    link = peer((PLX, CONTINUOUS))
    del link.readings[assigned_uuid(0x2A23)]
    async with bench.running(link):
        pass
    assert bench.reception.health.system_id == "F0-F1-F2-FF-FE-F3-F4-F5"


async def test_a_dead_link_is_ended_and_the_patience_grows_until_something_comes(
    bench: Bench,
) -> None:
    bench.policy = GattPolicy(
        watch=WatchPolicy(factor=1.0, least_seconds=0.02, most_seconds=0.03, probe_seconds=9)
    )
    link = peer((PLX, CONTINUOUS))
    with pytest.raises(TransportClosedError, match="nothing came for"):
        await bench.driver(link).run()
    assert bench.memory.patience.trips == 1
    assert bench.reception.health.link.watchdog_trips == 1
    link = peer((PLX, CONTINUOUS))
    link.on_subscribe = lambda item: link.send(item.uuid, PULSE_97)
    with pytest.raises(TransportClosedError, match="nothing came for"):
        await bench.driver(link).run()
    assert bench.memory.patience.trips == 1


async def test_a_quiet_device_is_asked_whether_it_lives(bench: Bench) -> None:
    bench.policy = GattPolicy(watch=WatchPolicy(probe_seconds=0.02))
    link = peer((HTS, thermometer.MEASUREMENT))
    running = asyncio.ensure_future(bench.driver(link).run())
    await turns(60)
    link.readings[battery.LEVEL.uuid] = b"\x50"
    async with asyncio.timeout(5):
        while bench.reception.health.battery_percent != 0x50:
            await turns()
    link.readings[battery.LEVEL.uuid] = TransportTimeoutError("no answer")
    with pytest.raises(TransportClosedError, match="does not answer"):
        await running
    assert bench.reception.health.link.watchdog_trips == 1


async def test_a_device_that_asks_for_it_is_paired_once(bench: Bench) -> None:
    link = peer((PLX, CONTINUOUS))
    link.wants_bond = True
    async with bench.running(link):
        link.send(CONTINUOUS.uuid, PULSE_97)
        await turns()
    assert link.calls.count("pair") == 1
    assert bench.reception.health.state is DeviceState.RECEIVING


async def test_what_a_device_refuses_is_told_and_the_rest_goes_on(bench: Bench) -> None:
    link = peer((PLX, CONTINUOUS), (PLX, pulse_oximeter.FEATURES))
    async with bench.running(link):
        link.send(CONTINUOUS.uuid, b"\x00")
        link.send(CONTINUOUS.uuid, PULSE_97)
        await turns()
    assert bench.reception.health.counts.warnings == 2
    assert bench.reception.health.counts.reports == 2  # the battery's and the good one


async def test_a_device_with_nothing_to_say_is_named_as_such(bench: Bench) -> None:
    with pytest.raises(TransportClosedError, match="no service that this gateway knows"):
        await bench.driver(peer()).run()


async def test_a_device_that_lets_nothing_be_switched_on_is_let_go(bench: Bench) -> None:
    link = peer((PLX, CONTINUOUS))

    def refuse(_item: object) -> None:
        raise AttributeRefusedError("the device refuses (ATT error 0x80)", att_error=0x80)

    link.on_subscribe = refuse
    with pytest.raises(TransportClosedError, match="switched on"):
        await bench.driver(link).run()


async def test_a_device_that_says_nothing_unasked_is_asked(bench: Bench) -> None:
    assert PRIVATE is not None
    bench.quirk = find_quirk(model="", name="O2Ring 1234")
    link = peer((PRIVATE, viatom.ANSWER), (PRIVATE, viatom.COMMAND))
    answer = viatom.encode_answer(0, bytes([97, 72, 0, 0, 0, 0, 0, 80, 0, 1, 0, 0, 0]))
    link.on_write = lambda _item, _octets: link.send(viatom.ANSWER.uuid, answer)
    async with bench.running(link):
        pass
    assert bench.reception.health.battery_percent == 80
    assert bench.reception.health.state is DeviceState.RECEIVING


async def test_a_private_service_of_an_unknown_model_is_left_alone(bench: Bench) -> None:
    assert PRIVATE is not None
    link = peer((PRIVATE, viatom.ANSWER), (PRIVATE, viatom.COMMAND))
    with pytest.raises(TransportClosedError, match="no service"):
        await bench.driver(link).run()


async def test_it_ends_in_good_order_when_asked_to(bench: Bench) -> None:
    link = peer((HTS, thermometer.MEASUREMENT))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(bench.driver(link).run())
        await turns(60)
        bench.wishes.ask(Wish.RELEASE_AND_END)
        await task
    assert bench.board.doubles == {}


async def test_values_that_found_no_room_are_counted(bench: Bench) -> None:
    link = peer((PLX, CONTINUOUS))
    async with bench.running(link):
        for _ in range(9000):
            link.send(CONTINUOUS.uuid, PULSE_97)
        assert link.values_lost == 9000 - 8192
        await turns(200)
    assert bench.reception.health.counts.missed == 9000 - 8192
