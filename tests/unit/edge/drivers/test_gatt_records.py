"""Stored records of a device over links and restarts: fetched whole, counted when durable."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.drivers.gatt_memory import GattPolicy
from edge.drivers.gatt_records import FetchPolicy
from edge.drivers.health import DeviceState
from edge.errors import AttributeRefusedError
from protocols.gatt.racp_codec import OpCode, Operator
from protocols.gatt.uuids import assigned_uuid
from tests.fixtures.gatt_peer import Meter, turns
from tests.unit.edge.drivers.gatt_bench import Bench
from tests.unit.edge.making import ManualTime


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_stored_records_are_fetched_and_the_mark_is_kept_over_restarts(
    bench: Bench, tmp_path: Path
) -> None:
    meter = Meter()
    meter.fill(*range(1, 41))
    async with bench.running(meter.link):
        pass
    assert len(bench.shelf.readings) == 41  # one of them is the battery's
    again = Bench(tmp_path)
    meter.fill(41)
    async with again.running(meter.connect()):
        pass
    request = meter.asked[-1]
    assert request.operator is Operator.GREATER_OR_EQUAL
    assert request.operand is not None
    assert request.operand.bounds == (40,)
    assert len(again.shelf.readings) == 3


async def test_a_meter_that_counts_from_the_start_again_is_read_whole(
    bench: Bench, tmp_path: Path
) -> None:
    meter = Meter()
    meter.fill(*range(1, 41))
    async with bench.running(meter.link):
        pass
    meter.store.clear()
    meter.fill(*range(1, 6), shift_minutes=100_000)
    again = Bench(tmp_path)
    async with again.running(meter.connect()):
        pass
    assert len(again.shelf.readings) == 6
    meter.fill(*range(6, 50), shift_minutes=100_000)
    third = Bench(tmp_path)
    async with third.running(meter.connect()):
        pass
    assert len(third.shelf.readings) == 46  # the marked one, the new ones, the battery


async def test_a_retrieval_that_lost_its_link_goes_on_behind_the_last_durable_record(
    bench: Bench,
) -> None:
    meter = Meter(stop_after=25)
    meter.fill(*range(1, 41))
    async with bench.running(meter.link):
        pass
    assert bench.memory.marks.find(bench.memory.info.system_id, assigned_uuid(0x1808)) is None
    async with bench.running(meter.connect()):
        pass
    reports = [item for item in meter.asked if item.op_code is OpCode.REPORT_RECORDS]
    assert reports[-1].operand is not None
    assert reports[-1].operand.bounds == (26,)
    stored = {item.observation_id for item in bench.shelf.readings if item.type.term != 2460}
    assert len(stored) == 40
    mark = bench.memory.marks.find(bench.memory.info.system_id, assigned_uuid(0x1808))
    assert mark is not None
    assert mark.number == 40


async def test_nothing_counts_as_fetched_before_it_is_stored(bench: Bench) -> None:
    meter = Meter()
    meter.fill(1, 2, 3)
    time = ManualTime()
    bench.reception.clock = replace(SYSTEM_CLOCK, sleep=time.sleep)
    bench.shelf.refusals = 3
    async with bench.running(meter.link):
        pass
    assert time.slept == [1.0] * 3
    assert bench.reception.health.counts.refused == 1
    assert len(bench.shelf.readings) == 4
    assert bench.reception.health.state is DeviceState.RECEIVING


async def test_a_retrieval_that_fails_is_tried_again(bench: Bench) -> None:
    bench.policy = GattPolicy(fetch=FetchPolicy(retry_seconds=0.02))
    meter = Meter()
    meter.fill(1, 2, 3)
    refused = [AttributeRefusedError("busy (ATT error 0x81)", att_error=0x81)]
    act = meter.link.on_write

    def once(item: object, octets: bytes) -> None:
        if refused:
            raise refused.pop()
        act(item, octets)  # type: ignore[arg-type] # the attribute it was called with

    meter.link.on_write = once
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(bench.until_gone(meter.link))
        async with asyncio.timeout(5):
            while len(bench.shelf.readings) < 4:
                await turns()
        meter.link.end("out of reach")
        await task
