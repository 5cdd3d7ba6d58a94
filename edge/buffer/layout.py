"""Where the rows of each lane lie in an open file, and where the next ones go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from edge.buffer.bundles import SPAN
from edge.buffer.database import Database
from edge.buffer.held import First
from edge.buffer.lanes import Lane, Span, base_of, run_of
from edge.buffer.reading import first_row
from edge.buffer.receipts import Reach
from edge.buffer.rows import Stream

_HIGHEST: Final = "SELECT coalesce(max(id), 0) FROM held"
_SPANS: Final = (
    f"SELECT stream, boot_epoch, min(id), max(id + {SPAN} - 1), sum(rows) FROM held"  # noqa: S608 - a constant
    " GROUP BY stream, boot_epoch ORDER BY min(id)"
)


@dataclass(slots=True)
class Layout:
    """The lanes of one open store: what is read next, which ids were given, which were covered."""

    lanes: dict[Stream, Lane] = field(default_factory=dict)
    bases: dict[Stream, int] = field(default_factory=dict)
    spans: dict[Stream, list[Span]] = field(default_factory=lambda: {lane: [] for lane in Stream})
    reach: Reach = field(default_factory=Reach)

    @classmethod
    def of(
        cls, database: Database, *, boot_epoch: int, live_seconds: float
    ) -> tuple[Layout, dict[Stream, int]]:
        """Of a file just opened, with the number of rows in each lane: all of them are backlog."""
        layout, held = cls(), dict.fromkeys(Stream, 0)
        highest: int = database.execute(_HIGHEST).fetchone()[0]
        for number, epoch, first, last, count in database.execute(_SPANS):
            stream, span = Stream(number), Span(first - 1, last)
            held[stream] += count
            layout.spans[stream].append(span)
            layout.reach.learn(stream, epoch, span)
        for stream in Stream:
            run = run_of(base_of(stream, highest=highest))
            lane = Lane(run.after, round(live_seconds * 1_000_000))
            lane.add_backlog(layout.spans[stream])
            layout.lanes[stream], layout.bases[stream] = lane, run.after
            layout.spans[stream].append(run)
            layout.reach.learn(stream, boot_epoch, run)
        return layout, held

    def first(self, database: Database, stream: Stream) -> First | None:
        """The lane's oldest row."""
        return first_row(database, stream, self.spans[stream])
