"""Many rows at once into PostgreSQL: COPY into a table of the transaction's own, then what is new.

COPY is the fastest way in and knows no conflicts; INSERT ... SELECT ... ON CONFLICT DO NOTHING is
idempotent. Together they are both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from json import dumps
from typing import Any

import psycopg
from sqlalchemy import JSON, Connection, Table
from sqlalchemy.exc import DBAPIError

from cloud.db.base import ExactDecimal

Row = Mapping[str, Any]


def copy_new(
    connection: Connection, table: Table, rows: Sequence[Row], conflict: Sequence[str]
) -> int:
    """Insert what is new of `rows`; how many that were.

    `rows` name columns by their keys, all of them the same ones. `conflict`: the unique columns.
    DBAPIError of the kind that an INSERT would raise.
    """
    columns = [(key, table.c[key]) for key in rows[0]]
    names = ", ".join(f'"{column.name}"' for _, column in columns)
    staged = f"staged_{table.name}"
    keys = [key for key, _ in columns]
    writers = [_writer(column.type) for _, column in columns]
    statements = (
        f"CREATE TEMP TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS"  # noqa: S608 - names of our own schema
        f" AS SELECT {names} FROM {table.name} WITH NO DATA;"
        # A second lot of the same transaction begins with an empty table.
        f" DELETE FROM {staged}",
        f"COPY {staged} ({names}) FROM STDIN",
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {staged}"  # noqa: S608 - names of our own schema
        f" ON CONFLICT ({', '.join(conflict)}) DO NOTHING",
    )
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor:
            cursor.execute(statements[0])
            with cursor.copy(statements[1]) as copy:
                for row in _written(rows, keys, writers):
                    copy.write_row(row)
            cursor.execute(statements[2])
            stored: int = cursor.rowcount
    except psycopg.Error as exc:
        raise DBAPIError.instance("COPY", None, exc, psycopg.Error) from exc
    return stored


Writer = Callable[[Any], object]


def _writer(kind: object) -> Writer | None:
    """How a value becomes what COPY's text form needs; None for one that is it already."""
    if isinstance(kind, ExactDecimal):
        return str
    if isinstance(kind, JSON):
        return _document
    return None


def _document(value: object) -> str:
    # Most are the flags and supplements that a reading has none of.
    return "[]" if value == [] else dumps(value)


def _written(
    rows: Iterable[Row], keys: Sequence[str], writers: Sequence[Writer | None]
) -> Iterable[list[object]]:
    pairs = list(zip(keys, writers, strict=True))
    for row in rows:
        yield [
            row[key] if write is None or row[key] is None else write(row[key])
            for key, write in pairs
        ]
