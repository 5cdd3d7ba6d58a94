"""In which months an encounter has readings, so that no other month is looked into.

PostgreSQL keeps readings by the month of their own time. An encounter's are nearly always of one or
two, but a device's clock may say 1970, and a reading may be given to an encounter by name; so what
is noted is what is there. Who stores rows notes it here, and a trigger of the schema notes the
months of rows that get another encounter. On SQLite there is one table and nothing to note.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, true

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.tables import Measured
from cloud.db.monthly import month_after, month_of

MONTHS: Final = "reading_months"
_MOST: Final = 24
"""An encounter with more is looked for everywhere: a list of all months prunes none."""

R = TypeVar("R", bound=Measured)


def note_months(work: UnitOfWork, pairs: Iterable[tuple[str, datetime]]) -> None:
    """Note that these encounters get readings of these times, in the unit that stores them."""
    if not work.is_postgresql:
        return
    months = sorted({(encounter_id, month_of(at)) for encounter_id, at in pairs})
    if not months:
        return
    work.session.connection().exec_driver_sql(
        f"INSERT INTO {MONTHS} (encounter_id, month)"  # noqa: S608 - names of our own schema
        " SELECT * FROM unnest(%s::text[], %s::timestamptz[]) ON CONFLICT DO NOTHING",
        ([one for one, _ in months], [month for _, month in months]),
    )


def months_with(work: UnitOfWork, encounter_id: str) -> tuple[datetime, ...]:
    """The months an encounter has readings of; none on SQLite, where nobody asks."""
    if not work.is_postgresql:
        return ()
    found = work.session.connection().exec_driver_sql(
        f"SELECT month FROM {MONTHS} WHERE encounter_id = %s ORDER BY month",  # noqa: S608 - as above
        (encounter_id,),
    )
    return tuple(month_of(month) for month in found.scalars())


def within(table: type[Measured], months: tuple[datetime, ...]) -> ColumnElement[bool]:
    """That a row is of one of these months; true where that would rule out nothing."""
    if not 0 < len(months) <= _MOST:
        return true()
    at = table.observed_at
    return or_(*(and_(at >= month, at < month_after(month)) for month in months))


def of_encounter(
    work: UnitOfWork, principal: Principal, table: type[R], encounter_id: str
) -> Select[R]:
    """A select over an encounter's rows that looks into its own months only.

    Narrow it further with `where`; the index is (encounter, row number).
    """
    return of_months(principal, table, encounter_id, months_with(work, encounter_id))


def of_months(
    principal: Principal, table: type[R], encounter_id: str, months: tuple[datetime, ...]
) -> Select[R]:
    """As `of_encounter`, with the months that `months_with` found."""
    mine = scoped(principal, table).where(table.encounter_id == encounter_id)
    return mine.where(within(table, months))
