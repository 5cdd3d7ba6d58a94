"""Readings that were an encounter's until a person gave them another place."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_

from cloud.core.encounters.placement_tables import ReadingMoveRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.queries import stored
from cloud.core.observations.stored import StoredObservation
from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow

R = TypeVar("R", bound=Measured)


def moved_away(
    work: UnitOfWork, principal: Principal, encounter_id: str
) -> list[StoredObservation]:
    """Those that somebody may have been given as this encounter's, in time order."""
    moves = work.session.scalars(
        scoped(principal, ReadingMoveRow).where(ReadingMoveRow.from_encounter_id == encounter_id)
    ).all()
    found: dict[UUID, Measured] = {}
    for move in moves:
        found |= _of_move(work, principal, move, ObservationRow)
        found |= _of_move(work, principal, move, WaveformRow)
    ordered = sorted(found.values(), key=lambda row: (row.observed_at, row.row_id))
    return stored(work, principal, ordered)


def _of_move(
    work: UnitOfWork, principal: Principal, move: ReadingMoveRow, table: type[R]
) -> dict[UUID, R]:
    """Rows of the stretch that are elsewhere now."""
    rows = work.session.scalars(
        scoped(principal, table).where(
            table.device_id == move.device_id,
            table.observed_at >= move.since,
            table.observed_at <= move.until,
            or_(
                table.encounter_id.is_(None),
                table.encounter_id != move.from_encounter_id,
            ),
        )
    )
    return {row.observation_id: row for row in rows}
