"""The sender over a real buffer and a way that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.claims import Claim
from edge.buffer.policy import BufferPolicy
from edge.buffer.rows import Stream
from edge.clock import SYSTEM_CLOCK, Clock
from edge.errors import UplinkRejectedError, UplinkUnreachableError
from edge.supervision import BackoffPolicy
from edge.uplink.choice import LinkChoice
from edge.uplink.link import LinkHealth
from edge.uplink.policy import ChoicePolicy, LingerPolicy, SenderPolicy, Way
from edge.uplink.sender import NEVER_ACKNOWLEDGED, Sender
from protocols.uplink.messages import Receipt, UplinkAck, UplinkBatch
from tests.fixtures.uplinks import AT_ONCE
from tests.unit.edge.making import alarm, ecg, spo2

Behaviour = Callable[[UplinkBatch, int], None]
QUICK = BackoffPolicy(first=0.001, most=0.002)


@dataclass(slots=True)
class ToldLink:
    """A way that asks `behave` about each attempt, and acknowledges when that raises nothing."""

    behave: Behaviour = lambda _batch, _attempt: None
    health: LinkHealth = field(default_factory=lambda: LinkHealth(Way.MQTT, "url", is_up=True))
    batches: list[UplinkBatch] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def run(self) -> None:
        """It is always up."""

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        assert timeout_seconds > 0
        self.batches.append(batch)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            turn = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.001, turn.set_result, None)
            await turn
            attempt = sum(item.batch_id == batch.batch_id for item in self.batches)
            self.behave(batch, attempt)
        finally:
            self.at_once -= 1
        return UplinkAck(batch_id=batch.batch_id, stored=len(batch.rows), repeated=0)


@asynccontextmanager
async def sending(
    folder: Path, link: ToldLink, *contents: object, **more: int
) -> AsyncIterator[tuple[ObservationBuffer, Sender]]:
    """A buffer that holds `contents`, and a running sender; drained at the end."""
    buffer = ObservationBuffer()
    await buffer.open(folder, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="v")
    await buffer.append(contents)  # type: ignore[arg-type]  # contents are what a buffer takes
    options = {"batch_rows": 4, "drain_rows": 4, "in_flight": 2, "poison_after": 2, **more}
    sender = Sender(
        buffer=buffer,
        choice=LinkChoice((link,), ChoicePolicy(), SYSTEM_CLOCK),
        gateway_id="gw-1",
        clock=SYSTEM_CLOCK,
        policy=SenderPolicy(linger=AT_ONCE, retry=QUICK, **options),
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(sender.run())
        async with asyncio.timeout(20):
            await sender.wait_until_drained()
        yield buffer, sender
        running.cancel()
    await buffer.close()


async def test_batches_are_bounded_in_size_and_in_number(tmp_path: Path) -> None:
    link = ToldLink()
    async with sending(tmp_path, link, *map(spo2, range(30))) as (_, sender):
        assert sender.counts.rows == sender.counts.stored == 30
    assert max(len(batch.rows) for batch in link.batches) == 4
    assert link.most_at_once == 2
    assert sorted(row.sequence for batch in link.batches for row in batch.rows) == [*range(1, 31)]


async def test_numbers_go_before_waveforms(tmp_path: Path) -> None:
    link = ToldLink()
    contents = [ecg(1), ecg(2), spo2(1), spo2(2)]
    async with sending(tmp_path, link, *contents, in_flight=1):
        assert [batch.stream for batch in link.batches] == ["numerics", "waveforms"]


@dataclass(slots=True)
class StandingClock:
    """Time that passes when `move` is called; who sleeps until then goes on."""

    seconds: float = 100.0
    sleepers: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        if seconds > 0:
            self.sleepers.append((self.seconds + seconds, turn))
        else:
            asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn

    def move(self, seconds: float) -> None:
        self.seconds += seconds
        due = [one for one in self.sleepers if one[0] <= self.seconds]
        self.sleepers = [one for one in self.sleepers if one[0] > self.seconds]
        for _, turn in due:
            turn.set_result(None)

    @property
    def clock(self) -> Clock:
        return replace(SYSTEM_CLOCK, monotonic=lambda: self.seconds, sleep=self.sleep)


class LookedAt(ObservationBuffer):
    """A buffer that counts the looks that found nothing."""

    vain_looks = 0

    async def claim(
        self,
        *,
        limit: int,
        octets: int,
        streams: Iterable[Stream] = Stream,
        backlog: bool = True,
    ) -> Claim | None:
        claim = await ObservationBuffer.claim(
            self, limit=limit, octets=octets, streams=streams, backlog=backlog
        )
        self.vain_looks += claim is None
        return claim


@asynccontextmanager
async def gathering(
    folder: Path, link: ToldLink, time: StandingClock, *, batch_rows: int = 200
) -> AsyncIterator[ObservationBuffer]:
    """A running sender over an empty buffer, its clock standing still, every lane waiting."""
    buffer = LookedAt()
    await buffer.open(folder, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="v")
    sender = Sender(
        buffer=buffer,
        choice=LinkChoice((link,), ChoicePolicy(), SYSTEM_CLOCK),
        gateway_id="gw-1",
        clock=time.clock,
        policy=SenderPolicy(
            linger=LingerPolicy(events=0.5, numerics=1.0, waveforms=2.0),
            batch_rows=batch_rows,
            drain_rows=batch_rows,
        ),
    )
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(sender.run())
        await becomes(lambda: len(time.sleepers) == buffer.vain_looks == len(Stream))
        time.move(2.0)
        await becomes(lambda: buffer.vain_looks == 2 * len(Stream))
        yield buffer
        running.cancel()
    await buffer.close()


async def becomes(true: Callable[[], bool]) -> None:
    """Let others work until it is; the caller bounds the time."""
    while not true():
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, turn.set_result, None)
        await turn


async def test_rows_wait_for_company_as_long_as_their_lane_may(tmp_path: Path) -> None:
    link, time = ToldLink(), StandingClock()
    async with gathering(tmp_path, link, time) as buffer:
        await buffer.append([ecg(1), spo2(1), alarm(1)])
        await becomes(lambda: len(time.sleepers) == 3)
        assert not link.batches
        time.move(0.5)
        await becomes(lambda: len(link.batches) == 1)
        await buffer.append([spo2(2), ecg(2)])
        time.move(0.5)
        await becomes(lambda: len(link.batches) == 2)
        time.move(1.0)
        await becomes(lambda: len(link.batches) == 3)
    sent = [(batch.stream, [row.content for row in batch.rows]) for batch in link.batches]
    assert sent == [
        ("events", [alarm(1)]),
        ("numerics", [spo2(1), spo2(2)]),
        ("waveforms", [ecg(1), ecg(2)]),
    ]


async def test_rows_that_come_while_a_batch_is_out_gather_from_when_it_left(
    tmp_path: Path,
) -> None:
    link, time = ToldLink(), StandingClock()
    async with gathering(tmp_path, link, time) as buffer:
        await buffer.append([spo2(1)])
        await becomes(lambda: len(time.sleepers) == 1)
        time.move(1.0)
        await becomes(lambda: len(link.batches) == 1 and len(time.sleepers) == 1)
        for number in range(2, 6):
            await buffer.append([spo2(number)])
        assert len(link.batches) == 1
        time.move(1.0)
        await becomes(lambda: len(link.batches) == 2)
    assert [len(batch.rows) for batch in link.batches] == [1, 4]


async def test_a_backlog_waits_for_no_company(tmp_path: Path) -> None:
    link, time = ToldLink(), StandingClock()
    async with gathering(tmp_path, link, time, batch_rows=4) as buffer:
        await buffer.append([*map(spo2, range(30))])
        await becomes(lambda: len(time.sleepers) == 1)
        time.move(1.0)
        await becomes(lambda: sum(len(batch.rows) for batch in link.batches) == 30)
    assert {batch.stream for batch in link.batches} == {"numerics"}


async def test_a_way_that_fails_is_tried_again_with_the_same_batch(tmp_path: Path) -> None:
    def fail_twice(_batch: UplinkBatch, attempt: int) -> None:
        if attempt <= 2:
            raise UplinkUnreachableError("down")

    link = ToldLink(fail_twice)
    async with sending(tmp_path, link, spo2(1)) as (buffer, sender):
        assert sender.counts.retries == 2
        assert (await buffer.counts()).quarantine == 0
    assert len({batch.batch_id for batch in link.batches}) == 1


async def test_rows_on_their_way_wait_again_when_the_sender_ends(tmp_path: Path) -> None:
    reached = asyncio.Event()

    def never(_batch: UplinkBatch, _attempt: int) -> None:
        reached.set()
        raise UplinkUnreachableError("down")

    buffer = ObservationBuffer()
    await buffer.open(tmp_path, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="v")
    await buffer.append([spo2(1)])
    sender = Sender(
        buffer=buffer,
        choice=LinkChoice((ToldLink(never),), ChoicePolicy(), SYSTEM_CLOCK),
        gateway_id="gw-1",
        clock=SYSTEM_CLOCK,
        policy=SenderPolicy(linger=AT_ONCE, retry=QUICK),
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(sender.run())
        await reached.wait()
        running.cancel()
    again = await buffer.claim(limit=10, octets=1000)
    assert again is not None
    assert [row.content for row in again.rows] == [spo2(1)]
    await buffer.close()


async def test_a_refused_batch_is_halved_until_the_bad_row_stands_alone(tmp_path: Path) -> None:
    def refuse(batch: UplinkBatch, _attempt: int) -> None:
        if any(row.content == spo2(5) for row in batch.rows):
            raise UplinkRejectedError("bad", reason="not_wanted")

    link = ToldLink(refuse)
    async with sending(tmp_path, link, *map(spo2, range(12))) as (buffer, sender):
        assert (await buffer.counts()).quarantine == 1
        assert sender.counts.rows == 11
        assert sender.counts.quarantined == 1


async def test_silence_makes_no_poison_while_nothing_gets_through(tmp_path: Path) -> None:
    """A cloud that is down for long must cost no row, however often it stays silent."""

    def silent_for_long(_batch: UplinkBatch, attempt: int) -> None:
        if attempt <= 30:
            raise UplinkUnreachableError("silence", is_silence=True)

    link = ToldLink(silent_for_long)
    async with sending(tmp_path, link, *map(spo2, range(8))) as (buffer, _):
        assert (await buffer.counts()).quarantine == 0


async def test_a_row_never_acknowledged_among_others_is_set_apart(tmp_path: Path) -> None:
    def deaf(batch: UplinkBatch, _attempt: int) -> None:
        if any(row.content == spo2(0) for row in batch.rows):
            raise UplinkUnreachableError("silence", is_silence=True)

    link = ToldLink(deaf)
    feeding = True

    async def feed(buffer: ObservationBuffer) -> None:
        number = 1000
        while feeding:
            number += 1
            await buffer.append([spo2(number)])

    buffer = ObservationBuffer()
    await buffer.open(tmp_path, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="v")
    await buffer.append([*map(spo2, range(4))])
    sender = Sender(
        buffer=buffer,
        choice=LinkChoice((link,), ChoicePolicy(), SYSTEM_CLOCK),
        gateway_id="gw-1",
        clock=SYSTEM_CLOCK,
        policy=SenderPolicy(
            batch_rows=4, drain_rows=4, in_flight=2, poison_after=2, linger=AT_ONCE, retry=QUICK
        ),
    )
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(sender.run())
        tasks.create_task(feed(buffer))
        while not sender.counts.quarantined:
            await buffer.wait_for_rows(Stream.NUMERICS)
        feeding = False
        await sender.wait_until_drained()
        running.cancel()
    counts = await buffer.counts()
    assert counts.quarantine == 1
    assert counts.totals["stored"] == counts.totals["settled"] + 1
    await buffer.close()
    assert NEVER_ACKNOWLEDGED == "never_acknowledged"


async def test_a_receipt_frees_what_lost_answers_would_have(tmp_path: Path) -> None:
    def lose_first(batch: UplinkBatch, attempt: int) -> None:
        if batch.rows[0].sequence == 1 and attempt <= 2:
            raise UplinkUnreachableError("silence", is_silence=True)

    class Receipting(ToldLink):
        async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
            ack = await ToldLink.send(self, batch, timeout_seconds=timeout_seconds)
            receipt = Receipt(
                stream=batch.stream, boot_epoch=batch.boot_epoch, through=batch.rows[-1].sequence
            )
            return replace(ack, receipt=receipt)

    link = Receipting(lose_first)
    async with sending(tmp_path, link, *map(spo2, range(8))) as (buffer, _):
        assert (await buffer.counts()).totals["settled"] == 8
    assert all(batch.floor == 1 for batch in link.batches[:2])


async def test_what_is_new_goes_by_while_no_answer_comes_to_what_is_old(tmp_path: Path) -> None:
    buffer, old = ObservationBuffer(), asyncio.Event()
    await buffer.open(tmp_path, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="v")
    await buffer.append([*map(spo2, range(100, 130))])
    before = (await buffer.counts()).boot_epoch
    await buffer.close()

    @dataclass(slots=True)
    class Waiting(ToldLink):
        """Answers to what the first start left when it is told to."""

        async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
            if batch.boot_epoch == before:
                await old.wait()
            return await ToldLink.send(self, batch, timeout_seconds=timeout_seconds)

    await buffer.open(tmp_path, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="v")
    link = Waiting()
    sender = Sender(
        buffer=buffer,
        choice=LinkChoice((link,), ChoicePolicy(), SYSTEM_CLOCK),
        gateway_id="gw-1",
        clock=SYSTEM_CLOCK,
        policy=SenderPolicy(batch_rows=4, drain_rows=4, in_flight=2, linger=AT_ONCE, retry=QUICK),
    )
    running = asyncio.ensure_future(sender.run())
    async with asyncio.timeout(60):
        for number in (200, 201):
            await buffer.append([spo2(number)])
            while number - 200 >= len(link.batches):
                await buffer.counts()
        assert before not in {batch.boot_epoch for batch in link.batches}
        old.set()
        await sender.wait_until_drained()
    running.cancel()
    await buffer.close()
    assert sum(len(batch.rows) for batch in link.batches) == 32
