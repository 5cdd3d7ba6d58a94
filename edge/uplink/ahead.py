"""While there is no way to the cloud, the backlog is written into batches that need only be sent.

Reading rows, laying them in columns and compressing them is most of what a backlog costs the
gateway. It has nothing else to do in a dead zone; when the link is back every second counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol
from uuid import UUID

from edge.buffer.claims import Claim
from edge.buffer.rows import Stream
from edge.clock import Clock
from edge.uplink.choice import LinkChoice
from edge.uplink.policy import AheadPolicy
from protocols.errors import ProtocolError
from protocols.uplink.channels import COMPACT_VERSION
from protocols.uplink.compact import prepare_rows
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.prepared import PreparedRows

log = logging.getLogger(__name__)

_LANE = Stream.NUMERICS
"""Of waveforms a batch is as large as what it is made of; of events there are never many."""
_CLAIM_OCTETS = 1 << 20


class WaitingRows(Protocol):
    """What is needed of the buffer."""

    async def claim_behind(
        self, stream: Stream, *, limit: int, octets: int, least: int
    ) -> Claim | None: ...
    async def prepare(self, batch_ids: Sequence[UUID], rows: PreparedRows) -> bool: ...
    def unread(self, batch_id: UUID) -> None: ...


@dataclass(slots=True, kw_only=True)
class WriterAhead:
    """Writes the backlog ahead. `batches` counts what it wrote since the gateway's start.

    The last batch says how many rows the next one may take: rows are seldom written in vain.
    """

    buffer: WaitingRows
    choice: LinkChoice
    clock: Clock
    policy: AheadPolicy = field(default_factory=AheadPolicy)
    batches: int = 0
    _fitting: int = 1 << 30
    _has_failed: bool = False

    async def run(self) -> None:
        """Look for work until cancelled."""
        while True:
            await self.clock.sleep(self.policy.look_seconds)
            while self._is_time() and await self.write_one():
                pass

    async def write_one(self) -> bool:
        """Write one batch ahead; False when not enough waits, or it cannot be written."""
        claims: list[Claim] = []
        try:
            await self._take(claims)
            rows = await self._write(claims) if claims else None
            if rows is None or not await self.buffer.prepare(
                [one.batch_id for one in claims], rows
            ):
                return False
        except ProtocolError as exc:
            # Which row it is, is found out where every row is looked for that spoils a batch.
            log.info("backlog not written ahead reason=%r", str(exc))
            self._has_failed = True
            self._leave(claims)
            return False
        except BaseException:
            self._leave(claims)
            raise
        self.batches += 1
        return True

    def _is_time(self) -> bool:
        """Whether there is no way, and the cloud is known to read what is written ahead."""
        if self.choice.choose(now=self.clock.monotonic()) is not None:
            self._has_failed = False
            return False
        known = [link.health.contract.known or 0 for link in self.choice.links]
        return not self._has_failed and max(known, default=0) >= COMPACT_VERSION

    async def _take(self, claims: list[Claim]) -> None:
        """Rows for one batch: behind one another, of one start of the gateway."""
        policy, count, least = self.policy, 0, self.policy.least_rows
        most = min(policy.rows, self._fitting)
        while count < most:
            limit = min(policy.rows_at_once, most - count)
            claim = await self.buffer.claim_behind(
                _LANE, limit=limit, octets=_CLAIM_OCTETS, least=least
            )
            if claim is None:
                return
            if claims and claim.boot_epoch != claims[0].boot_epoch:
                self._leave([claim])
                return
            claims.append(claim)
            count, least = count + len(claim.rows), 1

    async def _write(self, claims: list[Claim]) -> PreparedRows:
        """The rows of these claims; those that are too much for one batch are left."""
        while True:
            # Not in the loop's own thread: that one has reports to confirm.
            rows = await asyncio.to_thread(prepare_rows, self._batch(claims))
            if rows.octets <= self.policy.octets or len(claims) == 1:
                self._fitting = len(rows) + 2 * self.policy.rows_at_once
                return rows
            kept = max(1, len(claims) * self.policy.octets // rows.octets)
            self._leave(claims[kept:])
            del claims[kept:]

    def _batch(self, claims: Sequence[Claim]) -> UplinkBatch:
        first = claims[0]
        return UplinkBatch(
            batch_id=first.batch_id,
            gateway_id="",
            vehicle_id=first.vehicle_id,
            stream=first.stream.label,
            boot_epoch=first.boot_epoch,
            sent_at=self.clock.utc(),
            rows=tuple(chain.from_iterable(claim.rows for claim in claims)),
        )

    def _leave(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self.buffer.unread(claim.batch_id)
