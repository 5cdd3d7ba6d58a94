"""What is older than its tenant's policy goes: whole months where all of them may, else by rows.

A reading's age is that of its time and of its receipt, whichever is later: what comes late by
months is kept as long as any other. One whose clock is still ahead of today goes by its receipt.
Readings of encounters under a legal hold stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select

from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.erased import ErasedEncounterRow
from cloud.core.encounters.lifecycle import CLOSED
from cloud.core.encounters.tables import EncounterRow
from cloud.core.identity.service import tenants
from cloud.core.kernel import audit
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.storage import TABLES
from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow
from cloud.core.retention.erasing import REQUEST, RETENTION, erase_encounter
from cloud.core.retention.holds import held_encounters
from cloud.core.retention.policies import RetentionPolicy, horizon, policy_of

PORTION: Final = 5_000
"""Rows that go in one unit, so that nobody waits long."""
RECORDS: Final = 20
_AHEAD: Final = timedelta(days=1)
_REASON: Final = "retention policy"


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each went in one unit, or would go."""

    waveforms: int = 0
    readings: int = 0
    records: int = 0
    late: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.waveforms + self.readings + self.records + self.late


def due(work: UnitOfWork, tenant_id: str, standard: RetentionPolicy) -> Swept:
    """What would go now of a tenant; nothing is changed."""
    policy, held = policy_of(work, tenant_id, standard), held_encounters(work, tenant_id)
    counts = {}
    for table in TABLES:
        before = horizon(work.now, _days(policy, table))
        which = [] if before is None else list(_old(work, tenant_id, table, before, held))
        counts[table] = sum(_count(work, one) for one in which)
    before = horizon(work.now, policy.record_days)
    records = 0 if before is None else _count(work, _old_records(tenant_id, before, held))
    late = sum(_count(work, one) for _, one in _late(work, tenant_id))
    return Swept(counts[WaveformRow], counts[ObservationRow], records, late)


def sweep(work: UnitOfWork, tenant_id: str, standard: RetentionPolicy) -> Swept:
    """Take away one portion of what a tenant keeps no longer; audited where anything went."""
    policy, held = policy_of(work, tenant_id, standard), held_encounters(work, tenant_id)
    principal = service_principal(tenant_id, "retention")
    gone = {table: _sweep_table(work, tenant_id, table, policy, held) for table in TABLES}
    records = _sweep_records(work, tenant_id, policy, held)
    late = sum(_remove(work, table, which) for table, which in _late(work, tenant_id))
    swept = Swept(gone[WaveformRow], gone[ObservationRow], records, late)
    if swept.total:
        work.leave_no_trace()
        audit.record(
            work,
            principal,
            "retention.removed",
            "tenant",
            tenant_id,
            note=f"waveforms={swept.waveforms} readings={swept.readings}"
            f" records={swept.records} late={swept.late}",
        )
    return swept


def tenant_ids(work: UnitOfWork) -> list[str]:
    """Every tenant there is."""
    return [row.tenant_id for row in tenants(work)]


def _days(policy: RetentionPolicy, table: type[Measured]) -> int:
    return policy.waveform_days if table is WaveformRow else policy.reading_days


def _sweep_table(
    work: UnitOfWork,
    tenant_id: str,
    table: type[Measured],
    policy: RetentionPolicy,
    held: frozenset[str],
) -> int:
    before, gone = horizon(work.now, _days(policy, table)), 0
    if before is None:
        return 0
    for which in _old(work, tenant_id, table, before, held):
        gone += _remove(work, table, which)
        if gone >= PORTION:
            break
    return gone


def _old(
    work: UnitOfWork,
    tenant_id: str,
    table: type[Measured],
    before: datetime,
    held: frozenset[str],
) -> Iterator[Select[int, datetime]]:
    """Places of old rows, device by device: that is how time is found."""
    for device_id in work.session.scalars(
        select(DeviceRow.device_id).where(DeviceRow.tenant_id == tenant_id)
    ).all():
        for at in (table.observed_at < before, table.observed_at > work.now + _AHEAD):
            yield _places(
                table,
                table.tenant_id == tenant_id,
                table.device_id == device_id,
                at,
                table.received_at < before,
                or_(table.encounter_id.is_(None), table.encounter_id.not_in(held)),
            )


def _late(work: UnitOfWork, tenant_id: str) -> list[tuple[type[Measured], Select[int, datetime]]]:
    """Places of what was heard of a patient after all of it was erased at somebody's request."""
    stays = work.session.scalars(
        select(ErasedEncounterRow).where(
            ErasedEncounterRow.tenant_id == tenant_id, ErasedEncounterRow.cause == REQUEST
        )
    ).all()
    return [
        (
            table,
            _places(
                table,
                table.tenant_id == tenant_id,
                table.vehicle_id == stay.vehicle_id,
                table.encounter_id.is_(None),
                table.observed_at >= stay.started_at,
                table.observed_at < stay.ended_at,
            ),
        )
        for stay in stays
        for table in TABLES
    ]


def _places(table: type[Measured], *which: ColumnElement[bool]) -> Select[int, datetime]:
    return select(table.row_id, table.observed_at).where(*which)


def _count(work: UnitOfWork, which: Select[int, datetime] | Select[str]) -> int:
    return work.session.scalar(select(func.count()).select_from(which.subquery())) or 0


def _remove(work: UnitOfWork, table: type[Measured], which: Select[int, datetime]) -> int:
    """Remove a portion of these rows; how many that were."""
    found = work.session.execute(which.order_by(table.observed_at).limit(PORTION)).all()
    if not found:
        return 0
    times = [at for _, at in found]
    work.session.execute(
        delete(table)
        .where(
            and_(table.observed_at >= min(times), table.observed_at <= max(times)),
            table.row_id.in_([number for number, _ in found]),
        )
        .execution_options(synchronize_session=False)
    )
    return len(found)


def _old_records(tenant_id: str, before: datetime, held: frozenset[str]) -> Select[str]:
    return select(EncounterRow.encounter_id).where(
        EncounterRow.tenant_id == tenant_id,
        EncounterRow.status.in_(CLOSED),
        EncounterRow.updated_at < before,
        EncounterRow.started_at < before,
        EncounterRow.encounter_id.not_in(held),
    )


def _sweep_records(
    work: UnitOfWork, tenant_id: str, policy: RetentionPolicy, held: frozenset[str]
) -> int:
    before = horizon(work.now, policy.record_days)
    if before is None:
        return 0
    principal = service_principal(tenant_id, "retention")
    statement = _old_records(tenant_id, before, held).order_by(EncounterRow.updated_at)
    old = work.session.scalars(statement.limit(RECORDS)).all()
    for encounter_id in old:
        erase_encounter(work, principal, encounter_id, reason=_REASON, cause=RETENTION)
    work.session.execute(
        delete(CrewEventRow)
        .where(
            CrewEventRow.tenant_id == tenant_id,
            CrewEventRow.encounter_id.is_(None),
            CrewEventRow.happened_at < before,
            CrewEventRow.received_at < before,
        )
        .execution_options(synchronize_session=False)
    )
    return len(old)
