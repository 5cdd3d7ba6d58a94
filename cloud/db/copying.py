"""Rows into PostgreSQL by COPY: the fastest way in. It knows no conflicts: keys come first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from json import dumps
from typing import Any

import psycopg
from sqlalchemy import JSON, Connection, Table
from sqlalchemy.exc import DBAPIError

from cloud.db.base import ExactDecimal

Row = Mapping[str, Any]


def copy_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Store rows that are all new; they name columns by their keys, all of them the same ones.

    DBAPIError of the kind that an INSERT would raise.
    """
    columns = [(key, table.c[key]) for key in rows[0]]
    names = ", ".join(f'"{column.name}"' for _, column in columns)
    keys = [key for key, _ in columns]
    writers = [_writer(column.type) for _, column in columns]
    raw: Any = connection.connection.driver_connection
    try:
        with (
            raw.cursor() as cursor,
            cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy,
        ):
            for row in _written(rows, keys, writers):
                copy.write_row(row)
    except psycopg.Error as exc:
        raise DBAPIError.instance("COPY", None, exc, psycopg.Error) from exc


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
