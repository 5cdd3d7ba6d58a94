"""Rows that will never go up: kept for a person to look at, the oldest ones giving way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.buffer.bundles import Bundle, Row
from edge.buffer.database import Database
from edge.buffer.held import rows_of
from edge.buffer.rows import Stream, identity_in, to_microseconds

DAMAGED_REASON: Final = "damaged_in_store"

_INSERT: Final = (
    "INSERT INTO quarantine (stream, boot_epoch, sequence, observation_id, captured_us, octets,"
    " clock, body, reason, moved_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_DROP_OLDEST: Final = "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The quarantine of one open store, which keeps `most` rows."""

    database: Database
    most: int

    def copy(
        self, stream: Stream, row_ids: Sequence[int], reason: str, *, now: datetime
    ) -> tuple[int, int]:
        """Copy rows of a lane there; how many were copied, how many older ones gave way."""
        moved_us = to_microseconds(now)
        values = [
            (*_kept(bundle, row), reason, moved_us)
            for bundle, row in rows_of(self.database, row_ids, stream.value)
        ]
        if values:
            self.database.executemany(_INSERT, values)
        return len(values), self.database.execute(_DROP_OLDEST, (self.most,)).rowcount

    def reasons(self) -> dict[str, int]:
        """How many rows are there, by the reason."""
        query = "SELECT reason, count(*) FROM quarantine GROUP BY reason"
        return dict(self.database.execute(query))


def _kept(bundle: Bundle, row: Row) -> tuple[int | str | bytes | None, ...]:
    identity = identity_in(row.body) if row.is_whole else bundle.identity
    return (
        *(bundle.stream, bundle.boot_epoch, row.sequence, identity, bundle.captured_us),
        *(bundle.octets, bundle.clock, row.body),
    )
