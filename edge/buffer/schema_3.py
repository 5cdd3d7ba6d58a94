"""Form 3 of the file: rows that were appended together lie in one record (see `bundles`).

Rows of older forms stay as they are, each a record without a head, so the way up takes no longer
for a full file than for an empty one. No index says any more which reading is there: see `repeats`.

On the way back every bundle becomes rows again, and the index comes back with them. A reading that
was stored twice, because its repeat came when nothing was known of the first any more, is stored
once again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from edge.buffer.bundles import COLUMNS, Bundle, Row
from edge.buffer.database import Database
from edge.buffer.lanes import FIRST_GENERATION
from edge.buffer.memory import mark_counted, uncounted
from edge.buffer.rows import Stream, check_of, identity_in, measured_in

log = logging.getLogger(__name__)

_UP: Final = (
    "DROP INDEX held_once",
    # How many rows of the record are left.
    "ALTER TABLE held ADD COLUMN rows INTEGER NOT NULL DEFAULT 1",
    # Octets and check of each row of the record; NULL: it is one row.
    "ALTER TABLE held ADD COLUMN head BLOB",
    # So that a row that is released is corrected like those that went before it.
    "ALTER TABLE quarantine ADD COLUMN clock INTEGER NOT NULL DEFAULT 0",
)
_INDEX: Final = (
    "CREATE UNIQUE INDEX held_once ON held (measured, observation_id)"
    " WHERE observation_id IS NOT NULL"
)
_DOWN: Final = (
    "ALTER TABLE quarantine DROP COLUMN clock",
    "ALTER TABLE held DROP COLUMN head",
    "ALTER TABLE held DROP COLUMN rows",
)
_COUNT: Final = (
    "INSERT INTO totals VALUES ('stored', ?)"
    " ON CONFLICT DO UPDATE SET amount = amount + excluded.amount"
)
_BUNDLES: Final = (
    f"SELECT {COLUMNS} FROM held WHERE id > ? AND head IS NOT NULL ORDER BY id LIMIT 32"  # noqa: S608 - constants
)
_DELETE: Final = "DELETE FROM held WHERE id = ?"
_INSERT: Final = (
    "INSERT OR IGNORE INTO held (id, stream, boot_epoch, sequence, observation_id, measured,"
    " captured_us, octets, clock, crc, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def up(database: Database) -> None:
    """Add what is new; no row is touched."""
    for statement in _UP:
        database.execute(statement)
    # All that is there is counted in the totals, and so is what may be salvaged.
    last = database.execute("SELECT coalesce(max(id), 0) FROM held").fetchone()[0]
    mark_counted(database, dict.fromkeys(Stream, max(last, FIRST_GENERATION - 1)))


def down(database: Database) -> None:
    """Take every bundle apart, then take the columns away."""
    database.execute("DROP INDEX IF EXISTS salvaged")
    database.execute(_COUNT, (uncounted(database),))
    database.execute("DELETE FROM marks WHERE name LIKE 'counted_%'")
    database.execute(_INDEX)
    repeated = 0
    for bundle in _bundles(database):
        database.execute(_DELETE, (bundle.row_id,))
        for row in bundle.rows():
            repeated += 1 - database.execute(_INSERT, _record(bundle, row)).rowcount
    if repeated:
        log.warning("readings held twice are held once again rows=%d", repeated)
    for statement in _DOWN:
        database.execute(statement)


def _bundles(database: Database) -> Iterator[Bundle]:
    seen = -1
    while page := database.execute(_BUNDLES, (seen,)).fetchall():
        for record in page:
            bundle = Bundle(*record)
            seen = bundle.last
            yield bundle


def _record(bundle: Bundle, row: Row) -> tuple[int | str | bytes | None, ...]:
    """The row as form 2 has it; a damaged one keeps a wrong check."""
    identity = identity_in(row.body) if row.is_whole else None
    measured = measured_in(row.body) if row.is_whole else 0
    key = (bundle.stream, bundle.boot_epoch, row.sequence)
    check = check_of(*key, identity, row.body, bundle.octets)
    return (
        *(row.row_id, *key, identity, measured, bundle.captured_us, bundle.octets, bundle.clock),
        *(check if row.is_whole else check ^ 1, row.body),
    )
