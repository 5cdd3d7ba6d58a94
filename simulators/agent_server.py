"""One simulated device at work: it makes readings on time and talks to whoever listens.

Two tasks share an outbox. One makes every reading when it falls due, whether anybody listens or
not. The other keeps an association up until everything made has been confirmed.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from protocols.ieee20601.line_framings import RAW
from simulators.byte_links import ByteLink
from simulators.conversation import Conversation, Times
from simulators.devices.base import SimulatedDevice
from simulators.journal import Journal
from simulators.outbox import Outbox

PAUSE_SECONDS: Final = 0.3
"""Between the end of one association and the next attempt."""


class AgentServer:
    """Drives one device over one link.

    `seconds` of patient time are played, None for no end. Readings that nobody confirmed are
    offered again for as long as the device runs. `framing`: a key of `STREAM_FRAMINGS`.
    """

    def __init__(
        self,
        device: SimulatedDevice,
        link: ByteLink,
        journal: Journal,
        times: Times,
        *,
        seconds: float | None,
        framing: str = RAW,
    ) -> None:
        self._device = device
        self._link = link
        self._journal = journal
        self._times = times
        self._seconds = seconds
        self._framing = framing
        self._outbox = Outbox(journal)
        self._wake = asyncio.Event()
        self._all_made = False
        self._stopping = False

    def stop(self) -> None:
        """Make no more readings, release the association, leave."""
        self._stopping = True
        self._wake.set()

    async def run(self, start_at: asyncio.Future[datetime]) -> None:
        """Associate at once, make readings from `start_at` (UTC) on, return when all is said."""
        async with asyncio.TaskGroup() as tasks:
            making = tasks.create_task(self._make(start_at), name="make")
            while not self._is_done():
                await self._associate()
            making.cancel()
        self._journal.note("finished", at=self._times.utc())

    def _is_done(self) -> bool:
        return self._stopping or (self._all_made and self._outbox.empty)

    async def _make(self, start_at: asyncio.Future[datetime]) -> None:
        begin = await start_at
        for report in self._device.reports(begin):
            if self._seconds is not None and report.due > self._seconds:
                break
            ahead = (begin - self._times.utc()).total_seconds() + report.due
            await self._times.sleep(max(0.0, ahead))
            if report.readings:
                self._outbox.put(report, at=self._times.utc())
                self._wake.set()
        self._all_made = True
        self._wake.set()

    async def _associate(self) -> None:
        if not await self._connected():
            return
        conversation = Conversation(
            self._device,
            self._link,
            self._outbox,
            self._journal,
            self._times,
            self._wake,
            self._is_done,
            framing=self._framing,
        )
        try:
            await conversation.hold()
        finally:
            self._outbox.fell_silent(at=self._times.utc())
            await self._link.close()
        if not self._is_done():
            await asyncio.sleep(PAUSE_SECONDS)

    async def _connected(self) -> bool:
        """Wait for a host; False when there is nothing left to say to one."""
        async with asyncio.TaskGroup() as tasks:
            connecting = tasks.create_task(self._link.connect(), name="connect")
            connecting.add_done_callback(lambda _: self._wake.set())
            while not connecting.done() and not self._is_done():
                await self._wake.wait()
                self._wake.clear()
            connecting.cancel()
        return not connecting.cancelled()
