"""A device's change of an encounter: kept once, merged with everybody else's, every loser told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import tuple_

from cloud.core.encounters.acts import UPDATED, touch
from cloud.core.encounters.checking import is_not_value
from cloud.core.encounters.finding import to_change
from cloud.core.encounters.keeping import APPLIED, keep
from cloud.core.encounters.lifecycle import SIGNED, check_open
from cloud.core.encounters.merging import Merged, flags_of
from cloud.core.encounters.operations import Operation, Vector, joined, operation_of
from cloud.core.encounters.record_tables import EncounterOpRow
from cloud.core.encounters.recorded import CONFLICT, DISPATCH, told_of
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.taking import Change, operations_of
from cloud.core.encounters.versions import amend
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

SUPERSEDED: Final = "superseded"
MOST_TOLD: Final = 500
_KEPT_IN_ROW: Final = {
    "chief_complaint": "chief_complaint",
    "triage": "triage",
    "crew_ids": "crew_ids",
    "patient.sex": "sex",
}
"""Fields that the encounter's own row shows too, and under which name."""


@dataclass(frozen=True, slots=True)
class Lost:
    """An operation that does not count, and the one that does in its place.

    Of a conflict both are the id that was used twice; `kept_as` is then another one.
    """

    op_id: UUID
    winner_op_id: UUID
    path: str
    changed_at: datetime
    kept_as: UUID

    @property
    def is_conflict(self) -> bool:
        """Whether its id stood for something else already."""
        return self.kept_as != self.op_id


@dataclass(frozen=True, slots=True)
class Standing:
    """What a device told that does not count, and what whoever has read it knows."""

    row: EncounterRow
    lost: Sequence[Lost]
    vector: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How a device's operations stand now.

    `superseded` holds those of the change that lost, and earlier ones of the same device that lost
    to another's since, until the device shows by a vector that it knows the winner. `conflicts`
    are op ids that stand for something else; what was sent under them is kept beside. `vector` is
    what whoever has read this answer knows.
    """

    row: EncounterRow
    applied: Sequence[UUID]
    superseded: Sequence[Lost]
    conflicts: Sequence[UUID]
    flags: Mapping[UUID, Sequence[str]]
    vector: Vector
    is_new: bool = field(default=False)


def change(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    wanted: Change,
    *,
    version: int | None = None,
    reason: str = "",
) -> Changed:
    """Keep a device's operations; the same ones again change nothing and answer the same.

    After the record was given to somebody what is new is an amendment, and needs a `reason`.
    InvalidError when one may not be told, ConflictError `encounter_closed` for something new
    without a reason or after a cancellation, `version_differs` when the encounter's version is not
    the one named.
    """
    row = to_change(work, principal, encounter_id)
    if version is not None and version != row.version:
        raise ConflictError("version_differs", "Read the encounter again, then send the change.")
    changed = apply(work, principal, row, wanted)
    if changed.is_new:
        conclude(work, principal, row, reason)
    return changed


def conclude(work: UnitOfWork, principal: Principal, row: EncounterRow, reason: str) -> None:
    """Say that the record changed: by an amendment where somebody was given it before, and it has
    a reason. ConflictError `encounter_closed`.
    """
    if reason and row.status in SIGNED:
        amend(work, principal, row, reason)
        return
    check_open(row)
    touch(work, row)
    audit.record(work, principal, "update", "encounter", row.encounter_id)
    outbox.publish(
        work,
        tenant_id=principal.tenant_id,
        event_type=UPDATED,
        resource_type="encounter",
        resource_id=row.encounter_id,
        data={"status": row.status, "vehicle_id": row.vehicle_id, "version": row.version},
    )


def apply(work: UnitOfWork, principal: Principal, row: EncounterRow, wanted: Change) -> Changed:
    """Keep the operations of an encounter that `to_change` gave, whatever its status.

    Version, audit and event are the caller's. InvalidError when one may not be told.
    """
    operations = operations_of(wanted, work.now)
    conflicts, is_new = keep(work, principal, row, operations)
    settled = settle(work, principal, row)
    named = dict.fromkeys(one.op_id for one in operations if one.op_id not in conflicts)
    rows = [settled.rows[op_id] for op_id in named]
    earlier = [
        one
        for one in settled.rows.values()
        if one.device_id == wanted.device_id and one.op_id not in named
    ]
    knows = joined([one.vector for one in (*rows, *earlier) if one.device_id == wanted.device_id])
    unheard = [one for one in earlier if settled.is_news(one, knows)]
    lost = [one for one in rows if one.outcome == SUPERSEDED]
    return Changed(
        row=row,
        applied=[one.op_id for one in rows if one.outcome == APPLIED],
        superseded=[_lost(one) for one in (*lost, *unheard[-MOST_TOLD:])],
        conflicts=list(conflicts),
        flags={op_id: flags for op_id in named if (flags := settled.flags(op_id))},
        vector=settled.vector,
        is_new=is_new,
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """An encounter's operations with their outcomes as they stand: rows of devices by op id, in the
    order they came, and all that was told, by the vehicle and dispatch too.
    """

    merged: Merged
    rows: Mapping[UUID, EncounterOpRow]
    told: Mapping[UUID, Operation]

    @property
    def vector(self) -> Vector:
        """What whoever knows all of it knows."""
        return joined([one.vector for one in self.told.values()])

    def flags(self, op_id: UUID) -> tuple[str, ...]:
        """What is to be said of an operation beside what became of it."""
        return flags_of(self.told[op_id], self.merged)

    def is_news(self, row: EncounterOpRow, knows: Vector) -> bool:
        """Whether another device's operation won over it, which its own device does not know."""
        winner = self.told.get(row.winner_op_id) if row.winner_op_id else None
        if winner is None or winner.device_id == row.device_id:
            return False
        count = winner.vector.get(winner.device_id, 0)
        return knows.get(winner.device_id, 0) < count


def settle(work: UnitOfWork, principal: Principal, row: EncounterRow) -> Settled:
    """Work out what counts, and write down of every operation what became of it."""
    statement = scoped(principal, EncounterOpRow).where(
        EncounterOpRow.encounter_id == row.encounter_id, EncounterOpRow.outcome != CONFLICT
    )
    rows = {
        one.op_id: one for one in work.session.scalars(statement.order_by(EncounterOpRow.row_id))
    }
    told, merged = told_of(work, principal, row, [operation_of(one) for one in rows.values()])
    for one in rows.values():
        winner = merged.winners.get(one.op_id)
        if winner != one.winner_op_id:
            one.winner_op_id, one.changed_at = winner, work.now
            one.outcome = APPLIED if winner is None else SUPERSEDED
    _show_in_row(row, merged)
    return Settled(merged, rows, {one.op_id: one for one in told})


def lost_since(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    device_id: str,
    *,
    since: datetime | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Standing:
    """What a device told and does not count, by the time it lost, oldest first; audited as a read.

    `since` is inclusive. NotFoundError for an encounter that is not the caller's.
    """
    row = to_change(work, principal, encounter_id)
    settled = settle(work, principal, row)
    statement = scoped(principal, EncounterOpRow).where(
        EncounterOpRow.encounter_id == encounter_id,
        EncounterOpRow.device_id == device_id,
        EncounterOpRow.outcome != APPLIED,
    )
    if since is not None:
        statement = statement.where(EncounterOpRow.changed_at >= since)
    if after is not None:
        at, op_id = after
        statement = statement.where(
            tuple_(EncounterOpRow.changed_at, EncounterOpRow.op_id) > tuple_(at, UUID(op_id))
        )
    statement = statement.order_by(EncounterOpRow.changed_at, EncounterOpRow.op_id)
    audit.record(work, principal, "read-changes", "encounter", encounter_id)
    lost = [_lost(one) for one in work.session.scalars(statement.limit(limit))]
    return Standing(row, lost, settled.vector)


def _show_in_row(row: EncounterRow, merged: Merged) -> None:
    for path, name in _KEPT_IN_ROW.items():
        told = merged.fields.get(path)
        if told is None or told.device_id == DISPATCH or is_not_value(told.value):
            continue
        if getattr(row, name) != told.value:
            setattr(row, name, told.value)


def _lost(row: EncounterOpRow) -> Lost:
    winner = row.winner_op_id or row.op_id
    shown = winner if row.outcome == CONFLICT else row.op_id
    return Lost(shown, winner, row.path, row.changed_at, kept_as=row.op_id)
