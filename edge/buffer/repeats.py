"""Which of some rows wait already: the same reading is held once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from edge.buffer.database import Database
from edge.buffer.rows import PackedRow, says_the_same

log = logging.getLogger(__name__)

_HELD: Final = "SELECT body FROM held WHERE measured = ? AND observation_id = ?"


def without_known(database: Database, rows: Sequence[PackedRow]) -> tuple[list[PackedRow], int]:
    """The rows that are new, and how many say something else under an identity that is known."""
    fresh: list[PackedRow] = []
    conflicting = 0
    for row, known in _with_known(database, rows):
        if known is None:
            fresh.append(row)
        elif not says_the_same(known, row.body):
            conflicting += 1
            log.warning(
                "another reading under a known identity dropped observation_id=%s",
                row.observation_id and UUID(bytes=row.observation_id),
            )
    return fresh, conflicting


def _with_known(
    database: Database, rows: Sequence[PackedRow]
) -> Iterator[tuple[PackedRow, bytes | None]]:
    """Each row with the octets of the one before it under its identity."""
    seen: dict[bytes, bytes] = {}
    for row in rows:
        known = None
        if row.observation_id is not None:
            held = database.execute(_HELD, (row.measured, row.observation_id)).fetchone()
            known = held[0] if held else seen.get(row.observation_id)
            seen.setdefault(row.observation_id, row.body)
        yield row, known
