"""Rows put together from parts that are spelled once, in the way each database takes them best.

Most of a row is the same for many rows: the batch's words, the series', the moment's. A part that
is spelled once is added to each row that has it. PostgreSQL takes rows as octets of binary COPY,
SQLite as tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

import numpy as np
from sqlalchemy import (
    Column,
    Connection,
    Table,
    Uuid,
)

from protocols.uplink.time_texts import MICROSECONDS, calendar_texts, cut
from protocols.uplink.whole_numbers import Numbers

P = TypeVar("P")
"""A part of a row as a database takes it."""
Write = Callable[[Any], Any]
Insert = Callable[[], int]
_ID_DIGITS: Final = 32


class Identities(NamedTuple):
    """What tells the rows of one tenant apart, row by row, and where that is kept.

    `unique`: the columns that are unique in a table of one piece. Elsewhere `key` stands for the
    tenant, and each identity's sixteen octets (`ids`, one behind the other) are kept with the row's
    number and its time, in microseconds since 1970.
    """

    unique: Sequence[str]
    key: int
    ids: bytes
    numbers: Numbers
    times: Numbers


class Spelling(Protocol[P]):
    """How one database wants the rows of one table.

    A value is what the column's type takes, but for an id: that is its sixteen octets.
    """

    def part(self, names: Sequence[str]) -> Callable[[Sequence[object]], P]:
        """What spells the values of these columns, named as the table names them."""
        ...

    def times(self, *columns: Numbers) -> Sequence[P]:
        """A part for each row of times that none lacks, in microseconds since 1970."""
        ...

    def words(self, column: Sequence[str]) -> Sequence[P]:
        """A part for each row of one text, which is empty where there is none."""
        ...

    def own(self, ids: bytes, *columns: Numbers) -> Sequence[P]:
        """A part for each row of an id and wide integers that none lacks."""
        ...

    def joined(self, *parts: Sequence[P]) -> Sequence[P]:
        """Parts made of these, each given row by row."""
        ...

    def rows(self, names: Sequence[str], *parts: Sequence[P]) -> Sequence[P]:
        """The rows of these parts, which name all of `names` in this order; for `inserts` alone."""
        ...

    def numbers(self, count: int) -> Numbers:
        """The numbers so many rows are to have; none where the table numbers them itself."""
        ...

    def inserts(
        self, names: Sequence[str], rows: Sequence[P], identities: Identities
    ) -> Iterator[Insert]:
        """Ways to store rows of these columns.

        Each is to be tried in a savepoint of its own, the next one when a rule of the table is
        broken; the last leaves rows whose identity is stored already. Each says how many rows were
        new.
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

    def times(self, *columns: Numbers) -> Sequence[tuple[object, ...]]:
        """As text without a zone."""
        texts = [calendar_texts(column, MICROSECONDS, " ").decode() for column in columns]
        return list(zip(*(cut(text, MICROSECONDS) for text in texts), strict=True))

    def words(self, column: Sequence[str]) -> Sequence[tuple[object, ...]]:
        """As they are."""
        return [(word or None,) for word in column]

    def own(self, ids: bytes, *columns: Numbers) -> Sequence[tuple[object, ...]]:
        """The id as hexadecimal digits."""
        digits = ids.hex()
        names = [digits[at : at + _ID_DIGITS] for at in range(0, len(digits), _ID_DIGITS)]
        return list(zip(names, *(column.tolist() for column in columns), strict=True))

    def joined(self, *parts: Sequence[tuple[object, ...]]) -> Sequence[tuple[object, ...]]:
        """One behind the other."""
        return [tuple(chain.from_iterable(row)) for row in zip(*parts, strict=True)]

    def rows(
        self, names: Sequence[str], *parts: Sequence[tuple[object, ...]]
    ) -> Sequence[tuple[object, ...]]:
        """One behind the other."""
        del names
        return self.joined(*parts)

    def numbers(self, count: int) -> Numbers:
        """SQLite numbers rows by itself."""
        del count
        return np.zeros(0, np.int64)

    def inserts(
        self,
        names: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        identities: Identities,
    ) -> Iterator[Insert]:
        """By INSERT ... ON CONFLICT DO NOTHING: the table's own unique columns say what is new."""
        statement = (
            f"INSERT INTO {self._table.name} ({listed(names)})"  # noqa: S608 - names of our own schema
            f" VALUES ({', '.join('?' * len(names))})"
            f" ON CONFLICT ({', '.join(identities.unique)}) DO NOTHING"
        )
        options = {"preserve_rowcount": True}

        def insert() -> int:
            taken = self._connection.exec_driver_sql(
                statement, list(rows), execution_options=options
            )
            return taken.rowcount

        yield insert


def listed(names: Sequence[str]) -> str:
    """Columns as a statement lists them."""
    return ", ".join(f'"{name}"' for name in names)
