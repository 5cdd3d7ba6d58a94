"""Rows as PostgreSQL's binary COPY has them, and the keys that say whose they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from json import dumps
from struct import Struct
from typing import Any, Final, cast

import numpy as np
import psycopg
from numpy.typing import NDArray
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
from protocols.uplink.whole_numbers import Numbers

KEYS: Final = ("observation_id", "tenant_key", "row_id", "observed_at")
"""The columns of a table of keys."""
_LENGTH: Final = Struct(">i")
_NULL: Final = _LENGTH.pack(-1)
_FOUR: Final = Struct(">ii")
_EIGHT: Final = Struct(">iq")
_COUNT: Final = Struct(">h")
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_ID: Final = "V16"
_EPOCH_US: Final = 946_684_800_000_000
"""From 1970 to PostgreSQL's epoch."""


def _octets(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def _text(value: str) -> bytes:
    octets = value.encode()
    return _LENGTH.pack(len(octets)) + octets


def _digits(value: object) -> bytes:
    return _text(str(value))


def _four(value: int) -> bytes:
    return _FOUR.pack(4, value)


def _eight(value: int) -> bytes:
    return _EIGHT.pack(8, value)


def _microseconds(value: datetime) -> int:
    """Since PostgreSQL's epoch."""
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _time(value: datetime) -> bytes:
    return _EIGHT.pack(8, _microseconds(value))


def _document(value: object) -> bytes:
    return _text(dumps(value))


_WRITERS: Final[tuple[tuple[type, Write], ...]] = (
    (ExactDecimal, _digits),
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

    def times(self, *columns: Numbers) -> Sequence[bytes]:
        """As microseconds since PostgreSQL's epoch."""
        return _cut(_table([column - _EPOCH_US for column in columns]), len(columns[0]))

    def words(self, column: Sequence[str]) -> Sequence[bytes]:
        """Each with its length in front."""
        return [_text(word) if word else _NULL for word in column]

    def own(self, ids: bytes, *columns: Numbers) -> Sequence[bytes]:
        """All at once: their lengths are known."""
        return _cut(_table([np.frombuffer(ids, _ID), *columns]), len(columns[0]))

    def joined(self, *parts: Sequence[bytes]) -> Sequence[bytes]:
        """One behind the other."""
        return list(map(b"".join, zip(*parts, strict=True)))

    def rows(self, names: Sequence[str], *parts: Sequence[bytes]) -> Sequence[bytes]:
        """All rows in one, each begun by the count of its columns."""
        counts = [_COUNT.pack(len(names))] * len(parts[0])
        return [b"".join(chain.from_iterable(zip(counts, *parts, strict=True)))]

    def numbers(self, count: int) -> Numbers:
        """From the table's own sequence, whose every number stands for a block of its own."""
        sequence = f"{self._table.name}_row_id_seq"
        given = self._connection.exec_driver_sql(
            f"SELECT nextval('{sequence}'), seqincrement FROM pg_sequence,"  # noqa: S608 - a name of our own schema
            " generate_series(1, (%s + seqincrement - 1) / seqincrement)"
            f" WHERE seqrelid = '{sequence}'::regclass",
            (count,),
        ).all()
        firsts, block = np.array([first for first, _ in given], np.int64), given[0][1]
        return (firsts[:, np.newaxis] + np.arange(block)).ravel()[:count]

    def inserts(
        self, names: Sequence[str], rows: Sequence[bytes], identities: Identities
    ) -> Iterator[Insert]:
        """By COPY of keys and rows; then by COPY and what the keys let in."""
        octets = _file(*rows)
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


def _file(*rows: bytes) -> bytes:
    """Rows, each begun by the count of its columns, as one COPY takes them."""
    return b"".join((_HEAD, *rows, _END))


def _table(columns: Sequence[NDArray[Any]], *, counted: bool = False) -> bytes:
    """Rows of these columns: each value with its length in front, `counted` their count before."""
    fields = [
        (f"{number}{part}", kind)
        for number, column in enumerate(columns)
        for part, kind in (("n", ">i4"), ("", column.dtype.newbyteorder(">")))
    ]
    count = [("count", ">i2")] if counted else []
    table = np.empty(len(columns[0]), [*count, *fields])
    if counted:
        table["count"] = len(columns)
    for number, column in enumerate(columns):
        table[f"{number}n"] = column.itemsize
        table[f"{number}"] = column
    return table.tobytes()


def _cut(octets: bytes, rows: int) -> list[bytes]:
    """The rows by themselves, which are equally long."""
    each = len(octets) // max(1, rows)
    return [octets[begin : begin + each] for begin in range(0, len(octets), each)] if rows else []


def _keys(identities: Identities) -> bytes:
    """The rows of the table of keys as one COPY takes them.

    In the order of their ids, which is that of the index: PostgreSQL finds its way along it instead
    of leaping about in it, and units that store the same rows wait for each other one way round.
    """
    ids = np.frombuffer(identities.ids, _ID)
    order = np.argsort(np.frombuffer(identities.ids, ">u8")[::2].astype(np.uint64), kind="stable")
    keys = np.full(len(ids), identities.key, np.int64)
    times = identities.times - _EPOCH_US
    columns = (ids[order], keys, identities.numbers[order], times[order])
    return _file(_table(columns, counted=True))


def _writer_of(column: Column[Any]) -> Write:
    return next(write for kind, write in _WRITERS if isinstance(column.type, kind))
