"""The vehicle's gateways are told which encounter they are in: after the commit, by the worker."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import select

from cloud.core.devices.commands import queue
from cloud.core.devices.tables import GatewayRow
from cloud.core.encounters.acts import HANDED_OVER
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.releasing import RELEASED, REOPENED
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import UnitOfWork
from protocols.uplink.commands import BindEncounter, ReleaseEncounter, Request

LOG: Final = logging.getLogger("vitalwire.dispatch")
CREATED: Final = "epcr.encounter.created"
MOVED: Final = "gateway.moved"
OPENED: Final = frozenset({CREATED, REOPENED})
CLOSED: Final = frozenset({HANDED_OVER, RELEASED})
_ENDING: Final = frozenset({ActKind.CANCELLED.value, ActKind.DUPLICATE.value})
LIFE: Final = timedelta(hours=24)
# Names the command of one event and gateway, so that an event relayed twice makes one command.
_COMMANDS: Final = UUID("5f0b8a52-6f0c-5f57-9a3e-3f1f6c1d2b77")


def tell_gateways(event: DomainEvent, work: UnitOfWork) -> None:
    """Queue `encounter.bind` or `encounter.release` for every gateway of the event's vehicle.

    A gateway that moved into a vehicle is told of the encounter the vehicle is in.
    """
    if event.type == MOVED:
        _tell_moved(event, work)
        return
    if event.data.get("act") == ActKind.VEHICLE_CHANGED:
        _tell_changed(event, work)
        return
    if event.type not in OPENED and not _closes(event):
        return
    encounter = work.session.get(EncounterRow, event.resource_id)
    if encounter is None or encounter.tenant_id != event.tenant_id:
        return
    # Opened and over, or over and open again, before anybody was told: no longer to be told.
    if (encounter.ended_at is None) != (event.type in OPENED):
        return
    request = _bind(encounter) if event.type in OPENED else _release(encounter)
    _tell_vehicle(event, work, encounter.vehicle_id, request)


def _tell_vehicle(event: DomainEvent, work: UnitOfWork, vehicle_id: str, request: Request) -> None:
    statement = select(GatewayRow.gateway_id).where(
        GatewayRow.tenant_id == event.tenant_id, GatewayRow.vehicle_id == vehicle_id
    )
    for gateway_id in work.session.scalars(statement):
        _tell(event, work, gateway_id, request)


def _tell_changed(event: DomainEvent, work: UnitOfWork) -> None:
    """The vehicle an encounter left has it no more, and the one it came to has it now."""
    encounter = work.session.get(EncounterRow, event.resource_id)
    if encounter is None or encounter.tenant_id != event.tenant_id:
        return
    left = str(event.data.get("previous_vehicle_id"))
    if left != encounter.vehicle_id:
        _tell_vehicle(event, work, left, _release(encounter))
    if encounter.ended_at is None and event.data.get("vehicle_id") == encounter.vehicle_id:
        _tell_vehicle(event, work, encounter.vehicle_id, _bind(encounter))


def _closes(event: DomainEvent) -> bool:
    """Whether the crew has nobody any more; that somebody was given the record moves nobody."""
    if event.type in CLOSED:
        return not event.data.get("is_export")
    return event.data.get("act") in _ENDING or "not_conveyed" in event.data


def _tell_moved(event: DomainEvent, work: UnitOfWork) -> None:
    newest = work.session.scalars(
        select(EncounterRow)
        .where(
            EncounterRow.tenant_id == event.tenant_id,
            EncounterRow.vehicle_id == event.data.get("vehicle_id"),
        )
        .order_by(EncounterRow.started_at.desc(), EncounterRow.created_at.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.ended_at is None:
        _tell(event, work, event.resource_id, _bind(newest))


def _tell(event: DomainEvent, work: UnitOfWork, gateway_id: str, request: Request) -> None:
    try:
        queue(
            work,
            service_principal(event.tenant_id, "dispatch"),
            gateway_id,
            request,
            life=LIFE,
            command_id=uuid5(_COMMANDS, f"{event.event_id}/{gateway_id}"),
        )
    except DomainError as exc:
        # A revoked gateway, or one with a full queue: the others must still hear.
        LOG.warning("event=gateway_not_told gateway=%s reason=%s", gateway_id, exc.reason)


def _bind(encounter: EncounterRow) -> Request:
    return BindEncounter(
        encounter_id=encounter.encounter_id,
        number=encounter.cad_incident_id,
        started_at=encounter.started_at,
        complaint=str((encounter.chief_complaint or {}).get("display") or ""),
        sex=encounter.sex or "",
    )


def _release(encounter: EncounterRow) -> Request:
    return ReleaseEncounter(encounter_id=encounter.encounter_id, status=encounter.status)
