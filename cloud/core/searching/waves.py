"""Waveforms by stretches of time, each lane on its own: what a device samples together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.months import months_with, within
from cloud.core.observations.queries import find_rows, stored
from cloud.core.observations.stored import StoredObservation
from cloud.core.observations.tables import WaveformRow
from cloud.core.searching.clauses import Clause

LONGEST: Final = timedelta(minutes=2)
"""No device's chunk is longer: so far back one that reaches into a stretch may have begun."""


@dataclass(frozen=True, slots=True, order=True)
class Lane:
    """The samples of some `types` of one device in one encounter; `code` names them together."""

    encounter_id: str
    device_id: str
    code: int
    types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """When a chunk begins and ends."""

    start: datetime
    end: datetime


def held(
    work: UnitOfWork,
    principal: Principal,
    encounter_ids: Collection[str],
    *,
    device_ids: Collection[str] | None = None,
) -> list[tuple[str, str, int]]:
    """Which waveforms encounters hold: encounter, device and type, in their order."""
    statement = (
        select(WaveformRow.encounter_id, WaveformRow.device_id, WaveformRow.type_cf)
        .where(
            WaveformRow.tenant_id == principal.tenant_id,
            WaveformRow.encounter_id.in_(list(encounter_ids)),
        )
        .distinct()
    )
    if device_ids is not None:
        statement = statement.where(WaveformRow.device_id.in_(list(device_ids)))
    return sorted((str(one), two, three) for one, two, three in work.session.execute(statement))


def chunks(
    work: UnitOfWork, principal: Principal, lane: Lane, start: datetime, end: datetime
) -> list[StoredObservation]:
    """The chunks that begin in a stretch of time, or so shortly before that they may reach in."""
    statement = (
        scoped(principal, WaveformRow)
        .where(*_of(work, lane), WaveformRow.observed_at >= start - LONGEST)
        .where(WaveformRow.observed_at < end)
        .order_by(WaveformRow.observed_at, WaveformRow.row_id)
    )
    return stored(work, principal, list(work.session.scalars(statement)))


def bounds(
    work: UnitOfWork,
    principal: Principal,
    lane: Lane,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> tuple[datetime, datetime] | None:
    """When the first and the last chunk of a stretch of time begin, None without any."""
    statement = select(func.min(WaveformRow.observed_at), func.max(WaveformRow.observed_at)).where(
        WaveformRow.tenant_id == principal.tenant_id, *_of(work, lane)
    )
    if start is not None:
        statement = statement.where(WaveformRow.observed_at >= start)
    if end is not None:
        statement = statement.where(WaveformRow.observed_at < end)
    first, last = work.session.execute(statement).one()
    return None if first is None or last is None else (first, last)


def times(work: UnitOfWork, principal: Principal, lane: Lane) -> list[Begun]:
    """When each chunk of a lane begins and ends, without its samples, by time."""
    statement = (
        select(WaveformRow.observed_at, WaveformRow.sample_count, WaveformRow.period_us)
        .where(WaveformRow.tenant_id == principal.tenant_id, *_of(work, lane))
        .order_by(WaveformRow.observed_at)
    )
    return [
        Begun(at, at + timedelta(microseconds=count * period))
        for at, count, period in work.session.execute(statement)
    ]


def chunk(work: UnitOfWork, principal: Principal, observation_id: UUID) -> WaveformRow | None:
    """One chunk of an encounter of the caller's tenant."""
    found = find_rows(work, principal, WaveformRow, [observation_id])
    return next((row for row in found if row.encounter_id is not None), None)


def _of(work: UnitOfWork, lane: Lane) -> tuple[Clause, ...]:
    return (
        within(WaveformRow, months_with(work, lane.encounter_id)),
        WaveformRow.device_id == lane.device_id,
        WaveformRow.type_cf.in_(lane.types),
        WaveformRow.encounter_id == lane.encounter_id,
    )
