"""Claims whose rows were written ahead, while there was no way to send them.

Kept in memory alone, like every claim: the rows stay in the file until the cloud has them, and a
restart reads them from there. Nothing is lost with what is kept here but the work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from edge.buffer.claims import Claim
from edge.buffer.lanes import Lane, Span
from edge.buffer.rows import Stream

MOST_OCTETS: Final = 1 << 20
"""Of all that is kept ready: most of a million readings."""
OCTETS_A_ROW: Final = 64
"""What a row of a batch may cost on the way: a batch that is bounded in rows is bounded by it."""


def span_of(claim: Claim) -> Span:
    """The ids its rows lie between."""
    return Span(claim.row_ids[0] - 1, claim.row_ids[-1])


@dataclass(slots=True)
class Ahead:
    """What is ready of each lane, in the order of capture.

    `drafts`: claims that are being written ahead, as long as what is written will be right.
    """

    drafts: set[UUID] = field(default_factory=set)
    _ready: dict[Stream, deque[Claim]] = field(
        default_factory=lambda: {stream: deque() for stream in Stream}
    )

    @property
    def is_full(self) -> bool:
        """Whether no more is to be kept."""
        return sum(claim.octets for claim in self._all()) >= MOST_OCTETS

    @property
    def rows(self) -> int:
        """How many rows are ready."""
        return sum(len(claim.row_ids) for claim in self._all())

    def add(self, claim: Claim) -> None:
        """One that comes behind all of its lane."""
        self._ready[claim.stream].append(claim)

    def take(self, stream: Stream, lane: Lane, *, limit: int) -> Claim | None:
        """The next one, when no other rows of the backlog come before it.

        One that is too much for a batch of `limit` rows is given up: its rows are backlog again.
        """
        ready = self._ready[stream]
        if not ready or lane.begins_before(ready[0].row_ids[0]):
            return None
        claim = ready.popleft()
        if claim.octets <= limit * OCTETS_A_ROW:
            return claim
        lane.unread(span_of(claim))
        return None

    def drop_covered(self, stream: Stream, boot_epoch: int, sequence: int) -> None:
        """A receipt covers some of them: they need not be sent."""
        ready = self._ready[stream]
        self._ready[stream] = deque(
            claim
            for claim in ready
            if claim.boot_epoch != boot_epoch or claim.last_sequence > sequence
        )

    def give_up(self) -> Iterator[tuple[Stream, Span]]:
        """Nothing is ready any more; what becomes backlog again."""
        for claim in list(self._all()):
            yield claim.stream, span_of(claim)
        for ready in self._ready.values():
            ready.clear()
        self.drafts.clear()

    def _all(self) -> Iterator[Claim]:
        return (claim for ready in self._ready.values() for claim in ready)
