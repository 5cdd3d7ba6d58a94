"""Readings of devices by what a search may ask of them. Those of no encounter are never found."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import closing
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, select

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.months import months_with, of_encounter, within
from cloud.core.observations.queries import find_rows, stored
from cloud.core.observations.stored import StoredObservation
from cloud.core.observations.tables import Measured, ObservationRow
from cloud.core.searching.clauses import Clause, Order, Span, either, moment

AS_STORED: Final = Order((ObservationRow.encounter_id, ObservationRow.row_id))
BY_TIME: Final = Order((ObservationRow.observed_at, ObservationRow.row_id))
_PORTION: Final = 200
_FEW: Final = 8
Codes = Mapping[int, frozenset[int] | None]
"""Context-free type codes, each with the units (term numbers) it counts in; None for any."""


def charted() -> Clause:
    """Part of somebody's record."""
    return ObservationRow.encounter_id.is_not(None)


def of_encounters(work: UnitOfWork, encounter_ids: Collection[str]) -> Clause:
    """Those of these encounters; of a few, in their own months only."""
    if len(encounter_ids) > _FEW:
        return ObservationRow.encounter_id.in_(list(encounter_ids))
    return either(
        and_(ObservationRow.encounter_id == one, within(ObservationRow, months_with(work, one)))
        for one in encounter_ids
    )


def of_devices(device_ids: Collection[str]) -> Clause:
    """Measured by these devices."""
    return ObservationRow.device_id.in_(list(device_ids))


def of_ids(work: UnitOfWork, principal: Principal, observation_ids: Sequence[UUID]) -> Clause:
    """These readings, by their places: no other index leads from an id to a row."""
    return either(
        and_(ObservationRow.row_id == row.row_id, ObservationRow.observed_at == row.observed_at)
        for row in find_rows(work, principal, ObservationRow, observation_ids)
    )


def of_codes(codes: Codes) -> Clause:
    """Of one of these types. A panel's unit is that of its parts, which it is not searched by."""
    plain = [code for code, units in codes.items() if units is None]
    return either(
        [
            ObservationRow.type_cf.in_(plain),
            *(
                and_(ObservationRow.type_cf == code, ObservationRow.unit_term.in_(list(units)))
                for code, units in codes.items()
                if units is not None
            ),
        ]
    )


def of_makers_codes(first: int, last: int) -> Clause:
    """Of a type in a stretch of codes."""
    return ObservationRow.type_cf.between(first, last)


def observed(prefix: str, span: Span) -> Clause:
    """By the time of the measurement; one that is not known fits nothing."""
    is_known = ObservationRow.time_quality != "unknown"
    return and_(is_known, moment(ObservationRow.observed_at, prefix, span))


def received(prefix: str, span: Span) -> Clause:
    """By the time it came here."""
    return moment(ObservationRow.received_at, prefix, span)


def with_status(bits: int, *, present: bool) -> Clause:
    """Whose measurement status has these bits, or has not."""
    found = ObservationRow.status.bitwise_and(bits) != 0
    return found if present else ~found


def reading(work: UnitOfWork, principal: Principal, observation_id: UUID) -> ObservationRow | None:
    """One reading of an encounter of the caller's tenant."""
    found = find_rows(work, principal, ObservationRow, [observation_id])
    return next((row for row in found if row.encounter_id is not None), None)


def count_of(work: UnitOfWork, principal: Principal, clauses: Sequence[Clause]) -> int:
    """How many fit."""
    statement = select(func.count()).where(
        ObservationRow.tenant_id == principal.tenant_id, *clauses
    )
    return work.session.scalar(statement) or 0


def telling(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, code_cf: int, type_cf: int
) -> list[StoredObservation]:
    """An encounter's readings that say a code, or are of a type, by time."""
    statement = (
        of_encounter(work, principal, ObservationRow, encounter_id)
        .where(
            (ObservationRow.code_cf == code_cf) | (ObservationRow.type_cf == type_cf),
        )
        .order_by(ObservationRow.observed_at, ObservationRow.row_id)
    )
    return stored(work, principal, list(work.session.scalars(statement)))


def with_calendar(
    work: UnitOfWork,
    principal: Principal,
    table: type[Measured],
    encounter_id: str,
    device_id: str,
) -> Generator[StoredObservation]:
    """What a device measured in an encounter with its own calendar's stamp, by time."""
    statement = (
        of_encounter(work, principal, table, encounter_id)
        .where(
            table.device_id == device_id,
            table.device_time_kind == "absolute",
        )
        .order_by(table.observed_at, table.row_id)
        .execution_options(yield_per=_PORTION)
    )
    with closing(work.session.scalars(statement)) as rows:
        for portion in rows.partitions():
            yield from stored(work, principal, portion)
