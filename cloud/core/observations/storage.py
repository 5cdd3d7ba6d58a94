"""Months for readings, made ahead: PostgreSQL keeps each in a partition of its own.

What has no month yet, because a clock says 1970 or 2100 or because the month is long past, waits in
the rest and is found there. A past month gets its own once the rest holds many rows of it: after an
upgrade of a large store, or where a gateway brings what it kept for months. SQLite has one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import CLOCK_EPOCH_YEAR
from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow
from cloud.db.base import table_of
from cloud.db.monthly import (
    make_month,
    month_after,
    month_of,
    months_in_rest,
    months_of,
)

TABLES: Final[tuple[type[Measured], ...]] = (ObservationRow, WaveformRow)
AHEAD: Final = 2
"""Months that are ready before the first reading of them."""
ENOUGH: Final = 10_000
"""Rows that earn a past month a partition of its own."""
_PATIENCE_MILLISECONDS: Final = 10_000
"""How long a month waits for others to finish; ingest waits behind it. It is tried again later."""
_TIME: Final = "observed_at"


@dataclass(frozen=True, slots=True)
class NewMonth:
    """A month that got a partition, and how many rows the rest gave it."""

    table: str
    month: datetime
    moved: int


def make_next_month(work: UnitOfWork, *, enough: int = ENOUGH) -> NewMonth | None:
    """Make the next month that is wanted, alone in this unit; None when none is.

    Whoever stops in the middle begins with the same month again: it is moved whole or not at all.
    """
    if not work.is_postgresql:
        return None
    connection = work.session.connection()
    for mapped in TABLES:
        table = table_of(mapped).name
        for month in _wanted(work, table, enough):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_PATIENCE_MILLISECONDS}")
            moved = make_month(connection, table, _TIME, month)
            return NewMonth(table, month, moved)
    return None


def _wanted(work: UnitOfWork, table: str, enough: int) -> list[datetime]:
    connection, now = work.session.connection(), month_of(work.now)
    there = set(months_of(connection, table))
    ahead = [month_after(now, count) for count in range(AHEAD + 1)]
    if missing := [month for month in ahead if month not in there]:
        return missing
    since = now.replace(year=CLOCK_EPOCH_YEAR, month=1)
    waiting = months_in_rest(connection, table, _TIME, since=since, until=now)
    return sorted((month for month, rows in waiting.items() if rows >= enough), reverse=True)
