"""Claim, send, wait for the acknowledgement, settle: several at once, nothing ever lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from edge.buffer.answers import BufferCounts, Settled
from edge.buffer.claims import Claim
from edge.clock import Clock
from edge.errors import BufferFullError, UplinkRejectedError, UplinkUnreachableError
from edge.supervision import Backoff
from edge.uplink.contract import DOUBT_AFTER, FEW_ROWS
from edge.uplink.link import LinkChoice
from edge.uplink.policy import SenderPolicy
from protocols.uplink.messages import UplinkAck, UplinkBatch

log = logging.getLogger(__name__)

NEVER_ACKNOWLEDGED = "never_acknowledged"


class ClaimedRows(Protocol):
    """What the sender needs of the buffer."""

    async def claim(self, *, limit: int, octets: int) -> Claim | None: ...
    def give_back(self, batch_id: UUID) -> None: ...
    async def settle(self, ack: UplinkAck) -> Settled: ...
    async def split(self, batch_id: UUID) -> bool: ...
    async def quarantine(self, batch_id: UUID, reason: str) -> Settled: ...
    async def counts(self) -> BufferCounts: ...
    async def wait_for_rows(self) -> None: ...


@dataclass(slots=True)
class SenderCounts:
    """Since the gateway's start."""

    batches: int = 0
    rows: int = 0
    stored: int = 0
    repeated: int = 0
    retries: int = 0
    quarantined: int = 0


@dataclass(slots=True, kw_only=True)
class Sender:
    """The loop from the buffer to the cloud.

    `delivered` is told of each acknowledged batch and the monotonic time it was sent at.
    """

    buffer: ClaimedRows
    choice: LinkChoice
    gateway_id: str
    clock: Clock
    policy: SenderPolicy = field(default_factory=SenderPolicy)
    delivered: Callable[[UplinkBatch, float], None] | None = None
    counts: SenderCounts = field(default_factory=SenderCounts)
    _claiming: asyncio.Lock = field(default_factory=asyncio.Lock)
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Send until cancelled. Rows on their way at that moment are sent again next time."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.policy.in_flight):
                tasks.create_task(self._lane(), name=f"uplink {number}")

    async def wait_until_drained(self) -> None:
        """Return when the buffer holds nothing that still has to go up."""
        while True:
            self._freed.clear()
            if not sum((await self.buffer.counts()).waiting.values()):
                return
            await self._freed.wait()

    async def _lane(self) -> None:
        while True:
            # First a way, then rows: what is claimed while there is none would not be urgent
            # any more when there is one.
            link = await self.choice.pick()
            few = None if link.health.contract.known else FEW_ROWS
            claim = await self._next_claim(few or self.policy.batch_rows)
            try:
                await self._deliver(claim)
            except BaseException:
                # Cancelled, or a fault of ours: the rows must not stay claimed by nobody.
                self.buffer.give_back(claim.batch_id)
                raise

    async def _next_claim(self, most_rows: int) -> Claim:
        async with self._claiming:
            while True:
                claim = await self.buffer.claim(
                    limit=min(most_rows, self.policy.batch_rows), octets=self.policy.batch_octets
                )
                if claim is not None:
                    return claim
                # Looking may have set damaged rows apart: who waits for the end looks again.
                self._freed.set()
                await self.buffer.wait_for_rows()
                await self.clock.sleep(self.policy.linger_seconds)

    async def _deliver(self, claim: Claim) -> None:
        backoff, silences = Backoff(self.policy.retry), 0
        others = self.counts.batches
        while True:
            link = await self.choice.pick()
            began = self.clock.monotonic()
            self.choice.begin(link, now=began)
            try:
                batch = self._batch(claim)
                ack = await link.send(batch, timeout_seconds=self.policy.ack_timeout_seconds)
            except UplinkRejectedError as exc:
                await self._isolate(claim, exc.reason)
                return
            except UplinkUnreachableError as exc:
                self.counts.retries += 1
                silences += exc.is_silence
                if exc.is_vain:
                    self.choice.note_vain(link, began=began, now=self.clock.monotonic())
                if silences >= DOUBT_AFTER and len(claim.rows) > FEW_ROWS:
                    # Smaller ones get through where large ones do not.
                    await self._isolate(claim, NEVER_ACKNOWLEDGED)
                    return
                if silences >= self.policy.poison_after and self.counts.batches > others:
                    await self._isolate(claim, NEVER_ACKNOWLEDGED)
                    return
                await self.clock.sleep(backoff.next_wait())
            else:
                self.choice.note_acknowledged(link)
                if self.delivered is not None:
                    self.delivered(batch, began)
                await self._settle(ack)
                return

    def _batch(self, claim: Claim) -> UplinkBatch:
        return UplinkBatch(
            batch_id=claim.batch_id,
            gateway_id=self.gateway_id,
            vehicle_id=claim.vehicle_id,
            stream=claim.stream.label,
            boot_epoch=claim.boot_epoch,
            sent_at=self.clock.utc(),
            rows=claim.rows,
        )

    async def _settle(self, ack: UplinkAck) -> None:
        backoff = Backoff(self.policy.retry)
        while True:
            try:
                settled = await self.buffer.settle(ack)
            except BufferFullError as exc:
                # The cloud has the rows; they only cannot leave the disk yet.
                log.warning("not settled yet reason=%r", str(exc))
                await self.clock.sleep(backoff.next_wait())
                continue
            break
        for row in ack.rejected:
            log.warning("row refused by the cloud sequence=%d reason=%s", row.sequence, row.reason)
        self.counts.batches += 1
        self.counts.rows += settled.settled + settled.quarantined
        self.counts.stored += ack.stored
        self.counts.repeated += ack.repeated
        self.counts.quarantined += settled.quarantined
        self._freed.set()

    async def _isolate(self, claim: Claim, reason: str) -> None:
        """Halve what is refused until the row that spoils it stands alone; keep that one apart."""
        if await self.buffer.split(claim.batch_id):
            log.info("batch taken apart rows=%d reason=%s", len(claim.rows), reason)
            return
        settled = await self.buffer.quarantine(claim.batch_id, reason)
        self.counts.quarantined += settled.quarantined
        log.warning("row quarantined sequence=%d reason=%s", claim.rows[0].sequence, reason)
        self._freed.set()
