"""The engine: SQLite embedded in the data folder, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from cloud.db.errors import StorageUnreachableError

WRITING: Final = "vitalwire_writing"
BUSY_MILLISECONDS: Final = 15_000
PATIENCE_MILLISECONDS: Final = 1_000
POSTGRESQL_DRIVER: Final = "postgresql+psycopg"
RESTED: Final = 1.0
"""Seconds after which a connection to PostgreSQL is asked whether it still stands."""
_USED: Final = "used_at"
SQLITE_FILE: Final = "vitalwire.sqlite3"


def open_engine(
    *, data: Path, database_url: str | None, monotonic: Callable[[], float] = time.monotonic
) -> Engine:
    """The engine of `database_url`, or of the SQLite file in `data`; `monotonic` counts seconds.

    StorageUnreachableError when no connection can be made, with the cause and without the password.
    """
    url = _url(data, database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = _sqlite_engine(url) if is_sqlite else _postgresql_engine(url, monotonic)
    try:
        with engine.connect():
            pass
    except DBAPIError as exc:
        engine.dispose()
        where = url.database if is_sqlite else _place(url)
        raise StorageUnreachableError(
            f"the database {where} cannot be reached: {_first_line(exc)}"
        ) from exc
    return engine


def sqlite_file(*, data: Path, database_url: str | None) -> Path | None:
    """Where the embedded database is or would be; None for PostgreSQL. StorageUnreachableError."""
    url = _url(data, database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(url.database)


def _url(data: Path, database_url: str | None) -> URL:
    if not database_url:
        return URL.create("sqlite", database=str(data / SQLITE_FILE))
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        # The parser's own words may quote the URL, and with it the password.
        raise StorageUnreachableError("database_url is not a database URL") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername=POSTGRESQL_DRIVER)
    if url.drivername not in (POSTGRESQL_DRIVER, "sqlite"):
        raise StorageUnreachableError(
            f"database_url has the scheme {url.drivername}; {POSTGRESQL_DRIVER} is supported"
        )
    return url


def _place(url: URL) -> str:
    host = url.query.get("host") or url.host or "localhost"
    return f"{url.database} at {host}:{url.port or url.query.get('port') or 5432}"


def _first_line(exc: DBAPIError) -> str:
    return str(exc.orig).strip().splitlines()[0] if str(exc.orig).strip() else "no answer"


def _postgresql_engine(url: URL, monotonic: Callable[[], float]) -> Engine:
    engine = create_engine(
        url,
        # The connection that was used last knows its statements best.
        pool_use_lifo=True,
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,
        connect_args={"connect_timeout": 5},
    )
    rest = _Rest(monotonic)
    event.listen(engine, "checkin", rest.begin)
    event.listen(engine, "checkout", rest.end)
    return engine


class _Rest:
    """Asks after a rest whether the server is still there, but not between units of one rush."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic

    def begin(self, _connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        """A connection goes back to the pool."""
        entry.info[_USED] = self._monotonic()

    def end(self, connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: object) -> None:
        """It is wanted again. InvalidatePoolError: it is dead, and so may all be."""
        used_at = entry.info.get(_USED)
        if used_at is None or self._monotonic() - used_at < RESTED:
            return
        try:
            connection.cursor().execute("")
            connection.rollback()
        except psycopg.Error as exc:
            raise InvalidatePoolError from exc


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=40,
        hide_parameters=True,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    """Settings of each new connection; the transaction is begun by us, not by the driver."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "journal_size_limit=67108864",
        # What is deleted is overwritten, not only left to be.
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def empty_log(engine: Engine) -> bool:
    """Put all of SQLite's log of changes into its file and cut the log to nothing, so that what was
    deleted stands in neither; whether that was done. PostgreSQL's log is its operator's.

    It waits `PATIENCE_MILLISECONDS` for those who read or write, for somebody waits for us.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MILLISECONDS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy = bool(cursor.fetchall()[0][0])
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    finally:
        connection.close()
    return not is_busy


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once in writing units: a lock upgrade in the middle would fail."""
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
