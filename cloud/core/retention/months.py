"""Months of readings that go as a whole: a partition is dropped sooner than rows are deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from cloud.core.kernel import audit
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.months import MONTHS
from cloud.core.observations.storage import TABLES
from cloud.core.observations.tables import Measured, WaveformRow
from cloud.core.retention.holds import held_encounters
from cloud.core.retention.policies import RetentionPolicy, horizon, policy_of
from cloud.db.base import table_of
from cloud.db.copy_spelling import keys_of
from cloud.db.monthly import drop_month, month_after, months_of, part_of

_PATIENCE_MILLISECONDS: Final = 10_000
_EMPTY_MONTHS: Final = 3
"""After so many months a partition without rows goes too."""


def drop_next_month(work: UnitOfWork, standard: RetentionPolicy) -> tuple[str, datetime] | None:
    """Take away one month that nobody keeps, with its keys, in this unit; None when there is none.

    Nobody keeps it when all its rows are older, by time and receipt, than their tenants' policies
    and none is of an encounter under a legal hold. Audited for each tenant that had rows in it.
    """
    if not work.is_postgresql:
        return None
    connection = work.session.connection()
    for mapped in TABLES:
        table = table_of(mapped).name
        for month in months_of(connection, table):
            if month_after(month, _EMPTY_MONTHS) > work.now:
                break
            owners = _owners(work, table, month)
            if all(_is_over(work, one, month, mapped, standard) for one in owners):
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_PATIENCE_MILLISECONDS}")
                _forget_keys(work, table, month)
                drop_month(connection, table, month)
                for owner in owners:
                    _tell(work, owner, table, month)
                return table, month
    return None


class Owner(NamedTuple):
    """A tenant with rows in a month: the newest receipt of them, and how many they are."""

    tenant_id: str
    newest: datetime
    rows: int


def _owners(work: UnitOfWork, table: str, month: datetime) -> list[Owner]:
    rows = work.session.connection().exec_driver_sql(
        f"SELECT tenant_id, max(received_at), count(*) FROM {part_of(table, month)}"  # noqa: S608 - names of our own schema
        " GROUP BY tenant_id"
    )
    return [Owner(*row) for row in rows]


def _is_over(
    work: UnitOfWork,
    owner: Owner,
    month: datetime,
    mapped: type[Measured],
    standard: RetentionPolicy,
) -> bool:
    policy = policy_of(work, owner.tenant_id, standard)
    days = policy.waveform_days if mapped is WaveformRow else policy.reading_days
    before = horizon(work.now, days)
    if before is None or max(month_after(month), owner.newest) > before:
        return False
    held = work.session.connection().exec_driver_sql(
        f"SELECT 1 FROM {MONTHS} WHERE month = %s AND encounter_id = ANY(%s) LIMIT 1",  # noqa: S608 - as above
        (month, list(held_encounters(work, owner.tenant_id))),
    )
    return held.first() is None


def _forget_keys(work: UnitOfWork, table: str, month: datetime) -> None:
    work.session.connection().exec_driver_sql(
        f"DELETE FROM {keys_of(table)} AS key USING {part_of(table, month)} AS gone"  # noqa: S608 - as above
        " WHERE key.observation_id = gone.observation_id"
        " AND key.tenant_key = tenant_key(gone.tenant_id) AND key.row_id = gone.row_id"
    )


def _tell(work: UnitOfWork, owner: Owner, table: str, month: datetime) -> None:
    principal = service_principal(owner.tenant_id, "retention")
    note = f"{table} of {month:%Y-%m}: {owner.rows}"
    audit.record(work, principal, "retention.removed", "tenant", owner.tenant_id, note=note)
