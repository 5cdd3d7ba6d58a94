"""A device's clock: compared with ours, told when it is wrong, set by policy."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.drivers.gatt_clock import ClockPolicy
from edge.drivers.gatt_memory import GattPolicy
from edge.transports.ble.quirks import find_quirk
from protocols.gatt import current_time, thermometer
from protocols.gatt.current_time import CurrentTime
from protocols.gatt.uuids import assigned_uuid
from tests.fixtures.gatt_peer import PeerLink, clock_row, peer, turns
from tests.unit.edge.drivers.gatt_bench import Bench

HTS = assigned_uuid(0x1809)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(("off", "fault"), [(0, ""), (95, "95 s fast"), (-3600, "3600 s slow")])
async def test_a_clock_that_is_wrong_is_told(bench: Bench, off: int, fault: str) -> None:
    link = peer(clock_row(), (HTS, thermometer.MEASUREMENT))
    shown = (SYSTEM_CLOCK.utc() + timedelta(seconds=off)).replace(tzinfo=None)
    link.readings[current_time.CURRENT_TIME.uuid] = current_time.CURRENT_TIME.encode(
        CurrentTime.of(shown)
    )
    async with bench.running(link):
        pass
    assert bench.reception.health.clock_fault.endswith(fault)
    assert bool(bench.reception.health.clock_fault) == bool(fault)
    assert not [call for call in link.calls if call.startswith("write")]


def with_wrong_clock() -> PeerLink:
    """A thermometer whose clock shows last year until it is set."""
    link = peer(clock_row(), (HTS, thermometer.MEASUREMENT))
    shown = (SYSTEM_CLOCK.utc() - timedelta(days=365)).replace(tzinfo=None)
    clock = current_time.CURRENT_TIME
    link.readings[clock.uuid] = clock.encode(CurrentTime.of(shown))
    link.on_write = lambda item, octets: link.readings.update({item.uuid: octets})
    return link


async def test_a_device_that_wants_the_time_first_gets_it_first(bench: Bench) -> None:
    bench.quirk = find_quirk(model="and_medical", name="")
    bench.policy = GattPolicy(clock=ClockPolicy(set_clocks=True, zone=UTC))
    link = with_wrong_clock()
    async with bench.running(link):
        pass
    assert link.calls[:5] == ["pair", "read 2A2B", "write 2A2B", "read 2A2B", "subscribe 2A1C"]
    assert bench.reception.health.counts.clock_sets == 1
    assert bench.reception.health.clock_fault == ""


async def test_any_other_clock_is_set_when_it_is_quiet(bench: Bench) -> None:
    bench.policy = GattPolicy(clock=ClockPolicy(set_clocks=True))
    link = with_wrong_clock()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(bench.until_gone(link))
        async with asyncio.timeout(10):
            while not bench.reception.health.counts.clock_sets:
                await turns()
        link.end("out of reach")
        await task
    assert link.calls.index("write 2A2B") > link.calls.index("subscribe 2A1C")
