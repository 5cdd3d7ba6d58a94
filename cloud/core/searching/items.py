"""From what a resource is called back to its encounter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select

from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.record_tables import EncounterActRow, EncounterOpRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.identifiers import public_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.searching.clauses import Clause
from cloud.core.searching.readings import reading
from cloud.core.searching.waves import chunk


def encounter_of(work: UnitOfWork, principal: Principal, identity: UUID) -> str | None:
    """The encounter of an operation, a crew's event, an act, a reading, or the one of that id."""
    tenant_id = principal.tenant_id
    statements = (
        select(EncounterOpRow.encounter_id).where(
            EncounterOpRow.tenant_id == tenant_id, EncounterOpRow.op_id == identity
        ),
        select(CrewEventRow.encounter_id).where(
            CrewEventRow.tenant_id == tenant_id, CrewEventRow.event_id == identity
        ),
        select(EncounterActRow.encounter_id).where(
            EncounterActRow.tenant_id == tenant_id, EncounterActRow.act_id == identity
        ),
        select(EncounterRow.encounter_id).where(
            EncounterRow.tenant_id == tenant_id,
            EncounterRow.encounter_id == public_id("enc", identity),
        ),
    )
    for statement in statements:
        found: str | None = work.session.scalars(statement).first()
        if found is not None:
            return found
    row = reading(work, principal, identity) or chunk(work, principal, identity)
    return None if row is None else row.encounter_id


def crew_ids(work: UnitOfWork, principal: Principal, within: Sequence[Clause] = ()) -> list[str]:
    """Everybody who was in the crew of an encounter of the caller's tenant that fits."""
    statement = select(EncounterRow.crew_ids).where(
        EncounterRow.tenant_id == principal.tenant_id, *within
    )
    return sorted(_names(work.session.scalars(statement)))


def vehicle_ids(work: UnitOfWork, principal: Principal, within: Sequence[Clause]) -> list[str]:
    """The vehicles of the encounters of the caller's tenant that fit."""
    statement = select(EncounterRow.vehicle_id).where(
        EncounterRow.tenant_id == principal.tenant_id, *within
    )
    return sorted(work.session.scalars(statement.distinct()))


def destinations(
    work: UnitOfWork, principal: Principal, within: Sequence[Clause] = ()
) -> list[str]:
    """Every facility a patient of the caller's tenant was brought to in an encounter that fits."""
    statement = (
        select(EncounterRow.destination)
        .where(EncounterRow.tenant_id == principal.tenant_id)
        .where(EncounterRow.destination.is_not(None), *within)
        .distinct()
    )
    return sorted(one for one in work.session.scalars(statement) if one)


def _names(crews: Iterable[list[str]]) -> set[str]:
    return {one for crew in crews for one in crew}
