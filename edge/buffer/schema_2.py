"""Form 2 of the file: a lane for events, where a row's octets are, what is known of the clock.

Row ids are given by the store now, so that each run of each lane is a range of them (see `lanes`):
no index has to say which lane a row belongs to, and no counter in the file which id comes next.

Led back, the file is one that a gateway of form 1 reads, sends and empties. What that form has no
place for is either written into the rows (corrected times), moved (events go among the numbers,
under boot epochs of their own, for a key never comes back with other content), or parked in a
table that the older gateway does not look at and the way up empties again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import msgspec

from edge.buffer.database import Database
from edge.buffer.rows import Stream, check_of
from edge.buffer.times import corrected_body
from protocols.errors import DecodeError

_UP: Final = (
    "DROP INDEX held_in_order",
    # Where the recorder keeps what the row was decoded from.
    "ALTER TABLE held ADD COLUMN octets TEXT",
    "ALTER TABLE quarantine ADD COLUMN octets TEXT",
    # Which clock line the row was stamped on: see `clocks`.
    "ALTER TABLE held ADD COLUMN clock INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE clocks (boot_epoch INTEGER NOT NULL, number INTEGER NOT NULL,"
    " machine_boot TEXT NOT NULL, difference_us INTEGER NOT NULL, state TEXT NOT NULL,"
    " correction_us INTEGER NOT NULL, PRIMARY KEY (boot_epoch, number)) STRICT, WITHOUT ROWID",
    # Places in the file that must outlive a restart: how far thinning has come.
    "CREATE TABLE marks (name TEXT PRIMARY KEY, place INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)
_DOWN: Final = (
    "CREATE INDEX held_in_order ON held (stream, id)",
    "DROP TABLE marks",
    "DROP TABLE clocks",
    "ALTER TABLE held DROP COLUMN clock",
    "ALTER TABLE quarantine DROP COLUMN octets",
    "ALTER TABLE held DROP COLUMN octets",
)
_GIVEN: Final = "PRIMARY KEY"
_COUNTED: Final = "PRIMARY KEY AUTOINCREMENT"
_PARKED: Final = (
    "CREATE TABLE IF NOT EXISTS parked_2 ("
    " id INTEGER PRIMARY KEY, started_us INTEGER NOT NULL, vehicle_id TEXT NOT NULL,"
    " stream INTEGER NOT NULL, boot_epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " observation_id BLOB, measured INTEGER NOT NULL, captured_us INTEGER NOT NULL,"
    " octets TEXT, body BLOB NOT NULL"
    ") STRICT"
)
_PLAIN: Final = "observation_id, measured, captured_us"
_PAGE_ROWS: Final = 1000
_READABLE_KINDS: Final = frozenset("ncwebtd")
"""What the rows of form 1 could hold, by the tags of the uplink contract."""


@dataclass(frozen=True, slots=True)
class _Held:
    """One row as the file has it."""

    row_id: int
    stream: int
    boot_epoch: int
    sequence: int
    identity: bytes | None
    measured: int
    captured_us: int
    octets: str | None
    crc: int
    body: bytes

    @property
    def is_whole(self) -> bool:
        """Whether it is what was written."""
        key = (self.stream, self.boot_epoch, self.sequence)
        return check_of(*key, self.identity, self.body, self.octets) == self.crc


_HELD: Final = f"id, stream, boot_epoch, sequence, {_PLAIN}, octets, crc, body"


def up(database: Database) -> None:
    """Add what is new; rows stay as they are, for every new column says nothing of them."""
    _change_table(database, _COUNTED, _GIVEN)
    for statement in _UP:
        database.execute(statement)
    if _exists(database, "parked_2"):
        _unpark(database)


def down(database: Database) -> None:
    """Write, move or park what form 1 has no column for, then take the columns away."""
    _write_corrections(database)
    _park_unreadable(database)
    _lead_events_away(database)
    _forget_octets(database)
    for statement in _DOWN:
        database.execute(statement)
    _change_table(database, _GIVEN, _COUNTED)
    database.execute("DELETE FROM sqlite_sequence WHERE name = 'held'")
    database.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'held', coalesce(max(id), 0) FROM held"
    )


def _change_table(database: Database, old: str, new: str) -> None:
    """Change words of the table's own statement: how SQLite lets a key lose or get its counter."""
    version = database.execute("PRAGMA schema_version").fetchone()[0]
    database.execute("PRAGMA writable_schema = ON")
    database.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = 'held'", (old, new)
    )
    database.execute(f"PRAGMA schema_version = {version + 1}")
    database.execute("PRAGMA writable_schema = RESET")


def _exists(database: Database, table: str) -> bool:
    query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    return database.execute(query, (table,)).fetchone() is not None


def _held(database: Database, where: str, *values: int) -> Iterator[_Held]:
    """Rows by their ids, a page at a time: a full buffer does not fit into memory."""
    seen, query = 0, f"SELECT {_HELD} FROM held WHERE id > ? AND {where} ORDER BY id LIMIT ?"  # noqa: S608 - constants
    while page := database.execute(query, (seen, *values, _PAGE_ROWS)).fetchall():
        seen = page[-1][0]
        yield from (_Held(*row) for row in page)


def _write_corrections(database: Database) -> None:
    """Times that are only corrected on their way up are right in the row from now on."""
    for epoch, number, correction_us, state in database.execute(
        "SELECT boot_epoch, number, correction_us, state FROM clocks"
        " WHERE correction_us <> 0 OR state = 'estimated'"
    ).fetchall():
        by, is_estimate = timedelta(microseconds=correction_us), state == "estimated"
        for row in _held(database, "boot_epoch = ? AND clock = ?", epoch, number):
            if row.is_whole and (body := _corrected(row.body, by, is_estimate=is_estimate)):
                check = check_of(row.stream, epoch, row.sequence, row.identity, body, row.octets)
                database.execute(
                    "UPDATE held SET body = ?, crc = ?, captured_us = captured_us + ? WHERE id = ?",
                    (body, check, correction_us, row.row_id),
                )


def _corrected(body: bytes, by: timedelta, *, is_estimate: bool) -> bytes | None:
    try:
        return corrected_body(body, by, is_estimate=is_estimate)
    except DecodeError:
        return None  # the older gateway sets it apart


def _park_unreadable(database: Database) -> None:
    """Set apart what form 1 has no word for: what the crew did, pieces of photographs."""
    database.execute(_PARKED)
    for row in _held(database, "1"):
        if row.is_whole and not _is_readable(row.body):
            _park(database, row)
            database.execute("DELETE FROM held WHERE id = ?", (row.row_id,))


def _lead_events_away(database: Database) -> None:
    """Behind the numbers, one new boot epoch for each old one.

    A damaged one keeps its wrong check, so that the older gateway finds it damaged too.
    """
    epochs: dict[int, int] = {}
    sequences: dict[int, int] = {}
    for row in _held(database, "stream = ?", Stream.EVENTS):
        database.execute("DELETE FROM held WHERE id = ?", (row.row_id,))
        if row.boot_epoch not in epochs:
            epochs[row.boot_epoch] = _new_epoch(database, row.boot_epoch)
        sequence = sequences[row.boot_epoch] = sequences.get(row.boot_epoch, 0) + 1
        moved = replace(
            row, stream=Stream.NUMERICS, boot_epoch=epochs[row.boot_epoch], sequence=sequence
        )
        _insert(database, moved, is_whole=row.is_whole)


def _is_readable(body: bytes) -> bool:
    try:
        content = msgspec.msgpack.decode(body)[2]
        return content[0] in _READABLE_KINDS
    except (msgspec.DecodeError, IndexError, TypeError):
        return True  # no row at all: the older gateway sets it apart


def _park(database: Database, row: _Held) -> None:
    boot = database.execute(
        "SELECT started_us, vehicle_id FROM boots WHERE epoch = ?", (row.boot_epoch,)
    ).fetchone()
    database.execute(
        f"INSERT INTO parked_2 (started_us, vehicle_id, stream, boot_epoch, sequence, {_PLAIN},"  # noqa: S608 - constants
        " octets, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(boot or (row.captured_us, "")),
            row.stream,
            row.boot_epoch,
            row.sequence,
            row.identity,
            row.measured,
            row.captured_us,
            row.octets,
            row.body,
        ),
    )


def _unpark(database: Database) -> None:
    """Back into their lanes, under the keys they had."""
    database.execute(
        "INSERT OR IGNORE INTO boots (epoch, started_us, vehicle_id)"
        " SELECT boot_epoch, started_us, vehicle_id FROM parked_2"
    )
    columns = f"id, stream, boot_epoch, sequence, {_PLAIN}, octets, 0, body"
    query = f"SELECT {columns} FROM parked_2 ORDER BY id"  # noqa: S608 - constants
    for row in database.execute(query).fetchall():
        _insert(database, _Held(*row))
    database.execute("DROP TABLE parked_2")


def _insert(database: Database, row: _Held, *, is_whole: bool = True) -> None:
    key = (row.stream, row.boot_epoch, row.sequence)
    check = check_of(*key, row.identity, row.body, row.octets)
    database.execute(
        f"INSERT OR IGNORE INTO held (stream, boot_epoch, sequence, {_PLAIN}, octets, crc, body)"  # noqa: S608 - constants
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *key,
            row.identity,
            row.measured,
            row.captured_us,
            row.octets,
            check if is_whole else check ^ 1,
            row.body,
        ),
    )


def _new_epoch(database: Database, like: int) -> int:
    epoch: int = database.execute("SELECT coalesce(max(epoch), 0) + 1 FROM boots").fetchone()[0]
    database.execute(
        "INSERT INTO boots (epoch, started_us, vehicle_id)"
        " SELECT ?, started_us, vehicle_id FROM boots WHERE epoch = ?",
        (epoch, like),
    )
    return epoch


def _forget_octets(database: Database) -> None:
    """The check covers the reference; without it the check is that of form 1."""
    for row in _held(database, "octets IS NOT NULL"):
        if row.is_whole:
            check = check_of(row.stream, row.boot_epoch, row.sequence, row.identity, row.body)
            database.execute("UPDATE held SET crc = ? WHERE id = ?", (check, row.row_id))
