"""Many rows in one statement, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.db.base import table_of
from cloud.db.unit_of_work import UnitOfWork


def insert_many(work: UnitOfWork, mapped: type[object], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns; those whose key is there already are left out.

    They are numbered in their order. PostgreSQL is given a list for each column: a statement with a
    parameter for each value of many rows costs more to read than to do.
    """
    if not rows:
        return
    table = table_of(mapped)
    if not work.is_postgresql:
        work.session.execute(
            sqlite_insert(table).on_conflict_do_nothing(), [dict(row) for row in rows]
        )
        return
    names = list(rows[0])
    lists = [
        bindparam(None, [row[name] for row in rows], ARRAY(table.c[name].type)) for name in names
    ]
    given = func.unnest(*lists).table_valued(*names, name="given").render_derived()
    statement = postgresql_insert(table).from_select(names, select(*given.c))
    work.session.execute(statement.on_conflict_do_nothing())
