"""Which rows a cumulative receipt covers: "everything of this lane and epoch up to this sequence".

Within a lane and epoch row ids and sequences rise together, so the last row covered is found by
halving. Nothing else needs an index over the sequences, and every commit is spared one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from edge.buffer.database import Database
from edge.buffer.rows import Stream

_NEXT: Final = (
    "SELECT id, boot_epoch, sequence FROM held WHERE stream = ? AND id >= ? ORDER BY id LIMIT 1"
)
_DELETE: Final = (
    "DELETE FROM held WHERE stream = ? AND id BETWEEN ? AND ? AND boot_epoch = ? AND sequence <= ?"
)


@dataclass(slots=True)
class Reach:
    """Between which row ids each lane's epochs lie. The running epoch begins at `first`."""

    boot_epoch: int
    first: int
    _spans: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def learn(self, stream: int, boot_epoch: int, span: tuple[int, int]) -> None:
        """The first and last id of what the file held at its opening."""
        self._spans[stream, boot_epoch] = span

    def remove(self, database: Database, stream: Stream, boot_epoch: int, sequence: int) -> int:
        """Delete what the receipt covers; how many rows that were."""
        span = self._spans.get((stream.value, boot_epoch))
        if span is None and boot_epoch == self.boot_epoch:
            span = self._running_span(database, stream)
        if span is None:
            return 0
        low, high = span
        last = _last_covered(database, stream, boot_epoch, sequence, low, high)
        values = (stream.value, low, last, boot_epoch, sequence)
        return database.execute(_DELETE, values).rowcount

    def _running_span(self, database: Database, stream: Stream) -> tuple[int, int] | None:
        query = "SELECT max(id) FROM held WHERE stream = ?"
        last = database.execute(query, (stream.value,)).fetchone()[0]
        return None if last is None or last < self.first else (self.first, last)


def _last_covered(
    database: Database, stream: Stream, boot_epoch: int, sequence: int, low: int, high: int
) -> int:
    """The highest id in `low`..`high` below which every row of the epoch is covered."""
    beyond = high + 1
    while low < beyond:
        middle = (low + beyond) // 2
        row = database.execute(_NEXT, (stream.value, middle)).fetchone()
        if row is None or row[0] >= beyond or (row[1], row[2]) > (boot_epoch, sequence):
            beyond = middle
        else:
            low = row[0] + 1
    return low - 1
