"""What a backlog costs the gateway alone: CPU a row from the disk to the octets of a batch.

Real buffer, real sender, real batches of version 2; the cloud is a way that acknowledges at once.
CPU of all threads, so that a busy machine changes little; the disk's own time is not in it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

from edge.buffer.answers import Appended
from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from edge.clock import SYSTEM_CLOCK, Clock
from edge.uplink.choice import LinkChoice
from edge.uplink.link import LinkHealth
from edge.uplink.policy import ChoicePolicy, SenderPolicy, Way
from edge.uplink.sender import Sender
from protocols.uplink.channels import NEWEST_VERSION
from protocols.uplink.messages import UplinkAck, UplinkBatch, UplinkRow
from tests.fixtures.vehicle_rows import START, Vehicle

SECONDS = 2_400
STRIP_SECONDS = 120
AT_ONCE = 200


@dataclass(slots=True)
class InstantWay:
    """A way that writes each batch and has it acknowledged at once."""

    health: LinkHealth = field(default_factory=lambda: LinkHealth(Way.MQTT, "none", is_up=True))
    writing: float = 0.0
    batches: int = 0

    async def run(self) -> None:
        """It is always up."""

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        """Write and acknowledge."""
        del timeout_seconds
        began = time.thread_time()
        _, octets = self.health.contract.encode(batch)
        self.writing += time.thread_time() - began
        self.batches += 1
        self.health.octets += len(octets)
        return UplinkAck(batch_id=batch.batch_id, stored=len(batch.rows), repeated=0)


@dataclass(slots=True)
class CaptureTime:
    """The time at which the row in hand was captured; both clocks go with it."""

    at: datetime = START

    @property
    def clock(self) -> Clock:
        """This time behind the gateway's clock."""
        return replace(
            SYSTEM_CLOCK,
            utc=lambda: self.at,
            monotonic=lambda: (self.at - START).total_seconds(),
            uptime=None,
        )


async def fill(buffer: ObservationBuffer, time_: CaptureTime, rows: Sequence[UplinkRow]) -> None:
    """Store the rows as their devices' reports brought them, many reports in one commit."""
    appends: list[Awaitable[Appended]] = []
    for captured_at, report in groupby(rows, key=lambda row: row.captured_at):
        time_.at = captured_at
        appends.append(asyncio.ensure_future(buffer.append([row.content for row in report])))
        await asyncio.sleep(0)  # the row is stamped now
        if len(appends) == AT_ONCE:
            await asyncio.gather(*appends)
            appends.clear()
    await asyncio.gather(*appends)


async def drain(folder: Path, name: str, rows: Sequence[UplinkRow]) -> None:
    """Fill a buffer, empty it, print what that cost."""
    captured, count = CaptureTime(), len(rows)
    buffer = ObservationBuffer(clock=captured.clock)
    await buffer.open(folder, policy=BufferPolicy(), vehicle_id="AMB-7")
    await fill(buffer, captured, rows)
    way = InstantWay()
    way.health.contract.known = NEWEST_VERSION
    sender = Sender(
        buffer=buffer,
        choice=LinkChoice((way,), ChoicePolicy(), SYSTEM_CLOCK),
        gateway_id="gw-1",
        clock=SYSTEM_CLOCK,
        policy=SenderPolicy(),
    )
    began, cpu = time.perf_counter(), time.process_time()
    running = asyncio.ensure_future(sender.run())
    await sender.wait_until_drained()
    spent, cpu = time.perf_counter() - began, time.process_time() - cpu
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await buffer.close()
    print(
        f"{name:8} {count:6} rows, {way.batches:3} batches, {way.health.octets / count:7.2f} octets"
        f" a row: {cpu / count * 1e6:6.1f} us of CPU a row, {way.writing / count * 1e6:6.1f} of it"
        f" writing; {count / spent:8,.0f} rows/s"
    )


def main() -> None:
    """Numbers, then strips."""
    numbers = [row for second in Vehicle(5).numerics(SECONDS) for row in second]
    strips = Vehicle(5).twelve_leads(STRIP_SECONDS)
    with tempfile.TemporaryDirectory() as name:
        for title, rows in (("numbers", numbers), ("strips", strips)):
            folder = Path(name) / title
            folder.mkdir()
            asyncio.run(drain(folder, title, rows))


if __name__ == "__main__":
    main()
