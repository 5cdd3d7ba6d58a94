"""What happens to incidents, told by what happens to their encounters.

An incident is open while an encounter of it is under way. Events reach us in any order, so whether
it is open is what the encounters say now; that it was closed is said once each time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.encounters.dispatch import CREATED as ENCOUNTER_CREATED
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.tables import IncidentRow
from cloud.db.base import table_of

CREATED: Final = "incident.created"
UPDATED: Final = "incident.updated"
CLOSED: Final = "incident.closed"
TYPES: Final = frozenset({CREATED, UPDATED, CLOSED})
_ENCOUNTERS: Final = "epcr.encounter."
# Names the incident's event after the encounter's, so that one relayed twice is told once.
_EVENTS: Final = UUID("0b8d6f6e-0d5f-5a63-8d0a-6a0b5c6f9e41")
Key = tuple[str, str]
"""An incident: its tenant and its id."""


@dataclass(frozen=True, slots=True)
class OfIncident:
    """An encounter of an incident, and whether it is over."""

    encounter_id: str
    is_over: bool


def incident_events(events: Sequence[DomainEvent], work: UnitOfWork) -> dict[str, DomainEvent]:
    """What events of encounters mean for their incidents, by the id of the event; of every other
    event there is none.

    The rows of all these incidents are locked until the unit ends, in one order: who closes one is
    the only one, and two units never wait for each other.
    """
    of_encounters = [event for event in events if event.type.startswith(_ENCOUNTERS)]
    keys = _keys(work, of_encounters)
    if not keys:
        return {}
    were_open = _locked(work, sorted(set(keys.values())))
    are_open = dict(were_open)
    all_of_them = _encounters(work, were_open)
    told = {}
    for event in of_encounters:
        key = keys.get(event.resource_id)
        if key is not None and key[0] == event.tenant_id:
            told[event.event_id] = _told(event, key, are_open, all_of_them[key])
    for is_open in (True, False):
        changed = [key for key, now in are_open.items() if now is is_open is not were_open[key]]
        _note(work, changed, is_open=is_open)
    return told


def _told(
    event: DomainEvent, key: Key, are_open: dict[Key, bool], all_of_it: Sequence[OfIncident]
) -> DomainEvent:
    """The event of an incident; whether it is open now is noted in `are_open`."""
    is_open, was_open = not all(one.is_over for one in all_of_it), are_open[key]
    is_first = event.type == ENCOUNTER_CREATED and all_of_it[0].encounter_id == event.resource_id
    kind = CREATED if is_first else CLOSED if was_open and not is_open else UPDATED
    if kind != CREATED or is_open:
        # Created and over already: whatever ended it, or this, says so; not both in one.
        are_open[key] = is_open
    return replace(
        event,
        event_id=f"evt_{uuid5(_EVENTS, event.event_id).hex}",
        type=kind,
        resource_type="incident",
        resource_id=key[1],
        data={
            "status": "open" if is_open else "closed",
            "encounter_ids": [one.encounter_id for one in all_of_it],
        },
    )


def _keys(work: UnitOfWork, events: Sequence[DomainEvent]) -> dict[str, Key]:
    """The incidents of the encounters that events are about, by encounter."""
    # every tenant: a portion has events of many, and the key says whose the encounter is.
    statement = select(
        EncounterRow.encounter_id, EncounterRow.tenant_id, EncounterRow.cad_incident_id
    ).where(EncounterRow.encounter_id.in_({event.resource_id for event in events}))
    found = work.session.execute(statement) if events else ()
    return {encounter_id: (tenant_id, incident) for encounter_id, tenant_id, incident in found}


def _locked(work: UnitOfWork, keys: Sequence[Key]) -> dict[Key, bool]:
    """Lock the rows of these incidents, made where there were none; whether each was open when we
    last told of it. `keys` are sorted, and rows are locked in the order they are written.
    """
    table = table_of(IncidentRow)
    insert = (postgresql_insert if work.is_postgresql else sqlite_insert)(table)
    statement = insert.on_conflict_do_update(
        index_elements=[table.c.tenant_id, table.c.incident_id],
        set_={"changed_at": insert.excluded.changed_at},
    ).returning(table.c.tenant_id, table.c.incident_id, table.c.is_open)
    new = {"is_open": True, "changed_at": work.now}
    rows = [{"tenant_id": tenant_id, "incident_id": name, **new} for tenant_id, name in keys]
    return {
        (tenant_id, name): is_open
        for tenant_id, name, is_open in work.session.execute(statement, rows)
    }


def _note(work: UnitOfWork, keys: Sequence[Key], *, is_open: bool) -> None:
    if keys:
        # every tenant: each key begins with its own.
        work.session.execute(
            update(IncidentRow)
            .where(tuple_(IncidentRow.tenant_id, IncidentRow.incident_id).in_(keys))
            .values(is_open=is_open)
            .execution_options(synchronize_session=False)
        )


def _encounters(work: UnitOfWork, keys: Collection[Key]) -> Mapping[Key, Sequence[OfIncident]]:
    """Every encounter of these incidents, the first that was opened first; read after the lock."""
    is_over = or_(EncounterRow.closed_at.is_not(None), EncounterRow.released_at.is_not(None))
    # every tenant: each key begins with its own.
    statement = (
        select(
            EncounterRow.tenant_id,
            EncounterRow.cad_incident_id,
            EncounterRow.encounter_id,
            is_over,
        )
        .where(tuple_(EncounterRow.tenant_id, EncounterRow.cad_incident_id).in_(list(keys)))
        .order_by(EncounterRow.created_at, EncounterRow.encounter_id)
    )
    found: dict[Key, list[OfIncident]] = {key: [] for key in keys}
    for tenant_id, incident, encounter_id, over in work.session.execute(statement):
        found[tenant_id, incident].append(OfIncident(encounter_id, over))
    return found
