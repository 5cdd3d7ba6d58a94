"""Tables kept by the month on PostgreSQL: partitions made ahead, filled from the rest, dropped.

`table` is partitioned by the range of one time column. A month of UTC has a partition of its own
where one was made; what fits into none is in the rest, the default partition. Queries see one
table. Names are of our own schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

_NO_INDEX: Final = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE"


def month_of(at: datetime) -> datetime:
    """The first moment of the month in UTC that an aware time is in."""
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_after(month: datetime, count: int = 1) -> datetime:
    """The month `count` after one, or before it where that is negative."""
    years, months = divmod(month.month - 1 + count, 12)
    return month.replace(year=month.year + years, month=months + 1)


def rest_of(table: str) -> str:
    """The partition of what is in no month's."""
    return f"{table}_rest"


def part_of(table: str, month: datetime) -> str:
    """The partition of one month."""
    return f"{table}_{month:%Y_%m}"


def is_part(name: str, tables: Iterable[str]) -> bool:
    """Whether a table is a partition of one of these."""
    return any(name == rest_of(one) or _month_named(one, name) is not None for one in tables)


def _month_named(table: str, part: str) -> datetime | None:
    if not part.startswith(f"{table}_"):
        return None
    try:
        return datetime.strptime(part.removeprefix(f"{table}_"), "%Y_%m").replace(tzinfo=UTC)
    except ValueError:
        return None


def months_of(connection: Connection, table: str) -> list[datetime]:
    """The months that have a partition, in order."""
    names = connection.exec_driver_sql(
        "SELECT child.relname FROM pg_inherits"
        " JOIN pg_class AS child ON child.oid = inhrelid WHERE inhparent = %s::regclass",
        (table,),
    ).scalars()
    return sorted(month for name in names if (month := _month_named(table, name)) is not None)


def months_in_rest(
    connection: Connection, table: str, column: str, *, since: datetime, until: datetime
) -> dict[datetime, int]:
    """How many rows of each month between two times the rest holds."""
    rows = connection.exec_driver_sql(
        f"SELECT date_trunc('month', {column}, 'UTC'), count(*) FROM {rest_of(table)}"  # noqa: S608 - names of our own schema
        f" WHERE {column} >= %s AND {column} < %s GROUP BY 1",
        (since, until),
    )
    return {month_of(month): count for month, count in rows}


def make_month(connection: Connection, table: str, column: str, month: datetime) -> int:
    """Give a month a partition, with what the rest holds of it; how many rows that were.

    All in the transaction at hand, so a month is moved whole or not at all. Nobody writes to the
    rest meanwhile; reading goes on but for the last moment.
    """
    part, rest, end = part_of(table, month), rest_of(table), month_after(month)
    run = connection.exec_driver_sql
    bounds = f"{column} >= '{month.isoformat()}' AND {column} < '{end.isoformat()}'"
    run(f"LOCK TABLE {rest} IN SHARE ROW EXCLUSIVE MODE")
    run(f"CREATE TABLE {part} (LIKE {table} {_NO_INDEX})")
    names = ", ".join(_columns(connection, table))
    moved = run(f"INSERT INTO {part} ({names}) SELECT {names} FROM {rest} WHERE {bounds}").rowcount  # noqa: S608 - as above
    if moved:
        run(f"DELETE FROM {rest} WHERE {bounds}")  # noqa: S608 - as above
    # With its keys and this check beforehand, the part is taken in without being read again.
    _index_like(connection, table, part)
    run(f"ALTER TABLE {part} ADD CONSTRAINT ck_{part}_month CHECK ({bounds})")
    run(
        f"ALTER TABLE {table} ATTACH PARTITION {part}"
        f" FOR VALUES FROM ('{month.isoformat()}') TO ('{end.isoformat()}')"
    )
    run(f"ALTER TABLE {part} DROP CONSTRAINT ck_{part}_month")
    return moved


def drop_month(connection: Connection, table: str, month: datetime) -> None:
    """Take the partition of a month away with all its rows."""
    part = part_of(table, month)
    connection.exec_driver_sql(f"ALTER TABLE {table} DETACH PARTITION {part}")
    connection.exec_driver_sql(f"DROP TABLE {part}")


def _columns(connection: Connection, table: str) -> list[str]:
    return list(
        connection.exec_driver_sql(
            "SELECT quote_ident(attname) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (table,),
        ).scalars()
    )


def _index_like(connection: Connection, table: str, part: str) -> None:
    """The keys of the whole, for a part that is not one yet."""
    rows = connection.exec_driver_sql(
        "SELECT indisprimary, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass ORDER BY indexrelid",
        (table,),
    ).all()
    for is_primary, definition in rows:
        keys = definition[definition.index(" USING ") :]
        if is_primary:
            named = keys.removeprefix(" USING btree ")
            connection.exec_driver_sql(f"ALTER TABLE {part} ADD PRIMARY KEY {named}")
        else:
            connection.exec_driver_sql(f"CREATE INDEX ON {part}{keys}")
