"""Open the store whatever state it was left in; what is broken is set aside, never deleted."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from edge.buffer.faults import DISK_FULL_MEND, fault_of, translated
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.reserve import DiskReserve
from edge.buffer.rows import check_of, to_microseconds
from edge.buffer.store import ObservationStore
from edge.errors import BufferDamagedError, BufferFaultError, BufferFullError

log = logging.getLogger(__name__)
T = TypeVar("T")

FILE_NAME: Final = "buffer.db"
RESERVE_NAME: Final = "buffer.reserve"
SCHEMA_VERSION: Final = 1
_SCHEMA: Final = Path(__file__).with_name("schema.sql")
_EPOCHS_BEGIN: Final = datetime(2025, 1, 1, tzinfo=UTC)
# After damage the last epoch may be unreadable: leave room for more starts than there can be.
_EPOCHS_SKIPPED: Final = 3600
_GIVE_UP_AFTER: Final = 2000
# The log keeps its room after a checkpoint, so that writing goes on when the disk fills up.
_LOG_OCTETS: Final = 8 << 20
_PRIVATE: Final = 0o600

_HeldRow = tuple[int, int, int, int, bytes | None, int, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening found: where the broken file went, and how many rows were read from it."""

    set_aside: Path
    salvaged: int


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """The store and, when the file was broken, what was done."""

    store: ObservationStore
    recovery: Recovery | None


def open_store(
    folder: Path, *, policy: BufferPolicy, vehicle_id: str, now: datetime
) -> OpenedStore:
    """Open or make the store in `folder` and begin a new boot epoch.

    Raises BufferFullError when the disk has no room to begin, BufferFaultError when the file
    belongs to a newer program or cannot be opened.
    """
    path = folder / FILE_NAME
    reserve = DiskReserve(folder / RESERVE_NAME, policy.disk_reserve_bytes)
    recovery = None
    try:
        database = _with_room(partial(_open, path, policy), reserve)
    except BufferDamagedError as exc:
        recovery, database = _replace(path, policy, reserve, now)
        log.warning(
            "buffer damaged reason=%r set_aside=%s salvaged=%d",
            str(exc),
            recovery.set_aside.name,
            recovery.salvaged,
        )
    try:
        epoch, vehicles = _with_room(
            partial(_begin_epoch, database, vehicle_id, now, skip=recovery is not None), reserve
        )
        store = ObservationStore(
            database, policy=policy, reserve=reserve, boot_epoch=epoch, vehicles=vehicles
        )
        _refuse_useless_start(store, reserve)
    except BaseException:
        database.close()
        raise
    return OpenedStore(store, recovery)


def _refuse_useless_start(store: ObservationStore, reserve: DiskReserve) -> None:
    """With rows inside, a full disk is a reason to run and send them; with none it is not."""
    if not reserve.hold() and not sum(store.counts().waiting.values()):
        raise BufferFullError(
            f"the disk has no room for the buffer's reserve of {reserve.octets} octets",
            mend=DISK_FULL_MEND,
        )


def held_rows(folder: Path) -> int:
    """Rows that wait in a folder whose gateway does not run; 0 when there is no store."""
    path = folder / FILE_NAME
    if not path.is_file():
        return 0
    with translated():
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            count: int = database.execute("SELECT count(*) FROM held").fetchone()[0]
        finally:
            database.close()
    return count


def _with_room(act: Callable[[], T], reserve: DiskReserve) -> T:
    """Do it; on a full disk once more, with the reserve given up."""
    try:
        return act()
    except BufferFullError:
        if not reserve.give_up():
            raise
        log.warning("disk reserve given up to start octets=%d", reserve.octets)
        return act()


def _make_private(path: Path) -> None:
    """For its owner alone, before the first row; sqlite gives the log and its index the same."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE))
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.chmod(_PRIVATE)
    except OSError as exc:
        # Whether the file is of use is for sqlite to say.
        log.warning("buffer not made private reason=%r", exc.strerror)


def _open(path: Path, policy: BufferPolicy) -> sqlite3.Connection:
    _make_private(path)
    with translated():
        database = sqlite3.connect(path, isolation_level=None, timeout=2)
    try:
        with translated():
            _prepare(database, path, policy)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path, policy: BufferPolicy) -> None:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise BufferFaultError(
            f"{path.name} was made by a newer gateway (form {version}, known {SCHEMA_VERSION})",
            mend="Install that version again, or start with another data folder",
        )
    if version == 0:
        database.execute(f"PRAGMA page_size = {PAGE_OCTETS}")
        # Free pages can be given back, so that a disk we filled ourselves can recover.
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    # FULL: the log is synced to disk at every commit; this is what a confirm stands on.
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"PRAGMA max_page_count = {policy.max_pages}")
    database.execute(f"PRAGMA journal_size_limit = {_LOG_OCTETS}")
    if version == 0:
        database.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA.read_text(encoding='utf-8')}"
            f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
        return
    verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise BufferDamagedError(f"the buffer's file is damaged ({verdict})")


def _begin_epoch(
    database: sqlite3.Connection, vehicle_id: str, now: datetime, *, skip: bool
) -> tuple[int, dict[int, str]]:
    """Write the new epoch; it is greater than every one before, even in a file now lost."""
    by_clock = int((now - _EPOCHS_BEGIN).total_seconds()) + (_EPOCHS_SKIPPED if skip else 0)
    try:
        with translated():
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "DELETE FROM boots WHERE epoch NOT IN (SELECT DISTINCT boot_epoch FROM held)"
                " AND epoch < (SELECT max(epoch) FROM boots)"
            )
            last = database.execute(
                "SELECT max((SELECT coalesce(max(epoch), 0) FROM boots),"
                " (SELECT coalesce(max(boot_epoch), 0) FROM held))"
            ).fetchone()[0]
            epoch = max(last + 1, by_clock, 1)
            database.execute(
                "INSERT INTO boots VALUES (?, ?, ?)", (epoch, to_microseconds(now), vehicle_id)
            )
            database.execute("COMMIT")
            return epoch, dict(database.execute("SELECT epoch, vehicle_id FROM boots"))
    except BufferFaultError:
        if database.in_transaction:
            with translated():
                database.execute("ROLLBACK")
        raise


def _replace(
    path: Path, policy: BufferPolicy, reserve: DiskReserve, now: datetime
) -> tuple[Recovery, sqlite3.Connection]:
    """Set the broken file aside and read what can be read from it into a new one."""
    aside = path.with_name(f"buffer-damaged-{now:%Y%m%dT%H%M%S%f}.db")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    database = _with_room(partial(_open, path, policy), reserve)
    return Recovery(aside, _salvage(aside, database)), database


def _salvage(broken: Path, database: sqlite3.Connection) -> int:
    salvaged = 0
    _restore_length(broken)
    with translated():
        database.execute("BEGIN IMMEDIATE")
        for boot in _readable(broken, "boots", "epoch", "epoch, started_us, vehicle_id"):
            database.execute("INSERT OR IGNORE INTO boots VALUES (?, ?, ?)", boot)
        for total in _readable(broken, "totals", "rowid", "name, amount", keyed=False):
            database.execute("INSERT OR IGNORE INTO totals VALUES (?, ?)", total)
        columns = (
            "id, stream, boot_epoch, sequence, observation_id, measured, captured_us, crc, body"
        )
        for row in _readable(broken, "held", "id", columns):
            _, stream, epoch, sequence, identity, _, _, crc, body = row
            if _is_whole(row) and check_of(stream, epoch, sequence, identity, body) == crc:
                salvaged += database.execute(
                    f"INSERT OR IGNORE INTO held ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
                    row,
                ).rowcount
        database.execute("COMMIT")
    return salvaged


def _restore_length(broken: Path) -> None:
    """A file cut short is refused whole; with zeros at its end the rest can be read."""
    with broken.open("r+b") as file:
        header = file.read(32)
        pages = int.from_bytes(header[28:32], "big")
        length = pages * PAGE_OCTETS
        if header.startswith(b"SQLite format 3\0") and broken.stat().st_size < length:
            file.truncate(length)


def _is_whole(row: _HeldRow) -> bool:
    _, stream, epoch, sequence, identity, measured, captured, _, body = row
    return (
        all(isinstance(number, int) for number in (stream, epoch, sequence, measured, captured))
        and stream in (0, 1)
        and isinstance(identity, bytes | None)
        and isinstance(body, bytes)
    )


def _readable(
    broken: Path, table: str, key: str, columns: str, *, keyed: bool = True
) -> Iterator[_HeldRow]:
    """Every row of a table that can still be read, looking around broken pages."""
    try:
        database = sqlite3.connect(f"file:{broken}?mode=ro", uri=True)
    except sqlite3.Error as exc:
        log.warning("salvage impossible table=%s reason=%r", table, str(fault_of(exc)))
        return
    try:
        if not keyed:
            yield from _rows_between(database, f"SELECT {columns} FROM {table}", ())  # noqa: S608 - constants
            return
        query = f"SELECT {columns} FROM {table} WHERE {key} BETWEEN ? AND ? ORDER BY {key}"  # noqa: S608 - constants
        spans, failures = [_span(database, table, key)], 0
        while spans and failures < _GIVE_UP_AFTER:
            low, high = spans.pop()
            seen = low - 1
            try:
                for row in database.execute(query, (low, high)):
                    seen = row[0]
                    yield row
            except sqlite3.Error as exc:
                if exc.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                    return
                failures += 1
                low = seen + 1
                if low < high:
                    middle = (low + high) // 2
                    spans += [(middle + 1, high), (low, middle)]
    finally:
        database.close()


def _rows_between(
    database: sqlite3.Connection, query: str, values: tuple[int, ...]
) -> Iterator[_HeldRow]:
    try:
        yield from database.execute(query, values)
    except sqlite3.Error as exc:
        log.warning("salvage stopped reason=%r", str(fault_of(exc)))


def _span(database: sqlite3.Connection, table: str, key: str) -> tuple[int, int]:
    bounds = []
    for end in ("min", "max"):
        try:
            bounds.append(database.execute(f"SELECT {end}({key}) FROM {table}").fetchone()[0])  # noqa: S608 - constants
        except sqlite3.Error:
            bounds.append(None)
    low, high = bounds
    return (low or 0, high if high is not None else (low or 0) + 10_000_000)
