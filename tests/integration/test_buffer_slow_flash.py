"""On flash that takes long to sync, a report waits for two syncs at most, whoever else reports."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from protocols.uplink.messages import Content
from tests.fixtures.forgetful_disk import Disk, mounted
from tests.unit.edge.making import alarm, ecg, spo2

DEVICES = 8
REPORTS = 40
POLICY = BufferPolicy(max_bytes=64 << 20)


async def test_a_confirmed_report_waits_for_the_sync_under_way_and_its_own(tmp_path: Path) -> None:
    """At 5 ms a sync that is 10 ms, at 20 ms 40: what the disk promises, whatever the load."""
    disk = Disk()
    waits: list[int] = []
    syncs: list[int] = []
    loop = asyncio.get_running_loop()

    def note(into: list[int]) -> None:
        into.append(disk.syncs)

    with mounted(disk) as connect:
        buffer = ObservationBuffer(connect=connect)
        await buffer.open(tmp_path, policy=POLICY, vehicle_id="v")

        async def device(number: int) -> None:
            for report in range(number * 1000, number * 1000 + REPORTS):
                before = disk.syncs
                rows: list[Content] = [spo2(report), alarm(report), ecg(report, samples=10)]
                stored = asyncio.create_task(buffer.append(rows))
                handed_over: list[int] = []
                # Its first step packs and hands over, so the waiting begins behind that.
                loop.call_soon(note, handed_over)
                await stored
                syncs.append(disk.syncs - before)
                waits.append(disk.syncs - handed_over[0])

        await asyncio.gather(*(device(number) for number in range(DEVICES)))
        counts = await buffer.counts()
        await buffer.close()
    assert len(waits) == DEVICES * REPORTS
    assert min(syncs) >= 1, "none is confirmed without a sync"
    assert max(waits) <= 2
    assert sum(counts.waiting.values()) == 3 * DEVICES * REPORTS
    assert disk.syncs < DEVICES * REPORTS, "one commit for all that report meanwhile"
