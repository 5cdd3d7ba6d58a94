"""What happens to incidents, told by what happens to their encounters.

An incident is open while an encounter of it is under way. Events reach us in any order, so whether
it is open is what the encounters say now; that it was closed is said once each time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.encounters.dispatch import CREATED as ENCOUNTER_CREATED
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.tables import IncidentRow

CREATED: Final = "incident.created"
UPDATED: Final = "incident.updated"
CLOSED: Final = "incident.closed"
TYPES: Final = frozenset({CREATED, UPDATED, CLOSED})
_ENCOUNTERS: Final = "epcr.encounter."
# Names the incident's event after the encounter's, so that one relayed twice is told once.
_EVENTS: Final = UUID("0b8d6f6e-0d5f-5a63-8d0a-6a0b5c6f9e41")


def incident_event(event: DomainEvent, work: UnitOfWork) -> DomainEvent | None:
    """What an event of an encounter means for its incident; None for every other event.

    The incident's row is locked until the unit ends: who closes it is the only one.
    """
    if not event.type.startswith(_ENCOUNTERS):
        return None
    encounter = work.session.get(EncounterRow, event.resource_id)
    if encounter is None or encounter.tenant_id != event.tenant_id:
        return None
    incident = _incident(work, encounter)
    all_of_it = _encounters(work, encounter)
    is_open = any(one.ended_at is None for one in all_of_it)
    was_open, incident.is_open, incident.changed_at = incident.is_open, is_open, work.now
    is_first = event.type == ENCOUNTER_CREATED and all_of_it[0] is encounter
    kind = CREATED if is_first else CLOSED if was_open and not is_open else UPDATED
    if kind == CREATED and not is_open:
        # It is over already: whatever ended it, or this, says so; not both in one.
        incident.is_open = was_open
    return replace(
        event,
        event_id=f"evt_{uuid5(_EVENTS, event.event_id).hex}",
        type=kind,
        resource_type="incident",
        resource_id=encounter.cad_incident_id,
        data={
            "status": "open" if is_open else "closed",
            "encounter_ids": [one.encounter_id for one in all_of_it],
        },
    )


def _incident(work: UnitOfWork, encounter: EncounterRow) -> IncidentRow:
    key = (encounter.tenant_id, encounter.cad_incident_id)
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    row = insert(IncidentRow).values(
        tenant_id=key[0], incident_id=key[1], is_open=True, changed_at=work.now
    )
    work.session.execute(row.on_conflict_do_nothing())
    return work.session.get_one(IncidentRow, key, with_for_update=True, populate_existing=True)


def _encounters(work: UnitOfWork, encounter: EncounterRow) -> list[EncounterRow]:
    """Every encounter of the incident, the first that was opened first."""
    statement = select(EncounterRow).where(
        EncounterRow.tenant_id == encounter.tenant_id,
        EncounterRow.cad_incident_id == encounter.cad_incident_id,
    )
    statement = statement.order_by(EncounterRow.created_at, EncounterRow.encounter_id)
    return list(work.session.scalars(statement.execution_options(populate_existing=True)))
