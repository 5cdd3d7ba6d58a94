"""Reading observations back: series, the latest of each, what is new, gaps, counts.

Every result is in the order of `observed_at`, equal times by row number. What is asked of one
encounter looks into its own months only, see `months`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from cloud.core.devices.identity import system_id_of
from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations import keys
from cloud.core.observations.conversion import to_observation
from cloud.core.observations.gaps import Gap, gaps_between
from cloud.core.observations.months import months_with, of_encounter, of_months, within
from cloud.core.observations.recording import UNCHARTED_STATUS
from cloud.core.observations.stored import StoredObservation
from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow
from cloud.core.observations.whole import whole_encounter
from cloud.db.base import table_of
from protocols.model.codes import SystemId
from protocols.model.timestamps import DeviceTime

R = TypeVar("R", bound=Measured)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list ordered by time: after this row."""

    observed_at: datetime
    row_id: int


@dataclass(frozen=True, slots=True)
class Tail:
    """How far a follower has read each table; rows committed later have higher numbers."""

    observation: int = 0
    waveform: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of one type a device gave, and how many samples they hold."""

    device_id: str
    type_cf: int
    rows: int
    samples: int


@dataclass(frozen=True, slots=True)
class _Series:
    device_id: str
    since: datetime | None
    type_cf: int | None
    after: Position | None


def device_series(
    work: UnitOfWork,
    principal: Principal,
    device_id: str,
    *,
    since: datetime | None,
    type_cf: int | None,
    after: Position | None,
    limit: int,
) -> list[ObservationRow]:
    """Rows of one device, without waveforms, test and demonstration data."""
    wanted = _Series(device_id, since, type_cf, after)
    return _series(work, principal, ObservationRow, wanted, limit)


def device_waveforms(
    work: UnitOfWork,
    principal: Principal,
    device_id: str,
    *,
    since: datetime | None,
    type_cf: int | None,
    after: Position | None,
    limit: int,
) -> list[WaveformRow]:
    """Waveforms of one device, without test and demonstration data."""
    wanted = _Series(device_id, since, type_cf, after)
    return _series(work, principal, WaveformRow, wanted, limit)


def find_rows(
    work: UnitOfWork, principal: Principal, table: type[R], ids: Sequence[UUID]
) -> list[R]:
    """The caller's rows of these observation ids, in time order; those not stored are left out."""
    statement = scoped(principal, table)
    if work.is_postgresql:
        found = keys.places(work, table_of(table).name, principal.tenant_id, ids)
        places = [and_(table.row_id == row, table.observed_at == at) for row, at in found]
        if not places:
            return []
        statement = statement.where(or_(*places))
    else:
        statement = statement.where(table.observation_id.in_(ids))
    return list(work.session.scalars(_ordered(statement, table)))


def encounter_observations(
    work: UnitOfWork, principal: Principal, encounter_id: str
) -> list[StoredObservation]:
    """Everything one encounter holds, waveforms among the rest, in time order."""
    mine = scoped(principal, DeviceRow)

    def system_id(device_id: str) -> SystemId:
        return system_id_of(
            work.session.scalars(mine.where(DeviceRow.device_id == device_id)).one()
        )

    return whole_encounter(work, principal, encounter_id, system_id)


def follow(
    work: UnitOfWork, principal: Principal, encounter_id: str, tail: Tail, *, limit: int = 500
) -> tuple[list[StoredObservation], Tail]:
    """What an encounter got since `tail`, in time order, and the tail for the next call."""
    months = None
    while months != (months := months_with(work, encounter_id)):
        # A month that began between two statements would be passed over for good.
        mine = of_months(principal, ObservationRow, encounter_id, months)
        plain = _newer(work, mine, ObservationRow, tail.observation, limit)
        strips = of_months(principal, WaveformRow, encounter_id, months)
        waves = _newer(work, strips, WaveformRow, tail.waveform, limit)
    reached = Tail(
        observation=plain[-1].row_id if plain else tail.observation,
        waveform=waves[-1].row_id if waves else tail.waveform,
    )
    return stored(work, principal, sorted([*plain, *waves], key=_time_order)), reached


def between(
    work: UnitOfWork, principal: Principal, encounter_id: str, after: int, through: int
) -> list[StoredObservation]:
    """An encounter's observations of these row numbers, waveforms aside."""
    mine = of_months(principal, ObservationRow, encounter_id, months_with(work, encounter_id))
    statement = mine.where(ObservationRow.row_id > after, ObservationRow.row_id <= through)
    return stored(work, principal, list(work.session.scalars(_ordered(statement, ObservationRow))))


def newest_row(work: UnitOfWork, encounter_id: str) -> int:
    """The highest row number of an encounter's observations, waveforms aside; 0 without any."""
    # every tenant: the encounter was looked up in its own.
    newest = select(func.max(ObservationRow.row_id)).where(
        ObservationRow.encounter_id == encounter_id
    )
    return work.session.scalar(newest) or 0


def latest(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, each: int = 1
) -> list[StoredObservation]:
    """The newest readings, `each` so many, of each device and type, without waveforms."""
    newer = aliased(ObservationRow)
    place = (
        func.row_number()
        .over(
            partition_by=(newer.device_id, newer.type_cf),
            order_by=(newer.observed_at.desc(), newer.row_id.desc()),
        )
        .label("place")
    )
    months = months_with(work, encounter_id)
    mine = (newer.tenant_id == principal.tenant_id, newer.encounter_id == encounter_id)
    ranked = (
        select(newer.row_id, newer.observed_at, place)
        .where(*mine, within(newer, months))
        .subquery()
    )
    statement = (
        scoped(principal, ObservationRow)
        .join(
            ranked,
            (ranked.c.row_id == ObservationRow.row_id)
            & (ranked.c.observed_at == ObservationRow.observed_at),
        )
        .where(ranked.c.place <= each, within(ObservationRow, months))
    )
    return stored(work, principal, list(work.session.scalars(_ordered(statement, ObservationRow))))


def newest_numbers(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, limit: int
) -> tuple[list[ObservationRow], int]:
    """The newest numeric rows of an encounter in time order, and how many there are in all."""
    mine = of_encounter(work, principal, ObservationRow, encounter_id).where(
        ObservationRow.kind.in_(("numeric", "compound"))
    )
    newest = mine.order_by(ObservationRow.observed_at.desc(), ObservationRow.row_id.desc())
    rows = list(work.session.scalars(newest.limit(limit)))
    total = work.session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    return rows[::-1], total


def counts(work: UnitOfWork, principal: Principal, encounter_id: str) -> list[Count]:
    """Rows by device and type of an encounter."""
    found = []
    for table, samples in (
        (ObservationRow, func.count() * 0),
        (WaveformRow, func.sum(WaveformRow.sample_count)),
    ):
        statement = (
            of_encounter(work, principal, table, encounter_id)
            .with_only_columns(table.device_id, table.type_cf, func.count(), samples)
            .group_by(table.device_id, table.type_cf)
            .order_by(table.device_id, table.type_cf)
        )
        found += [Count(*row) for row in work.session.execute(statement)]
    return found


def waveform_gaps(work: UnitOfWork, principal: Principal, encounter_id: str) -> list[Gap]:
    """Samples that are missing of an encounter's waveforms, in time order."""
    statement = (
        of_encounter(work, principal, WaveformRow, encounter_id)
        .with_only_columns(
            WaveformRow.device_id,
            WaveformRow.type_cf,
            WaveformRow.observed_at,
            WaveformRow.sample_count,
            WaveformRow.period_us,
            WaveformRow.device_time_kind,
            WaveformRow.device_time,
        )
        .order_by(
            WaveformRow.device_id,
            WaveformRow.type_cf,
            WaveformRow.observed_at,
            WaveformRow.row_id,
        )
    )
    return gaps_between(
        (
            device_id,
            type_cf,
            start,
            count,
            period_us,
            DeviceTime(kind, stamp) if kind and stamp else None,
        )
        for device_id, type_cf, start, count, period_us, kind, stamp in work.session.execute(
            statement
        )
    )


def stored(
    work: UnitOfWork, principal: Principal, rows: Sequence[Measured]
) -> list[StoredObservation]:
    """Rows as the model, with the System-Id of each device."""
    devices = _devices(work, principal, {row.device_id for row in rows})
    return [
        StoredObservation(
            observation=to_observation(row, system_id_of(devices[row.device_id])),
            device_id=row.device_id,
            gateway_id=row.gateway_id,
            vehicle_id=row.vehicle_id,
            encounter_id=row.encounter_id,
            captured_at=row.captured_at,
            received_at=row.received_at,
            flags=tuple(row.flags),
        )
        for row in rows
    ]


def _series(
    work: UnitOfWork, principal: Principal, table: type[R], wanted: _Series, limit: int
) -> list[R]:
    statement = scoped(principal, table).where(
        table.device_id == wanted.device_id, table.status.bitwise_and(UNCHARTED_STATUS) == 0
    )
    if wanted.since is not None:
        statement = statement.where(table.observed_at >= wanted.since)
    if wanted.type_cf is not None:
        statement = statement.where(table.type_cf == wanted.type_cf)
    if wanted.after is not None:
        statement = statement.where(
            tuple_(table.observed_at, table.row_id)
            > tuple_(wanted.after.observed_at, wanted.after.row_id)
        )
    return list(work.session.scalars(_ordered(statement, table).limit(limit)))


def _devices(
    work: UnitOfWork, principal: Principal, device_ids: Iterable[str]
) -> dict[str, DeviceRow]:
    statement = scoped(principal, DeviceRow).where(DeviceRow.device_id.in_(list(device_ids)))
    return {row.device_id: row for row in work.session.scalars(statement)}


def _newer(work: UnitOfWork, mine: Select[R], table: type[R], after: int, limit: int) -> list[R]:
    statement = mine.where(table.row_id > after).order_by(table.row_id).limit(limit)
    return list(work.session.scalars(statement))


def _ordered(statement: Select[R], table: type[R]) -> Select[R]:
    return statement.order_by(table.observed_at, table.row_id)


def _time_order(row: Measured) -> tuple[datetime, int]:
    return row.observed_at, row.row_id
