"""Which rows are on their way: kept in memory alone, so a restart returns them all to waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from edge.buffer.rows import Stream
from protocols.uplink.messages import UplinkRow, batch_name
from protocols.uplink.prepared import PreparedRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Rows taken for one batch. `row_ids` are the store's own, in the order of `rows`.

    `floor`: the lowest sequence of the lane and epoch that the store still holds, 0 for unknown.
    `left`: how many rows of the lane waited behind these when they were taken. `octets`: of these
    rows in the store. `is_backlog`: an outage left them behind.
    """

    batch_id: UUID
    stream: Stream
    boot_epoch: int
    vehicle_id: str
    rows: Sequence[UplinkRow]
    row_ids: Sequence[int]
    floor: int = 0
    left: int = 0
    octets: int = 0
    is_backlog: bool = False

    @property
    def last_sequence(self) -> int:
        """Of its last row; the rows need not be read for that."""
        if isinstance(self.rows, PreparedRows):
            return self.rows.sequences[-1]
        return self.rows[-1].sequence

    def halves(self) -> tuple[Claim, Claim]:
        """The same rows as two batches with names of their own."""
        middle, half = len(self.rows) // 2, self.octets // 2
        parts = (slice(None, middle), slice(middle, None))
        first, second = (
            replace(
                self,
                batch_id=name_of(self.stream, self.boot_epoch, self.rows[part]),
                rows=self.rows[part],
                row_ids=self.row_ids[part],
                octets=half,
            )
            for part in parts
        )
        return first, second


def name_of(stream: Stream, boot_epoch: int, rows: Sequence[UplinkRow]) -> UUID:
    """The name of a batch of these rows."""
    return batch_name(stream.label, boot_epoch, [row.sequence for row in rows])


@dataclass(slots=True)
class ClaimBook:
    """What is claimed, and what was given back."""

    claimed: dict[UUID, Claim] = field(default_factory=dict)
    _returned: dict[Stream, deque[Claim]] = field(
        default_factory=lambda: {stream: deque() for stream in Stream}
    )

    def take_returned(self, stream: Stream) -> Claim | None:
        """The oldest claim given back in this lane, claimed again under the same name."""
        if not self._returned[stream]:
            return None
        claim = self._returned[stream].popleft()
        self.claimed[claim.batch_id] = claim
        return claim

    def add(self, claim: Claim) -> None:
        """Rows just read."""
        self.claimed[claim.batch_id] = claim

    def give_back(self, batch_id: UUID) -> bool:
        """To be sent again; False when no such claim is out."""
        claim = self.claimed.pop(batch_id, None)
        if claim is None:
            return False
        self._returned[claim.stream].append(claim)
        return True

    def split(self, batch_id: UUID) -> bool:
        """Give a claim back as two halves; False when it is not out or has one row only."""
        claim = self.claimed.get(batch_id)
        if claim is None or len(claim.rows) < 2:
            return False
        del self.claimed[batch_id]
        self._returned[claim.stream].extendleft(reversed(claim.halves()))
        return True

    def drop_returned(self, stream: Stream, boot_epoch: int, sequence: int) -> None:
        """A receipt covers claims that wait to be sent again: nothing of them need be sent."""
        kept = (
            claim
            for claim in self._returned[stream]
            if claim.boot_epoch != boot_epoch or claim.last_sequence > sequence
        )
        self._returned[stream] = deque(kept)

    def out(self, stream: Stream) -> int:
        """How many rows of a lane are on their way."""
        return sum(len(one.rows) for one in self.claimed.values() if one.stream is stream)

    def row_ids(self, stream: Stream) -> frozenset[int]:
        """Rows of a lane that are on their way."""
        claims = [claim for claim in self.claimed.values() if claim.stream is stream]
        return frozenset(
            row_id for claim in (*claims, *self._returned[stream]) for row_id in claim.row_ids
        )

    def merge(self, batch_ids: Sequence[UUID], rows: PreparedRows) -> Claim | None:
        """Several claims as one of these rows, which are theirs; it is not out any more.

        None when one of them is not out: nothing is merged then.
        """
        claims = [self.claimed.get(one) for one in batch_ids]
        parts = [claim for claim in claims if claim is not None]
        if len(parts) < len(batch_ids):
            return None
        for one in batch_ids:
            del self.claimed[one]
        row_ids = [row_id for claim in parts for row_id in claim.row_ids]
        straight = range(row_ids[0], row_ids[-1] + 1)
        return replace(
            parts[0],
            batch_id=uuid4(),
            rows=rows,
            row_ids=straight if len(straight) == len(row_ids) else tuple(row_ids),
            octets=rows.octets,
        )

    def forget(self, batch_id: UUID) -> None:
        """The rows have left the store."""
        self.claimed.pop(batch_id, None)
