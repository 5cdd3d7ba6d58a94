"""The waveforms of a window go up ahead of their turn, and stay in the buffer for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from edge.clock import Clock
from edge.commands.carrying import Carried
from edge.commands.waveforms import WaveformSender
from edge.errors import UplinkRejectedError, UplinkUnreachableError
from edge.uplink.choice import LinkChoice
from edge.uplink.link import LinkHealth
from edge.uplink.policy import ChoicePolicy, Way
from protocols.model.codes import MdcCode
from protocols.model.observation import SampleArrayObservation
from protocols.uplink.commands import Outcome, ReadClock, SendWaveformWindow
from protocols.uplink.messages import UplinkAck, UplinkBatch
from tests.unit.edge.commands.ordering import command
from tests.unit.edge.making import ECG_LEAD_II, NOON, ManualTime, ecg, spo2


@dataclass(slots=True)
class Cloud:
    """A link that takes batches, after as many failures as it is told to have."""

    health: LinkHealth = field(default_factory=lambda: LinkHealth(Way.MQTT, "", is_up=True))
    batches: list[UplinkBatch] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        assert timeout_seconds > 0
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append(batch)
        return UplinkAck(batch_id=batch.batch_id, stored=len(batch.rows), repeated=0)

    def seconds(self) -> list[float]:
        """Which seconds of waveform came."""
        found = []
        for batch in self.batches:
            for row in batch.rows:
                assert isinstance(row.content, SampleArrayObservation)
                found.append((row.content.observed_at.at - NOON).total_seconds())
        return found


class Board:
    """A sender over a real buffer that holds 200 seconds of one lead and of numbers."""

    def __init__(self, buffer: ObservationBuffer, cloud: Cloud, clock: Clock) -> None:
        self.concluded: dict[UUID, Carried] = {}
        self.came = asyncio.Event()
        self.sender = WaveformSender(
            buffer=buffer,
            choice=LinkChoice([cloud], ChoicePolicy(), clock),
            gateway_id="gw_1",
            clock=clock,
            conclude=self.conclude,
        )

    async def conclude(self, command_id: UUID, carried: Carried) -> None:
        self.concluded[command_id] = carried
        self.came.set()

    async def ask(self, request: SendWaveformWindow, *, life_seconds: float = 3600) -> Carried:
        one = command(request, life_seconds=life_seconds)
        assert (await self.sender.want(one)).is_pending
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.sender.run())
            await self.came.wait()
            running.cancel()
        return self.concluded[one.command_id]


@asynccontextmanager
async def board(folder: Path, cloud: Cloud) -> AsyncIterator[tuple[Board, ObservationBuffer]]:
    clock = ManualTime().clock
    buffer = ObservationBuffer(clock=clock)
    await buffer.open(folder, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="AMB-7")
    for first in range(0, 200, 50):
        numbers = range(first, first + 50)
        await buffer.append([*map(ecg, numbers), *map(spo2, numbers)])
    yield Board(buffer, cloud, clock), buffer
    await buffer.close()


def window(first: float, last: float, *leads: MdcCode) -> SendWaveformWindow:
    return SendWaveformWindow(
        from_at=NOON + timedelta(seconds=first), to_at=NOON + timedelta(seconds=last), leads=leads
    )


async def test_the_windows_rows_go_up_under_their_keys_and_wait_for_their_turn(
    tmp_path: Path,
) -> None:
    cloud = Cloud()
    async with board(tmp_path, cloud) as (one, buffer):
        before = (await buffer.counts()).waiting
        carried = await one.ask(window(60, 170))
        assert carried.outcome is Outcome.DONE
        assert dict(carried.facts) == {"rows": "110", "stored": "110", "refused": "0"}
        assert (await buffer.counts()).waiting == before
    assert sorted(cloud.seconds()) == list(range(60, 170))
    assert {batch.stream for batch in cloud.batches} == {"waveforms"}
    assert {batch.vehicle_id for batch in cloud.batches} == {"AMB-7"}
    sequences = [row.sequence for batch in cloud.batches for row in batch.rows]
    assert sequences == list(range(61, 171))


@pytest.mark.parametrize(
    ("request_", "rows"),
    [
        (window(10, 11, ECG_LEAD_II), 1),
        (window(10, 11, MdcCode(2, 257)), 0),
        (window(10.5, 11.5), 2),
        (window(900, 1000), 0),
    ],
)
async def test_only_what_overlaps_the_window_goes(
    tmp_path: Path, request_: SendWaveformWindow, rows: int
) -> None:
    cloud = Cloud()
    async with board(tmp_path, cloud) as (one, _):
        carried = await one.ask(request_)
    assert dict(carried.facts)["rows"] == str(rows)
    assert len(cloud.seconds()) == rows


async def test_a_way_that_fails_is_tried_again_and_a_refusal_told(tmp_path: Path) -> None:
    cloud = Cloud()
    cloud.failures = [
        UplinkUnreachableError("gone"),
        UplinkRejectedError("no", reason="invalid_batch"),
    ]
    async with board(tmp_path, cloud) as (one, _):
        carried = await one.ask(window(0, 60))
    assert dict(carried.facts) == {"rows": "10", "stored": "10", "refused": "50"}


async def test_a_window_whose_time_is_over_is_answered_so(tmp_path: Path) -> None:
    cloud = Cloud()
    async with board(tmp_path, cloud) as (one, _):
        carried = await one.ask(window(0, 60), life_seconds=1)
        assert (carried.outcome, carried.reason) == (Outcome.EXPIRED, "expired")
        assert (await one.sender.want(command(ReadClock()))).reason == "another_request"
        for _ in range(32):
            await one.sender.want(command(window(0, 1)))
        assert (await one.sender.want(command(window(0, 1)))).reason == "too_many_windows"
    assert cloud.batches == []
