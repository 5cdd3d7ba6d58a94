"""How fast this machine's PostgreSQL takes bare rows: the ceiling of what stores readings in it.

Rows of eleven columns by binary COPY into a temporary table, then INSERT ... ON CONFLICT DO NOTHING
into one with a random UUID as its key and an index by device, metric and time: what an idempotent
store of readings costs without anything around it. Use other figures as ratios to it.
"""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta

import psycopg

from tests.postgres import PostgresServer, running_server

ROWS = 100_000
AT_ONCE = 1_000
_COLUMNS = (
    "id uuid, tenant int8, device int8, metric int4, ts timestamptz, received timestamptz,"
    " value float8, unit int4, sequence int8, epoch int8, quality text"
)
_TYPES = ("uuid", "int8", "int8", "int4", "timestamptz", "timestamptz", "float8", "int4")
_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_Row = tuple[object, ...]


def rows_per_second(server: PostgresServer) -> float:
    """Rows a second from Python values to durable rows, `AT_ONCE` a commit."""
    url = server.new_database().replace("postgresql+psycopg", "postgresql")
    batches = [_batch(first) for first in range(0, ROWS, AT_ONCE)]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE readings ({_COLUMNS}, PRIMARY KEY (id))")
        connection.execute("CREATE INDEX ON readings (device, metric, ts)")
        connection.execute(f"CREATE TEMP TABLE staged ({_COLUMNS}) ON COMMIT DELETE ROWS")
        began = time.perf_counter()
        for batch in batches:
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("COPY staged FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types([*_TYPES, "int8", "int8", "text"])
                    for row in batch:
                        copy.write_row(row)
                cursor.execute("INSERT INTO readings SELECT * FROM staged ON CONFLICT DO NOTHING")
        return ROWS / (time.perf_counter() - began)


def _batch(first: int) -> list[_Row]:
    return [
        (
            *(uuid.uuid4(), 7, number % 3, number % 8),
            *(_START + timedelta(seconds=number // 8), _START),
            *(number / 7, 544, number, 1, "device"),
        )
        for number in range(first, first + AT_ONCE)
    ]


def main() -> None:
    """The ceiling."""
    with running_server(durable=True) as server:
        print(f"staged COPY of bare rows: {rows_per_second(server):,.0f} rows/s")


if __name__ == "__main__":
    main()
