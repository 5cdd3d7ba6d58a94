"""Operations are stored once each, under their own ids; what came under a taken id, beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.encounters.operations import Operation
from cloud.core.encounters.record_tables import EncounterOpRow
from cloud.core.encounters.recorded import CONFLICT
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

APPLIED: Final = "applied"


def keep(
    work: UnitOfWork, principal: Principal, row: EncounterRow, operations: Sequence[Operation]
) -> tuple[list[UUID], bool]:
    """Store what is new; the ids that stand for something else, and whether any was new."""
    first = {one.op_id: one for one in reversed(operations)}
    kept = kept_under(work, principal, first)
    new = [one for op_id, one in first.items() if op_id not in kept]
    inserted = _insert(work, principal, row, new, [(one.op_id, APPLIED, None) for one in new])
    # Under one of these ids another encounter's operation may have come in meanwhile.
    kept = kept_under(work, principal, first)
    conflicting = [
        one
        for one in operations
        if (kept[one.op_id].encounter_id, kept[one.op_id].digest) != (row.encounter_id, one.digest)
    ]
    beside = [(uuid5(one.op_id, one.digest), CONFLICT, one.op_id) for one in conflicting]
    _insert(work, principal, row, conflicting, beside)
    return list(dict.fromkeys(one.op_id for one in conflicting)), bool(inserted)


def kept_under(
    work: UnitOfWork, principal: Principal, op_ids: Iterable[UUID]
) -> dict[UUID, EncounterOpRow]:
    """The operations of the tenant that have these ids, of whichever encounter."""
    statement = scoped(principal, EncounterOpRow).where(EncounterOpRow.op_id.in_(list(op_ids)))
    return {row.op_id: row for row in work.session.scalars(statement)}


def _insert(
    work: UnitOfWork,
    principal: Principal,
    row: EncounterRow,
    operations: Sequence[Operation],
    outcomes: Sequence[tuple[UUID, str, UUID | None]],
) -> int:
    """Store operations, each under an id and with an outcome; how many were not there before."""
    if not operations:
        return 0
    values: dict[UUID, dict[str, Any]] = {
        op_id: {
            "tenant_id": principal.tenant_id,
            "op_id": op_id,
            "encounter_id": row.encounter_id,
            "device_id": one.device_id,
            "path": one.path,
            "value": one.value,
            "at": one.at,
            "vector": dict(one.vector),
            "digest": one.digest,
            "outcome": outcome,
            "winner_op_id": winner,
            "flags": list(one.flags),
            "sent_by": one.by,
            "received_at": work.now,
            "changed_at": work.now,
        }
        for one, (op_id, outcome, winner) in zip(operations, outcomes, strict=True)
    }
    insert: Any = postgresql_insert if work.is_postgresql else sqlite_insert
    statement = (
        insert(EncounterOpRow)
        .values(list(values.values()))
        .on_conflict_do_nothing(index_elements=["tenant_id", "op_id"])
        .returning(EncounterOpRow.op_id)
    )
    return len(work.session.execute(statement).all())
