"""Rows put together from parts that are spelled once, in the way each database takes them best.

Most of a row is the same for many rows: the batch's words, the series', the moment's. A part that
is spelled once is added to each row that has it. PostgreSQL takes rows as octets of binary COPY,
SQLite as tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from json import dumps
from struct import Struct
from typing import Any, Final, Protocol, TypeVar, cast

import psycopg
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
)
from sqlalchemy.exc import DBAPIError

from cloud.db.base import ExactDecimal, UtcDateTime

P = TypeVar("P")
"""A part of a row as a database takes it."""
Write = Callable[[Any], Any]
Insert = Callable[[], int]


class Spelling(Protocol[P]):
    """How one database wants the rows of one table.

    A value is what the column's type takes, but for an id: that is its sixteen octets.
    """

    def part(self, names: Sequence[str]) -> Callable[[Sequence[object]], P]:
        """What spells the values of these columns, named as the table names them."""
        ...

    def row(self, parts: Sequence[P]) -> P:
        """A row of these parts."""
        ...

    def inserts(
        self, names: Sequence[str], rows: Sequence[P], conflict: Sequence[str]
    ) -> Iterator[Insert]:
        """Ways to store the rows, whose parts name all of `names` in this order.

        Each is to be tried in a savepoint of its own, the next one when a rule of the table is
        broken; the last leaves rows that have the same as a stored one in the unique columns
        `conflict`. Each says how many rows were new.
        """
        ...


class TupleSpelling:
    """Rows as tuples of what the driver binds (SQLite)."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table
        self._writers = {one.name: self._writer(one) for one in table.columns}

    def _writer(self, column: Column[Any]) -> Write | None:
        if isinstance(column.type, Uuid):
            return bytes.hex
        dialect = self._connection.dialect
        return cast("Write | None", column.type.dialect_impl(dialect).bind_processor(dialect))

    def part(self, names: Sequence[str]) -> Callable[[Sequence[object]], tuple[object, ...]]:
        """As the driver binds them."""
        writers = [self._writers[name] for name in names]

        def spell(values: Sequence[object]) -> tuple[object, ...]:
            return tuple(
                [
                    value if write is None or value is None else write(value)
                    for write, value in zip(writers, values, strict=True)
                ]
            )

        return spell

    def row(self, parts: Sequence[tuple[object, ...]]) -> tuple[object, ...]:
        """One behind the other."""
        return tuple(chain.from_iterable(parts))

    def inserts(
        self,
        names: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        conflict: Sequence[str],
    ) -> Iterator[Insert]:
        """By INSERT ... ON CONFLICT DO NOTHING."""
        statement = (
            f"INSERT INTO {self._table.name} ({_listed(names)})"  # noqa: S608 - names of our own schema
            f" VALUES ({', '.join('?' * len(names))})"
            f" ON CONFLICT ({', '.join(conflict)}) DO NOTHING"
        )
        options = {"preserve_rowcount": True}

        def insert() -> int:
            taken = self._connection.exec_driver_sql(
                statement, list(rows), execution_options=options
            )
            return taken.rowcount

        yield insert


_LENGTH: Final = Struct(">i")
_NULL: Final = _LENGTH.pack(-1)
_FOUR: Final = Struct(">ii")
_EIGHT: Final = Struct(">iq")
_COUNT: Final = Struct(">h")
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def _octets(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def _text(value: object) -> bytes:
    return _octets(str(value).encode())


def _four(value: int) -> bytes:
    return _FOUR.pack(4, value)


def _eight(value: int) -> bytes:
    return _EIGHT.pack(8, value)


def _time(value: datetime) -> bytes:
    return _EIGHT.pack(8, (value - _EPOCH) // _MICROSECOND)


def _document(value: object) -> bytes:
    return _text(dumps(value))


_WRITERS: Final[tuple[tuple[type, Write], ...]] = (
    (ExactDecimal, _text),
    (UtcDateTime, _time),
    (JSON, _document),
    (Uuid, _octets),
    (LargeBinary, _octets),
    (BigInteger, _eight),
    (Integer, _four),
    (String, _text),
)
"""By type, the narrower before the wider: a BigInteger is an Integer too."""


class CopySpelling:
    """Rows as PostgreSQL's binary COPY has them.

    Rows that are all new, as nearly always, go straight into the table. When one was there before
    they go into a table of the transaction's own, and from there those that are new.
    """

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table
        self._writers = {one.name: _writer_of(one) for one in table.columns}

    def part(self, names: Sequence[str]) -> Callable[[Sequence[object]], bytes]:
        """Each with its length in front."""
        writers = [self._writers[name] for name in names]

        def spell(values: Sequence[object]) -> bytes:
            return b"".join(
                [
                    _NULL if value is None else write(value)
                    for write, value in zip(writers, values, strict=True)
                ]
            )

        return spell

    def row(self, parts: Sequence[bytes]) -> bytes:
        """One behind the other."""
        return b"".join(parts)

    def inserts(
        self, names: Sequence[str], rows: Sequence[bytes], conflict: Sequence[str]
    ) -> Iterator[Insert]:
        """By COPY; then by COPY and INSERT ... ON CONFLICT DO NOTHING."""
        count = _COUNT.pack(len(names))
        octets = b"".join((_HEAD, count, count.join(rows), _END))
        yield partial(self._copied, self._table.name, names, octets)
        yield partial(self._staged, names, octets, conflict)

    def _staged(self, names: Sequence[str], octets: bytes, conflict: Sequence[str]) -> int:
        table, staged, listed = self._table.name, f"columns_of_{self._table.name}", _listed(names)
        self._connection.exec_driver_sql(
            f"CREATE TEMP TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS"  # noqa: S608 - names of our own schema
            f" AS SELECT {listed} FROM {table} WITH NO DATA"
        )
        self._connection.exec_driver_sql(f"DELETE FROM {staged}")  # noqa: S608 - as above
        self._copied(staged, names, octets)
        return self._connection.exec_driver_sql(
            f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {staged}"  # noqa: S608 - as above
            f" ON CONFLICT ({', '.join(conflict)}) DO NOTHING"
        ).rowcount

    def _copied(self, table: str, names: Sequence[str], octets: bytes) -> int:
        raw = cast("psycopg.Connection[Any]", self._connection.connection.driver_connection)
        statement = f"COPY {table} ({_listed(names)}) FROM STDIN (FORMAT BINARY)"
        try:
            with raw.cursor() as cursor:
                with cursor.copy(statement.encode()) as copy:
                    copy.write(octets)
                return cursor.rowcount
        except psycopg.Error as exc:
            raise DBAPIError.instance("COPY", None, exc, psycopg.Error) from exc


def _writer_of(column: Column[Any]) -> Write:
    return next(write for kind, write in _WRITERS if isinstance(column.type, kind))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
