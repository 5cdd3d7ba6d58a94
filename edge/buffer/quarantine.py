"""Rows that will never go up: kept for a person to look at, the oldest ones giving way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.buffer.database import Database
from edge.buffer.rows import to_microseconds

_KEPT: Final = "stream, boot_epoch, sequence, observation_id, captured_us, octets, body"
_COPY: Final = (
    f"INSERT INTO quarantine ({_KEPT}, reason, moved_us) SELECT {_KEPT}, ?, ? FROM held"  # noqa: S608 - constants
    " WHERE id = ?"
)
_DROP_OLDEST: Final = "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The quarantine of one open store, which keeps `most` rows."""

    database: Database
    most: int

    def copy(self, row_ids: Sequence[int], reason: str, *, now: datetime) -> tuple[int, int]:
        """Copy rows there; how many were copied, and how many older ones gave way."""
        values = [(reason, to_microseconds(now), row_id) for row_id in row_ids]
        copied = self.database.executemany(_COPY, values).rowcount if values else 0
        return copied, self.database.execute(_DROP_OLDEST, (self.most,)).rowcount

    def reasons(self) -> dict[str, int]:
        """How many rows are there, by the reason."""
        query = "SELECT reason, count(*) FROM quarantine GROUP BY reason"
        return dict(self.database.execute(query))
