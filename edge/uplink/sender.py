"""Claim, send, wait for the acknowledgement, settle: several at once, nothing ever lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from edge.buffer.answers import BufferCounts, Settled
from edge.buffer.claims import Claim
from edge.buffer.rows import Stream
from edge.clock import Clock
from edge.errors import BufferFullError, UplinkRejectedError, UplinkUnreachableError
from edge.supervision import Backoff
from edge.uplink.budget import Budget
from edge.uplink.choice import LinkChoice
from edge.uplink.contract import DOUBT_AFTER, FEW_ROWS
from edge.uplink.lanes import STREAMS, Lane, ReceiptBook, next_beat
from edge.uplink.link import LinkClient
from edge.uplink.policy import SenderPolicy
from edge.uplink.quality import Pace
from protocols.uplink.messages import UplinkAck, UplinkBatch

log = logging.getLogger(__name__)

NEVER_ACKNOWLEDGED = "never_acknowledged"
_FIRST_OCTETS: Final = 32 << 10
_LEAST_OCTETS: Final = 8 << 10
_ONE_PACKET_ROWS: Final = 500
"""What one packet takes in the compact form: smaller batches are no sooner there."""
_HELD_SECONDS: Final = 1.0


class ClaimedRows(Protocol):
    """What the sender needs of the buffer."""

    async def claim(
        self,
        *,
        limit: int,
        octets: int,
        streams: Iterable[Stream] = Stream,
        backlog: bool = True,
    ) -> Claim | None: ...
    def give_back(self, batch_id: UUID) -> None: ...
    async def settle(self, ack: UplinkAck) -> Settled: ...
    async def settle_through(self, stream: Stream, boot_epoch: int, sequence: int) -> Settled: ...
    async def split(self, batch_id: UUID) -> bool: ...
    async def quarantine(self, batch_id: UUID, reason: str) -> Settled: ...
    async def counts(self) -> BufferCounts: ...
    async def wait_for_rows(self, stream: Stream) -> None: ...


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

    `delivered` is told of each acknowledged batch and the monotonic time it was sent at;
    `traceparent` gives what a batch says of its trace.
    """

    buffer: ClaimedRows
    choice: LinkChoice
    gateway_id: str
    clock: Clock
    policy: SenderPolicy = field(default_factory=SenderPolicy)
    budget: Budget | None = None
    delivered: Callable[[UplinkBatch, float], None] | None = None
    traceparent: Callable[[UUID], str] = lambda _batch_id: ""
    counts: SenderCounts = field(default_factory=SenderCounts)
    _lanes: tuple[Lane, ...] = field(init=False)
    _receipts: ReceiptBook = field(default_factory=ReceiptBook)
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        policy = self.policy
        least = min(policy.batch_rows, FEW_ROWS)
        most = max(policy.batch_rows, policy.drain_rows)
        events, numbers = (
            Pace(policy.batch_rows, least, most, enough=min(most, _ONE_PACKET_ROWS))
            for _ in range(2)
        )
        bulk = Pace(_FIRST_OCTETS, _LEAST_OCTETS, max(_LEAST_OCTETS, policy.batch_octets), late=0.7)
        self._lanes = (
            Lane(Stream.EVENTS, policy.in_flight, policy.linger.events, rows=events),
            Lane(Stream.NUMERICS, policy.in_flight, policy.linger.numerics, rows=numbers),
            Lane(
                Stream.WAVEFORMS,
                policy.waveforms_in_flight,
                policy.linger.waveforms,
                octets=bulk,
            ),
        )

    async def run(self) -> None:
        """Send until cancelled. Rows on their way at that moment are sent again next time."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes:
                name = f"uplink {lane.stream.label}"
                tasks.create_task(self._watch(lane), name=f"{name} news")
                for number in range(lane.in_flight):
                    tasks.create_task(self._work(lane), name=f"{name} {number}")

    async def wait_until_drained(self) -> None:
        """Return when the buffer holds nothing that still has to go up."""
        while True:
            self._freed.clear()
            if not sum((await self.buffer.counts()).waiting.values()):
                return
            await self._freed.wait()

    async def _watch(self, lane: Lane) -> None:
        """Tell a lane of new rows, once they had time to find company."""
        while True:
            await self.buffer.wait_for_rows(lane.stream)
            await self.clock.sleep(self._linger(lane))
            lane.news.set()

    def _linger(self, lane: Lane) -> float:
        thin = 0.0 if self.budget is None else self.budget.linger_seconds
        return max(lane.linger_seconds, thin)

    async def _work(self, lane: Lane) -> None:
        while True:
            # First a way, then rows: what is claimed while there is none would not be urgent
            # any more when there is one.
            link = await self.choice.pick()
            claim = await self._next_claim(lane, link)
            try:
                with lane.on_its_way(claim):
                    await self._deliver(claim, lane)
            except BaseException:
                # Cancelled, or a fault of ours: the rows must not stay claimed by nobody.
                self.buffer.give_back(claim.batch_id)
                raise

    async def _next_claim(self, lane: Lane, link: LinkClient) -> Claim:
        async with lane.claiming:
            while True:
                await self.clock.sleep(max(0.0, lane.rests_until - self.clock.monotonic()))
                now, is_held = self.clock.monotonic(), False
                if self.budget is not None:
                    is_held = not self.budget.allows(lane.stream, now=now)
                claim = None
                if not is_held:
                    claim = await self.buffer.claim(
                        limit=lane.most_rows(link, self.policy),
                        octets=lane.most_octets(self.policy),
                        streams=(lane.stream,),
                        backlog=lane.takes_backlog,
                    )
                if claim is not None:
                    # All there was: what comes next gathers again. A backlog never waits.
                    lane.rests_until = 0.0 if claim.left else next_beat(now, self._linger(lane))
                    return claim
                # Looking may have set damaged rows apart: who waits for the end looks again.
                self._freed.set()
                await self._wait(lane, is_held=is_held)

    async def _wait(self, lane: Lane, *, is_held: bool) -> None:
        """For new rows; what the budget holds back is looked at again after a while."""
        limit = _HELD_SECONDS if is_held else None
        try:
            async with asyncio.timeout(limit):
                await lane.news.wait()
        except TimeoutError:
            return
        lane.news.clear()

    async def _deliver(self, claim: Claim, lane: Lane) -> None:
        backoff, silences = Backoff(self.policy.retry), 0
        others = self.counts.batches
        while True:
            link = await self.choice.pick()
            began = self.clock.monotonic()
            self.choice.begin(link, now=began)
            most = self.policy.ack_timeout_seconds
            patience = lane.quality.timeout(most, silences=silences)
            try:
                batch = self._batch(claim)
                ack = await link.send(batch, timeout_seconds=patience)
            except UplinkRejectedError as exc:
                await self._isolate(claim, exc.reason)
                return
            except UplinkUnreachableError as exc:
                silences += exc.is_silence
                self._note_failure(link, lane, exc, began)
                if self._must_isolate(claim, silences, others):
                    await self._isolate(claim, NEVER_ACKNOWLEDGED)
                    return
                # While there is no way at all, `pick` waits, and goes on the moment there is one.
                if self.choice.choose(now=self.clock.monotonic()) is not None:
                    await self.clock.sleep(backoff.next_wait())
            else:
                self.choice.note_acknowledged(link, began=began, now=self.clock.monotonic())
                if self.delivered is not None:
                    self.delivered(batch, began)
                lane.note(claim, link, self.clock.monotonic() - began)
                await self._settle(ack)
                return

    def _note_failure(
        self, link: LinkClient, lane: Lane, exc: UplinkUnreachableError, began: float
    ) -> None:
        self.counts.retries += 1
        self._receipts.doubt()
        if exc.is_silence:
            lane.pace.shrink()
        if exc.is_vain:
            self.choice.note_vain(link, began=began, now=self.clock.monotonic())

    def _must_isolate(self, claim: Claim, silences: int, others: int) -> bool:
        if silences >= DOUBT_AFTER and len(claim.rows) > FEW_ROWS:
            return True  # smaller ones get through where large ones do not
        return silences >= self.policy.poison_after and self.counts.batches > others

    def _batch(self, claim: Claim) -> UplinkBatch:
        return UplinkBatch(
            batch_id=claim.batch_id,
            gateway_id=self.gateway_id,
            vehicle_id=claim.vehicle_id,
            stream=claim.stream.label,
            boot_epoch=claim.boot_epoch,
            sent_at=self.clock.utc(),
            rows=claim.rows,
            floor=claim.floor,
            traceparent=self.traceparent(claim.batch_id),
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
        await self._settle_through(ack)
        for row in ack.rejected:
            log.warning("row refused by the cloud sequence=%d reason=%s", row.sequence, row.reason)
        self.counts.batches += 1
        self.counts.rows += settled.settled + settled.quarantined
        self.counts.stored += ack.stored
        self.counts.repeated += ack.repeated
        self.counts.quarantined += settled.quarantined
        self._freed.set()

    async def _settle_through(self, ack: UplinkAck) -> None:
        """What earlier answers, lost on their way, would have freed."""
        receipt = self._receipts.take(ack)
        if receipt is None or (stream := STREAMS.get(receipt.stream)) is None:
            return
        try:
            settled = await self.buffer.settle_through(stream, receipt.boot_epoch, receipt.through)
        except BufferFullError:
            self._receipts.doubt()
            return
        self.counts.rows += settled.settled

    async def _isolate(self, claim: Claim, reason: str) -> None:
        """Halve what is refused until the row that spoils it stands alone; keep that one apart."""
        if await self.buffer.split(claim.batch_id):
            log.info("batch taken apart rows=%d reason=%s", len(claim.rows), reason)
            return
        settled = await self.buffer.quarantine(claim.batch_id, reason)
        self.counts.quarantined += settled.quarantined
        log.warning("row quarantined sequence=%d reason=%s", claim.rows[0].sequence, reason)
        self._freed.set()
