"""The buffer for asyncio: many callers, one commit; a failure belongs to who asked."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.recovery import FILE_NAME
from edge.buffer.rows import Stream
from edge.errors import BufferDamagedError, BufferFaultError, BufferFullError
from tests.fixtures.kept_rows import rows_in
from tests.unit.edge.making import ack_of, alarm, ecg, spo2

SMALL = BufferPolicy(
    max_bytes=64 * PAGE_OCTETS, quota_reserve_bytes=8 * PAGE_OCTETS, disk_reserve_bytes=0
)


@pytest.fixture
async def buffer(tmp_path: Path) -> AsyncIterator[ObservationBuffer]:
    buffer = ObservationBuffer()
    await buffer.open(tmp_path, policy=SMALL, vehicle_id="v")
    yield buffer
    await buffer.close()


async def test_appends_of_many_devices_share_commits(tmp_path: Path) -> None:
    buffer = ObservationBuffer()
    await buffer.open(tmp_path, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="v")
    await asyncio.gather(*(buffer.append([spo2(number)]) for number in range(500)))
    # The log gets one commit frame a transaction; with one each it would have 500.
    log = (tmp_path / f"{FILE_NAME}-wal").read_bytes()
    frame = PAGE_OCTETS + 24
    commits = sum(
        log[start + 4 : start + 8] != bytes(4) for start in range(32, len(log) - frame, frame)
    )
    assert 0 < commits < 100
    assert (await buffer.counts()).waiting["numerics"] == 500
    await buffer.close()


async def test_what_was_appended_is_in_the_file_when_append_returns(
    buffer: ObservationBuffer, tmp_path: Path
) -> None:
    await buffer.append([spo2(1), spo2(2)])
    reader = sqlite3.connect(tmp_path / FILE_NAME)
    assert len(list(rows_in(reader))) == 2
    reader.close()


async def test_one_that_does_not_fit_fails_alone(buffer: ObservationBuffer) -> None:
    huge = ecg(1, samples=100_000)
    answers = await asyncio.gather(
        buffer.append([spo2(1)]),
        buffer.append([huge]),
        buffer.append([spo2(2)]),
        return_exceptions=True,
    )
    assert isinstance(answers[1], BufferFullError)
    assert (await buffer.counts()).waiting == {"events": 0, "numerics": 2, "waveforms": 0}


async def test_new_rows_wake_who_waits_for_their_lane_and_nobody_else(
    buffer: ObservationBuffer,
) -> None:
    for stream in Stream:
        await buffer.wait_for_rows(stream)
    waiting = {stream: asyncio.ensure_future(buffer.wait_for_rows(stream)) for stream in Stream}
    async with asyncio.timeout(10):
        await buffer.append([spo2(1)])
        await waiting[Stream.NUMERICS]
        assert not waiting[Stream.EVENTS].done()
        await buffer.append([ecg(1)])
        await waiting[Stream.WAVEFORMS]
    assert not waiting[Stream.EVENTS].done()
    waiting[Stream.EVENTS].cancel()


async def test_what_gave_way_is_news_in_the_lane_that_tells_it(tmp_path: Path) -> None:
    buffer = ObservationBuffer()
    await buffer.open(tmp_path, policy=SMALL, vehicle_id="v", tell=lambda _dropped, _at: alarm(1))
    for stream in Stream:
        await buffer.wait_for_rows(stream)
    waiting = asyncio.ensure_future(buffer.wait_for_rows(Stream.EVENTS))
    async with asyncio.timeout(10):
        for number in range(1000):
            await buffer.append([ecg(number)])
            if waiting.done():
                break
        await waiting
    assert (await buffer.counts()).waiting["events"] == 1
    await buffer.close()


async def test_what_was_claimed_for_a_caller_that_gave_up_is_claimed_by_the_next(
    buffer: ObservationBuffer,
) -> None:
    await buffer.append([spo2(number) for number in range(4)])
    claims = [asyncio.ensure_future(buffer.claim(limit=1, octets=1000)) for _ in range(4)]
    await asyncio.wait(claims, timeout=0)
    claims[0].cancel()
    taken = [await claim for claim in claims[1:]]
    last = await buffer.claim(limit=1, octets=1000)
    found = {claim.rows[0].sequence for claim in (*taken, last) if claim}
    assert found == {1, 2, 3, 4}


async def test_rows_left_from_before_are_news_at_once(
    buffer: ObservationBuffer, tmp_path: Path
) -> None:
    await buffer.append([spo2(1)])
    await buffer.close()
    again = ObservationBuffer()
    await again.open(tmp_path, policy=SMALL, vehicle_id="v")
    async with asyncio.timeout(10):
        await again.wait_for_rows(Stream.NUMERICS)
    claim = await again.claim(limit=10, octets=1000)
    assert claim is not None
    settled = await again.settle(ack_of(claim))
    assert settled.settled == 1
    await again.close()


async def test_damage_while_running_is_told_and_nothing_is_called_stored(
    buffer: ObservationBuffer, tmp_path: Path
) -> None:
    await buffer.append([spo2(number) for number in range(200)])
    path = tmp_path / FILE_NAME
    other = sqlite3.connect(path)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    with path.open("r+b") as file:
        file.seek(PAGE_OCTETS)
        file.write(b"\xff" * (path.stat().st_size - PAGE_OCTETS))
    foreign = sqlite3.connect(path)
    # A change by another connection makes the store read its pages from the file again.
    foreign.execute("PRAGMA user_version = 1")
    foreign.close()
    with pytest.raises(BufferDamagedError):
        await buffer.append([spo2(1000)])
    async with asyncio.timeout(10):
        with pytest.raises(BufferDamagedError):
            await buffer.run_until_damaged()


async def test_a_closed_buffer_refuses(buffer: ObservationBuffer) -> None:
    await buffer.close()
    with pytest.raises(BufferFaultError, match="closed"):
        await buffer.append([spo2(1)])
