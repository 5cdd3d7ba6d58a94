"""A gateway says how it is when a way is up again, and once a minute."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from edge.buffer.answers import BufferCounts
from edge.commands.reporting import GatewayReporter
from edge.errors import UplinkUnreachableError
from protocols.uplink.commands import GatewayReport
from tests.unit.edge.making import NOON, ManualTime


class Rows:
    """A buffer with seven rows in it."""

    async def counts(self) -> BufferCounts:
        return BufferCounts(
            waiting={"numerics": 5, "waveforms": 2},
            claimed=0,
            quarantine=0,
            quarantine_reasons={},
            oldest_captured_at=NOON,
            octets_used=0,
            octets_most=0,
            is_full=False,
            boot_epoch=1,
            totals={},
        )


async def test_it_reports_at_once_and_whenever_a_way_is_up_again() -> None:
    sent: list[GatewayReport] = []
    came = asyncio.Event()

    async def send(report: GatewayReport) -> None:
        sent.append(report)
        came.set()
        if len(sent) == 1:
            raise UplinkUnreachableError("no way is up")

    reporter = GatewayReporter(
        buffer=Rows(),
        clock=ManualTime().clock,
        send=send,
        vehicle_id="AMB-7",
        version="1.2",
        configuration_version=lambda: 3,
    )
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(reporter.run())
        await came.wait()
        came.clear()
        reporter.look_again()
        await came.wait()
        running.cancel()
    assert sent[0] == GatewayReport(
        at=NOON + timedelta(seconds=100),
        version="1.2",
        vehicle_id="AMB-7",
        configuration_version=3,
        backlog_rows=7,
        oldest_at=NOON,
    )
