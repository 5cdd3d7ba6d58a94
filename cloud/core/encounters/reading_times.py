"""When a reading counts as taken: as it says, or when it was heard where its clock was wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, case, cast, or_

from cloud.core.observations.recording import CLOCK_EPOCH_YEAR, FLAG_CLOCK
from cloud.core.observations.tables import ObservationRow, WaveformRow

Table = type[ObservationRow | WaveformRow]
CENTURY: Final = datetime(CLOCK_EPOCH_YEAR, 1, 1, tzinfo=UTC)
"""No reading of ours is from before; a clock that says so is wrong."""
TABLES: Final[tuple[Table, ...]] = (ObservationRow, WaveformRow)


def is_clock_wrong(table: Table) -> ColumnElement[bool]:
    """That the gateway found the device's clock wrong when it heard the reading."""
    return cast(table.flags, Text).contains(FLAG_CLOCK)


def taken_at(table: Table) -> ColumnElement[Any]:
    """The time a reading counts as taken."""
    is_wrong = is_clock_wrong(table) & table.captured_at.is_not(None)
    return case((is_wrong, table.captured_at), else_=table.observed_at)


def taken_within(table: Table, since: datetime, until: datetime) -> ColumnElement[bool]:
    """That a reading was taken since a time and before another; read by the index of times."""
    is_wrong = is_clock_wrong(table)
    return or_(
        and_(table.observed_at >= since, table.observed_at < until, ~is_wrong),
        and_(
            table.captured_at >= since,
            table.captured_at < until,
            is_wrong,
            or_(table.observed_at < CENTURY, table.observed_at >= since),
        ),
    )
