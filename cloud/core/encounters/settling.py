"""After the commit, by the worker: what waits finds its encounter once something makes it plain.

An encounter ended, so that the other one on its vehicle is alone; it was a duplicate, and what it
held is the other's; a device was assigned. And what was on its way into the store while somebody
opened an encounter or moved readings, and so was not seen, follows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update

from cloud.core.devices.assignments import EVENT_ASSIGNED
from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.claiming import claim_vehicle
from cloud.core.encounters.lifecycle import Status
from cloud.core.encounters.reading_times import TABLES
from cloud.core.encounters.rebinding import move_all, settle_move
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.releasing import RELEASED, REOPENED
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.work import UnitOfWork

PLAIN: Final = frozenset(
    {"created", "handed_over", "completed", "cancelled", "duplicate", "vehicle_changed"}
)
"""Acts after which somebody's readings may be told from others'."""
LOOK_BACK: Final = timedelta(days=31)
"""A device that belongs to a vehicle since longer ago than this was not forgotten about."""


def follow_binding(event: DomainEvent, work: UnitOfWork) -> None:
    """Claim what an event of an encounter or a device makes plain."""
    caller = service_principal(event.tenant_id, "binding")
    act = event.data.get("act")
    if act == ActKind.READINGS_MOVED:
        settle_move(work, caller, str(event.data.get("move_id")))
    elif act in PLAIN or event.type in (RELEASED, REOPENED):
        _follow_encounter(event, work, caller)
    elif event.type == EVENT_ASSIGNED:
        _follow_device(event, work, caller)


def _follow_encounter(event: DomainEvent, work: UnitOfWork, caller: Principal) -> None:
    encounter = work.session.get(EncounterRow, event.resource_id)
    if encounter is None or encounter.tenant_id != event.tenant_id:
        return
    if encounter.status == Status.DUPLICATE and encounter.duplicate_of is not None:
        move_all(work, caller, encounter.encounter_id, encounter.duplicate_of)
    since = encounter.vehicle_since or encounter.started_at
    claim_vehicle(work, caller, encounter.vehicle_id, since)


def _follow_device(event: DomainEvent, work: UnitOfWork, caller: Principal) -> None:
    device = work.session.get(DeviceRow, event.resource_id)
    vehicle_id = event.data.get("vehicle_id")
    if device is None or device.tenant_id != event.tenant_id or vehicle_id is None:
        return
    since = max(datetime.fromisoformat(event.data["since"]), work.now - LOOK_BACK)
    _name_vehicle(work, device, vehicle_id, since)
    if device.vehicle_id == vehicle_id:
        claim_vehicle(work, caller, vehicle_id, since)


def _name_vehicle(work: UnitOfWork, device: DeviceRow, vehicle_id: str, since: datetime) -> None:
    """Readings over the API of a device that belonged to no vehicle came from this one."""
    if device.vehicle_id != vehicle_id:
        return
    for table in TABLES:
        statement = update(table).where(
            table.tenant_id == device.tenant_id,
            table.device_id == device.device_id,
            table.vehicle_id.is_(None),
            table.encounter_id.is_(None),
            table.observed_at >= since,
        )
        work.session.execute(
            statement.values(vehicle_id=vehicle_id).execution_options(synchronize_session=False)
        )
