"""Rows as PostgreSQL's binary COPY has them, and the keys that say whose they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from json import dumps
from struct import Struct
from typing import Any, Final, cast

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
from cloud.db.spelling import Identities, Insert, Write, listed

KEYS: Final = ("observation_id", "tenant_key", "row_id", "observed_at")
"""The columns of a table of keys."""
_LENGTH: Final = Struct(">i")
_NULL: Final = _LENGTH.pack(-1)
_FOUR: Final = Struct(">ii")
_EIGHT: Final = Struct(">iq")
_COUNT: Final = Struct(">h")
_SIXTEEN: Final = _LENGTH.pack(16)
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


def keys_of(table: str) -> str:
    """The table of the keys of a table."""
    return f"{table}_keys"


class CopySpelling:
    """Rows as PostgreSQL's binary COPY has them.

    Rows that are all new, as nearly always, go straight into the table, and their keys into its
    table of keys. When one was there before they go into a table of the transaction's own, and
    from there those whose key is new.
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

    def numbers(self, count: int) -> Sequence[int]:
        """From the table's own sequence."""
        found = self._connection.exec_driver_sql(
            f"SELECT nextval('{self._table.name}_row_id_seq') FROM generate_series(1, %s)",  # noqa: S608 - names of our own schema
            (count,),
        )
        return list(found.scalars())

    def inserts(
        self, names: Sequence[str], rows: Sequence[bytes], identities: Identities
    ) -> Iterator[Insert]:
        """By COPY of keys and rows; then by COPY and what the keys let in."""
        octets = _file(len(names), rows)
        yield partial(self._straight, names, octets, identities)
        yield partial(self._staged, names, octets, identities)

    def _straight(self, names: Sequence[str], octets: bytes, identities: Identities) -> int:
        self._copied(keys_of(self._table.name), KEYS, _keys(identities))
        return self._copied(self._table.name, names, octets)

    def _staged(self, names: Sequence[str], octets: bytes, identities: Identities) -> int:
        table, staged, columns = self._table.name, f"new_{self._table.name}", listed(names)
        run = self._connection.exec_driver_sql
        run(
            f"CREATE TEMP TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS"  # noqa: S608 - names of our own schema
            f" AS SELECT {columns} FROM {table} WITH NO DATA"
        )
        run(f"DELETE FROM {staged}")  # noqa: S608 - as above
        self._copied(staged, names, octets)
        run(
            f"INSERT INTO {keys_of(table)} ({listed(KEYS)})"  # noqa: S608 - as above
            f" SELECT observation_id, %s, row_id, observed_at FROM {staged}"
            " ORDER BY observation_id, row_id ON CONFLICT DO NOTHING",
            (identities.key,),
        )
        # A row is let in by its own key, which bears its number.
        return run(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {staged} AS row"  # noqa: S608 - as above
            f" WHERE EXISTS (SELECT FROM {keys_of(table)} AS key"
            " WHERE key.observation_id = row.observation_id AND key.tenant_key = %s"
            " AND key.row_id = row.row_id)",
            (identities.key,),
        ).rowcount

    def _copied(self, table: str, names: Sequence[str], octets: bytes) -> int:
        raw = cast("psycopg.Connection[Any]", self._connection.connection.driver_connection)
        statement = f"COPY {table} ({listed(names)}) FROM STDIN (FORMAT BINARY)"
        try:
            with raw.cursor() as cursor:
                with cursor.copy(statement.encode()) as copy:
                    copy.write(octets)
                return cursor.rowcount
        except psycopg.Error as exc:
            raise DBAPIError.instance("COPY", None, exc, psycopg.Error) from exc


def _file(columns: int, rows: Sequence[bytes]) -> bytes:
    """Rows of so many columns as one COPY takes them."""
    count = _COUNT.pack(columns)
    return b"".join((_HEAD, count, count.join(rows), _END))


def _keys(identities: Identities) -> bytes:
    key = _eight(identities.key)
    return _file(
        len(KEYS),
        [
            b"%b%b%b%b%b" % (_SIXTEEN, identity, key, _EIGHT.pack(8, number), _time(at))
            for identity, number, at in zip(
                identities.ids, identities.numbers, identities.times, strict=True
            )
        ],
    )


def _writer_of(column: Column[Any]) -> Write:
    return next(write for kind, write in _WRITERS if isinstance(column.type, kind))
