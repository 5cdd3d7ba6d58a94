"""Once a minute, and whenever a way is up again, the gateway says how it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from edge.buffer.answers import BufferCounts
from edge.clock import Clock
from edge.errors import UplinkUnreachableError
from protocols.uplink.commands import GatewayReport

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0


class CountedRows(Protocol):
    """What a report needs of the buffer."""

    async def counts(self) -> BufferCounts: ...


@dataclass(slots=True, kw_only=True)
class GatewayReporter:
    """Sends reports until cancelled; one that no way takes is left out, the next one is newer.

    `taken` is called after each that a way took.
    """

    buffer: CountedRows
    clock: Clock
    send: Callable[[GatewayReport], Awaitable[None]]
    vehicle_id: str
    version: str
    configuration_version: Callable[[], int] = lambda: 0
    taken: Callable[[], None] = lambda: None
    _now: asyncio.Event = field(default_factory=asyncio.Event)

    def look_again(self) -> None:
        """A way is up again: report at once."""
        self._now.set()

    async def run(self) -> None:
        """Report now and then."""
        while True:
            self._now.clear()
            try:
                await self.send(await self.report())
                self.taken()
            except UplinkUnreachableError as exc:
                log.debug("no report sent reason=%r", exc.cause)
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._now.wait()
            except TimeoutError:
                continue

    async def report(self) -> GatewayReport:
        """How the gateway is now."""
        counts = await self.buffer.counts()
        return GatewayReport(
            at=self.clock.utc(),
            version=self.version,
            vehicle_id=self.vehicle_id,
            configuration_version=self.configuration_version(),
            backlog_rows=sum(counts.waiting.values()),
            oldest_at=counts.oldest_captured_at,
        )
