"""Read from a broken file what can still be read, around the pages that cannot.

A file that is set aside is called `buffer-salvage-...` until it has been read to its end, so that
a power cut or a full disk in the middle costs nothing: the next start reads it again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from edge.buffer.bundles import COLUMNS, SPAN, Bundle
from edge.buffer.database import Database, connect_to_read
from edge.buffer.faults import fault_of, translated
from edge.buffer.lanes import FIRST_GENERATION
from edge.buffer.policy import PAGE_OCTETS
from edge.buffer.rows import Stream
from edge.errors import BufferFullError

log = logging.getLogger(__name__)

SUFFIXES: Final = ("", "-wal", "-shm")
SET_ASIDE: Final = "buffer-*-*.db"
_UNREAD: Final = "buffer-salvage-"
_READ: Final = "buffer-damaged-"
_GIVE_UP_AFTER: Final = 10_000
# No span of such a file can be read, however small; or the table is not in this form.
_HOPELESS: Final = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_ROWS_A_COMMIT: Final = 500
_BUNDLES_A_COMMIT: Final = 20
_STREAMS: Final = frozenset(stream.value for stream in Stream)
_MISSING: Final = {"octets": "NULL", "clock": "0", "head": "NULL"}
"""What older forms have no column for."""
_INSERT: Final = f"INSERT OR IGNORE INTO held (rows, {COLUMNS}) VALUES ({', '.join('?' * 13)})"  # noqa: S608 - constants
# What was read before and waits already is not read once more.
_ONCE: Final = "CREATE UNIQUE INDEX IF NOT EXISTS salvaged ON held (stream, boot_epoch, sequence)"
_NO_MORE: Final = "DROP INDEX IF EXISTS salvaged"
_NEXT_ID: Final = f"SELECT id + {SPAN} FROM held WHERE id < ? ORDER BY id DESC LIMIT 1"  # noqa: S608 - a constant
_KEPT: Final = "stream, boot_epoch, sequence, observation_id, captured_us, body, reason, moved_us"
_BOOTS: Final = "epoch, started_us, vehicle_id"
_CLOCKS: Final = "boot_epoch, number, machine_boot, difference_us, state, correction_us"

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was read from one file. `is_complete`: to its end, as far as it could be read."""

    set_aside: Path
    salvaged: int
    is_complete: bool


def set_aside(path: Path, now: datetime) -> Path:
    """Move a broken store out of the way, its log with it."""
    aside = path.with_name(f"{_UNREAD}{now:%Y%m%dT%H%M%S%f}.db")
    _move(path, aside, SUFFIXES)
    return aside


def finish_setting_aside(path: Path) -> None:
    """After a power cut in the middle: a log without its file follows the file."""
    unread = unread_files(path.parent)
    if unread and not path.exists():
        _move(path, unread[-1], SUFFIXES[1:])


def unread_files(folder: Path) -> list[Path]:
    """Broken files that nobody has read to the end, oldest first."""
    return sorted(folder.glob(f"{_UNREAD}*.db"))


def salvage(broken: Path, database: Database) -> Salvage:
    """Copy what is whole into an open store. A full store ends it; the file waits for more room."""
    _restore_length(broken)
    count, is_complete = 0, True
    try:
        with translated():
            database.execute(_ONCE)
            begin = database.execute(_NEXT_ID, (FIRST_GENERATION,)).fetchone()
        for rows in _pieces(broken, 1 if begin is None else begin[0]):
            with translated():
                count += _copy(rows, database)
    except BufferFullError as exc:
        is_complete = False
        log.warning("salvage not finished file=%s reason=%r", broken.name, str(exc))
    with suppress(BufferFullError), translated():
        database.execute(_NO_MORE)
    if is_complete:
        finished = broken.with_name(broken.name.replace(_UNREAD, _READ))
        _move(broken, finished, SUFFIXES)
        broken = finished
    return Salvage(broken, count, is_complete)


def _move(path: Path, to: Path, suffixes: tuple[str, ...]) -> None:
    for suffix in suffixes:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(to.with_name(to.name + suffix))


_Piece = tuple[str, list[_Row]]


def _pieces(broken: Path, next_id: int) -> Iterator[_Piece]:
    """Statements with their rows, in the order they must be written."""
    has = {table: _columns(broken, table) for table in ("held", "clocks", "quarantine")}
    yield from _copies(broken, "boots", "epoch", _BOOTS)
    if has["clocks"]:
        yield from _copies(broken, "clocks", None, _CLOCKS)
    yield from _copies(broken, "totals", None, "name, amount")
    yield from _bundles(broken, has["held"], next_id)
    tail = "".join(f", {name}" for name in ("octets", "clock") if name in has["quarantine"])
    yield from _copies(broken, "quarantine", "id", _KEPT + tail)


def _bundles(broken: Path, has: frozenset[str], next_id: int) -> Iterator[_Piece]:
    """What is whole of what waits, under ids that no start gives."""
    names = COLUMNS.split(", ")[1:]
    columns = ", ".join(name if name in has else _MISSING.get(name, name) for name in names)
    piece: list[_Row] = []
    for record in _readable(broken, "held", "id", columns):
        bundle = _sound(record, next_id)
        if bundle is not None:
            next_id = bundle.last + 1
            piece.append((len(bundle.ids()), *bundle))
        if len(piece) >= _BUNDLES_A_COMMIT:
            yield _INSERT, piece
            piece = []
    yield _INSERT, piece


def _columns(broken: Path, table: str) -> frozenset[str]:
    rows = _rows_between(broken, f"SELECT name FROM pragma_table_info('{table}')")  # noqa: S608 - constants
    return frozenset(row[0] for row in rows)


def _copies(broken: Path, table: str, key: str | None, columns: str) -> Iterator[_Piece]:
    places = ", ".join("?" * (columns.count(",") + 1))
    statement = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - constants
    if key is None:
        rows = _rows_between(broken, f"SELECT {columns} FROM {table}")  # noqa: S608 - constants
    else:
        rows = _readable(broken, table, key, columns)
    piece: list[_Row] = []
    for row in rows:
        piece.append(row)
        if len(piece) >= _ROWS_A_COMMIT:
            yield statement, piece
            piece = []
    yield statement, piece


def _copy(piece: _Piece, database: Database) -> int:
    """One commit; how many readings came with it."""
    statement, rows = piece
    database.execute("BEGIN IMMEDIATE")
    written = 0
    try:
        for row in rows:
            try:
                was_new = database.execute(statement, row).rowcount
                written += row[0] if was_new and statement is _INSERT else 0
            except sqlite3.IntegrityError:
                log.warning("row not salvaged reason=%r", "its columns hold something else")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    return written


def _restore_length(broken: Path) -> None:
    """A file cut short is refused whole; with zeros at its end the rest can be read."""
    with broken.open("r+b") as file:
        header = file.read(32)
        pages = int.from_bytes(header[28:32], "big")
        length = pages * PAGE_OCTETS
        if header.startswith(b"SQLite format 3\0") and broken.stat().st_size < length:
            file.truncate(length)


def _sound(record: _Row, row_id: int) -> Bundle | None:
    """What is whole of a record, under another id; None when nothing of it is."""
    stream, epoch, sequence, identity, measured, captured, octets, clock, crc, head, body = record
    is_one = (
        all(isinstance(it, int) for it in (stream, epoch, sequence, measured, captured, clock, crc))
        and stream in _STREAMS
        and isinstance(identity, bytes | None)
        and isinstance(body, bytes)
        and isinstance(head, bytes | None)
        and isinstance(octets, str | None)
    )
    if not is_one:
        return None
    bundle = Bundle(row_id, *record)
    damaged = frozenset(row.row_id for row in bundle.rows() if not row.is_whole)
    return bundle.without(damaged) if damaged else bundle


def _readable(broken: Path, table: str, key: str, columns: str) -> Iterator[_Row]:
    """Every row of a table that can still be read, looking around broken pages."""
    query = f"SELECT {key}, {columns} FROM {table} WHERE {key} BETWEEN ? AND ? ORDER BY {key}"  # noqa: S608 - constants
    with closing(connect_to_read(broken)) as database:
        spans, failures = [_span(database, table, key)], 0
        while spans and failures < _GIVE_UP_AFTER:
            low, high = spans.pop()
            seen = low - 1
            try:
                for row in database.execute(query, (low, high)):
                    seen = row[0]
                    yield row[1:]
            except sqlite3.Error as exc:
                if exc.sqlite_errorcode in _HOPELESS:
                    return
                failures += 1
                low = seen + 1
                if low < high:
                    middle = (low + high) // 2
                    spans += [(middle + 1, high), (low, middle)]


def _rows_between(broken: Path, query: str) -> Iterator[_Row]:
    with closing(connect_to_read(broken)) as database:
        try:
            yield from database.execute(query)
        except sqlite3.Error as exc:
            log.warning("salvage stopped reason=%r", str(fault_of(exc)))


def _span(database: Database, table: str, key: str) -> tuple[int, int]:
    bounds = []
    for end in ("min", "max"):
        try:
            bounds.append(database.execute(f"SELECT {end}({key}) FROM {table}").fetchone()[0])  # noqa: S608 - constants
        except sqlite3.Error:
            bounds.append(None)
    low, high = bounds
    return (low or 0, high if high is not None else (low or 0) + 10_000_000)
