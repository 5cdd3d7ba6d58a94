"""Which rows a cumulative receipt covers: a lane and epoch up to a sequence."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.buffer.database import Database
from edge.buffer.held import remove_through
from edge.buffer.lanes import Span, sequence_in
from edge.buffer.rows import Stream


@dataclass(slots=True)
class Reach:
    """Between which row ids each lane's epochs lie."""

    _spans: dict[tuple[Stream, int], Span] = field(default_factory=dict)

    def learn(self, stream: Stream, boot_epoch: int, span: Span) -> None:
        """What the file held at its opening, and where the running epoch will be."""
        self._spans[stream, boot_epoch] = span

    def remove(self, database: Database, stream: Stream, boot_epoch: int, sequence: int) -> int:
        """Delete what the receipt covers; how many rows that were."""
        span = self._spans.get((stream, boot_epoch))
        if span is None:
            return 0
        reach = Span(span.after, min(span.through, sequence_in(span, sequence)))
        return remove_through(database, reach, stream.value, boot_epoch, sequence)
