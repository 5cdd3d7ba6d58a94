"""Read from a broken file what can still be read, around the pages that cannot.

A file that is set aside is called `buffer-salvage-...` until it has been read to its end, so that
a power cut or a full disk in the middle costs nothing: the next start reads it again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from edge.buffer.database import Database, connect_to_read
from edge.buffer.faults import fault_of, translated
from edge.buffer.policy import PAGE_OCTETS
from edge.buffer.rows import Stream, check_of
from edge.errors import BufferFullError

log = logging.getLogger(__name__)

SUFFIXES: Final = ("", "-wal", "-shm")
SET_ASIDE: Final = "buffer-*-*.db"
_UNREAD: Final = "buffer-salvage-"
_READ: Final = "buffer-damaged-"
_GIVE_UP_AFTER: Final = 2000
# No span of such a file can be read, however small; or the table is not in this form.
_HOPELESS: Final = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_ROWS_A_COMMIT: Final = 500
_STREAMS: Final = frozenset(stream.value for stream in Stream)
_HELD: Final = "stream, boot_epoch, sequence, observation_id, measured, captured_us, crc, body"
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
        for rows in _pieces(broken):
            with translated():
                count += _copy(rows, database)
    except BufferFullError as exc:
        is_complete = False
        log.warning("salvage not finished file=%s reason=%r", broken.name, str(exc))
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


def _pieces(broken: Path) -> Iterator[_Piece]:
    """Statements with their rows, in the order they must be written."""
    has = {table: _columns(broken, table) for table in ("held", "clocks")}
    tail = ", octets" if "octets" in has["held"] else ""
    yield from _copies(broken, "boots", "epoch", _BOOTS)
    if has["clocks"]:
        yield from _copies(broken, "clocks", None, _CLOCKS)
    yield from _copies(broken, "totals", None, "name, amount")
    held = f"{tail}, clock" if tail else ""
    for statement, rows in _copies(broken, "held", "id", _HELD + held):
        yield statement, [row for row in rows if _is_whole(row)]
    yield from _copies(broken, "quarantine", "id", _KEPT + tail)


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
                written += database.execute(statement, row).rowcount
            except sqlite3.IntegrityError:
                log.warning("row not salvaged reason=%r", "its columns hold something else")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    return written if " INTO held " in statement else 0


def _restore_length(broken: Path) -> None:
    """A file cut short is refused whole; with zeros at its end the rest can be read."""
    with broken.open("r+b") as file:
        header = file.read(32)
        pages = int.from_bytes(header[28:32], "big")
        length = pages * PAGE_OCTETS
        if header.startswith(b"SQLite format 3\0") and broken.stat().st_size < length:
            file.truncate(length)


def _is_whole(row: _Row) -> bool:
    stream, epoch, sequence, identity, measured, captured, crc, body, *rest = row
    octets = rest[0] if rest else None
    return (
        all(isinstance(number, int) for number in (stream, epoch, sequence, measured, captured))
        and stream in _STREAMS
        and isinstance(identity, bytes | None)
        and isinstance(body, bytes)
        and isinstance(octets, str | None)
        and check_of(stream, epoch, sequence, identity, body, octets) == crc
    )


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
