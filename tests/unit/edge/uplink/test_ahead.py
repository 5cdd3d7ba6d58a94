"""Writing ahead: in a dead zone, once the cloud is known to read it, and never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from edge.clock import SYSTEM_CLOCK, Clock
from edge.uplink.ahead import WriterAhead
from edge.uplink.choice import LinkChoice
from edge.uplink.link import LinkHealth
from edge.uplink.policy import AheadPolicy, ChoicePolicy, SenderPolicy, Way
from edge.uplink.sender import Sender
from protocols.uplink.messages import Content, UplinkAck, UplinkBatch
from protocols.uplink.prepared import PreparedRows
from tests.fixtures.uplinks import AT_ONCE
from tests.unit.edge.making import NOON, spo2

FEW = AheadPolicy(rows=40, least_rows=20, rows_at_once=10)


@dataclass(slots=True)
class LostLink:
    """A way that is down until it is mended, and then acknowledges everything."""

    health: LinkHealth = field(default_factory=lambda: LinkHealth(Way.MQTT, "url"))
    batches: list[UplinkBatch] = field(default_factory=list)

    async def run(self) -> None:
        """It moves by itself."""

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        del timeout_seconds
        self.batches.append(batch)
        return UplinkAck(batch_id=batch.batch_id, stored=len(batch.rows), repeated=0)


@dataclass(slots=True)
class Zone:
    """A gateway that captured so many readings in a dead zone, one a second."""

    buffer: ObservationBuffer
    link: LostLink
    at: list[float] = field(default_factory=lambda: [0.0])

    @property
    def clock(self) -> Clock:
        return replace(
            SYSTEM_CLOCK,
            utc=lambda: NOON + timedelta(seconds=self.at[0]),
            monotonic=lambda: self.at[0],
            uptime=None,
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(min(seconds, 0.001), turn.set_result, None)
        await turn

    def writer(self, policy: AheadPolicy = FEW) -> WriterAhead:
        return WriterAhead(
            buffer=self.buffer,
            choice=LinkChoice((self.link,), ChoicePolicy(), self.clock),
            clock=self.clock,
            policy=policy,
        )

    async def ready(self) -> int:
        return (await self.buffer.counts()).prepared

    async def capture(self, *contents: Content) -> None:
        for content in contents:
            await self.buffer.append([content])
            self.at[0] += 1

    async def write(self, writer: WriterAhead) -> None:
        """Let it work until it finds no more to do."""
        running = asyncio.ensure_future(writer.run())
        before = -1
        async with asyncio.timeout(60):
            while (now := writer.batches) != before or not now:
                before = now
                for _ in range(20):
                    await self.sleep(1)
                    await self.buffer.counts()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def dead_zone(
    folder: Path, readings: int, *, first: int = 0, known: int | None = 2
) -> AsyncIterator[Zone]:
    link = LostLink()
    link.health.contract.known = known
    at = [0.0]
    zone = Zone(ObservationBuffer(), link, at)
    zone.buffer = ObservationBuffer(clock=zone.clock)
    policy = BufferPolicy(disk_reserve_bytes=0)
    await zone.buffer.open(folder, policy=policy, vehicle_id="v")
    await zone.capture(*map(spo2, range(first, first + readings)))
    yield zone
    await zone.buffer.close()


async def test_a_backlog_is_written_in_the_dead_zone_and_sent_behind_it(tmp_path: Path) -> None:
    async with dead_zone(tmp_path, 110) as zone:
        writer = zone.writer()
        await zone.write(writer)
        assert (writer.batches, await zone.ready()) == (3, 108), "two seconds go up as they are"
        zone.link.health.move(is_up=True, at=NOON)
        sender = Sender(
            buffer=zone.buffer,
            choice=writer.choice,
            gateway_id="gw-1",
            clock=zone.clock,
            policy=SenderPolicy(linger=AT_ONCE),
        )
        running = asyncio.ensure_future(sender.run())
        async with asyncio.timeout(60):
            await sender.wait_until_drained()
        running.cancel()
        live, *backlog = zone.link.batches
        assert [row.sequence for row in live.rows] == [109, 110]
        assert all(isinstance(batch.rows, PreparedRows) for batch in backlog)
        sent = [row for batch in backlog for row in batch.rows]
        assert [row.sequence for row in sent] == list(range(1, 109))
        assert [row.content for row in sent] == list(map(spo2, range(108)))


@pytest.mark.parametrize(("is_up", "known"), [(True, 2), (False, 1), (False, None)])
async def test_it_is_not_the_time(tmp_path: Path, is_up: bool, known: int | None) -> None:
    async with dead_zone(tmp_path, 60, known=known) as zone:
        zone.link.health.move(is_up=is_up, at=NOON)
        writer = zone.writer()
        running = asyncio.ensure_future(writer.run())
        for _ in range(20):
            await zone.sleep(1)
        running.cancel()
        assert (writer.batches, await zone.ready()) == (0, 0)


async def test_few_rows_wait_for_more(tmp_path: Path) -> None:
    async with dead_zone(tmp_path, 15) as zone:
        assert not await zone.writer().write_one()
        assert await zone.ready() == 0


async def test_a_batch_that_would_hold_up_a_slow_way_gets_fewer_rows(tmp_path: Path) -> None:
    async with dead_zone(tmp_path, 60) as zone:
        assert await zone.writer(replace(FEW, octets=1)).write_one()
        assert await zone.ready() == 10


async def test_rows_of_two_starts_are_written_apart(tmp_path: Path) -> None:
    async with dead_zone(tmp_path, 30):
        pass
    async with dead_zone(tmp_path, 30, first=30) as zone:
        writer = zone.writer()
        assert [await writer.write_one() for _ in range(3)] == [True, True, False]
        assert await zone.ready() == 58


async def test_rows_that_no_batch_can_hold_are_left_to_who_looks_for_them(tmp_path: Path) -> None:
    async with dead_zone(tmp_path, 30) as zone:
        for first in (1000, 12_000):
            await zone.buffer.append(list(map(spo2, range(first, first + 10_100))))
        zone.at[0] += 60
        writer = zone.writer(AheadPolicy(rows=1 << 20, least_rows=1, rows_at_once=1 << 15))
        assert not await writer.write_one(), "more rows than a batch may have"
        counts = await zone.buffer.counts()
        assert (counts.claimed, counts.prepared) == (0, 0)
        assert await zone.writer().write_one(), "others can be written"


@pytest.mark.parametrize("looks", range(7))
async def test_who_is_cancelled_leaves_the_rows_where_they_were(tmp_path: Path, looks: int) -> None:
    async with dead_zone(tmp_path, 60) as zone:
        work = asyncio.ensure_future(zone.writer().write_one())
        for _ in range(looks):
            await zone.buffer.counts()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await zone.buffer.counts()
        await zone.buffer.counts()
        assert (await zone.buffer.counts()).claimed == 0
        await zone.writer().write_one()
        await zone.writer().write_one()
        assert await zone.ready() == 40, "two seconds are live, and the rest is too little"


@pytest.mark.parametrize(
    "wrong", [{"rows": 0}, {"least_rows": 0}, {"octets": 0}, {"look_seconds": 0}]
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"least 1|above 0"):
        AheadPolicy(**wrong)
