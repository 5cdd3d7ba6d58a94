"""Which measurements are stored: one key each for all months, and where its row is.

PostgreSQL keeps a unique key over all partitions only where the time of the row is part of it. It
cannot be here: a device that sends its memory again, a second gateway, or a clock put right later
bring the same measurement with another time. So a table of its own says which observation ids a
tenant has, and in which row; a row is stored by whoever put its key there. SQLite has one table and
its unique constraint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult

from cloud.core.kernel.work import UnitOfWork
from cloud.db.copy_spelling import KEYS, keys_of


@lru_cache(maxsize=4096)
def tenant_key(tenant_id: str) -> int:
    """What stands for a tenant in a key: eight octets of its SHA-256, as the schema has it."""
    return int.from_bytes(sha256(tenant_id.encode()).digest()[:8], "big", signed=True)


def claim(
    work: UnitOfWork, table: str, tenant_id: str, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Those of a tenant's rows that are new, each with the `row_id` it is to be stored under.

    PostgreSQL only. The keys are put down in this unit: the rows have to follow in it.
    """
    new: CursorResult[UUID, int] = work.session.connection().exec_driver_sql(
        f"INSERT INTO {keys_of(table)} ({', '.join(KEYS)})"  # noqa: S608 - names of our own schema
        f" SELECT id, %s, nextval('{table}_row_id_seq'), at"
        " FROM unnest(%s::uuid[], %s::timestamptz[]) AS given(id, at)"
        " ON CONFLICT DO NOTHING RETURNING observation_id, row_id",
        (
            tenant_key(tenant_id),
            [row["observation_id"] for row in rows],
            [row["observed_at"] for row in rows],
        ),
    )
    numbers: dict[UUID, int] = dict(new.all())
    claimed = []
    for row in rows:
        number = numbers.pop(row["observation_id"], None)
        if number is not None:
            claimed.append({**row, "row_id": number})
    return claimed


def places(
    work: UnitOfWork, table: str, tenant_id: str, ids: Sequence[UUID]
) -> list[tuple[int, datetime]]:
    """Row number and time of those that are stored. PostgreSQL only."""
    found = work.session.connection().exec_driver_sql(
        f"SELECT row_id, observed_at FROM {keys_of(table)}"  # noqa: S608 - names of our own schema
        " WHERE observation_id = ANY(%s) AND tenant_key = %s",
        (list(ids), tenant_key(tenant_id)),
    )
    return [(number, at) for number, at in found]
