"""Which vehicle a device belongs to, and belonged to at any time before.

Somebody's word counts; a device nobody assigned belongs where it was heard last. Both are kept with
their times, for a reading may arrive long after it was taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from cloud.core.devices.gateways import note_vehicle
from cloud.core.devices.history_tables import DeviceAssignmentRow
from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

ASSIGNED: Final = "assigned"
HEARD: Final = "heard"
EVENT_ASSIGNED: Final = "device.assigned"
AHEAD: Final = timedelta(minutes=5)


def assign(
    work: UnitOfWork,
    principal: Principal,
    row: DeviceRow,
    vehicle_id: str | None,
    *,
    since: datetime | None = None,
    reason: str = "",
) -> bool:
    """Give a device to a vehicle, or to none, from `since` (now); whether that changed anything.

    A `since` in the past corrects what was known. InvalidError `since_ahead` for the future.
    """
    since = since or work.now
    if since > work.now + AHEAD:
        raise InvalidError("since_ahead", "Send a time that is not in the future.")
    is_same = row.vehicle_id == vehicle_id and row.is_assigned == (vehicle_id is not None)
    if is_same and (row.vehicle_since is None or row.vehicle_since <= since):
        return False
    if vehicle_id is not None:
        note_vehicle(work, principal.tenant_id, vehicle_id)
    _place(work, row, vehicle_id, since, ASSIGNED, principal.client_id, reason)
    row.is_assigned = vehicle_id is not None
    audit.record(work, principal, "assign", "device", row.device_id)
    outbox.publish(
        work,
        tenant_id=row.tenant_id,
        event_type=EVENT_ASSIGNED,
        resource_type="device",
        resource_id=row.device_id,
        data={"vehicle_id": vehicle_id, "since": since.isoformat()},
    )
    return True


def note_heard(work: UnitOfWork, row: DeviceRow, gateway_id: str | None, vehicle_id: str) -> None:
    """A gateway of `vehicle_id` heard the device: one that nobody assigned belongs there.

    It came there some time after it was last heard elsewhere, so from then on.
    """
    if row.heard_in != vehicle_id:
        row.heard_in = vehicle_id
    if row.vehicle_id == vehicle_id or row.is_assigned:
        return
    since = row.last_seen_at or row.discovered_at
    _place(work, row, vehicle_id, since, HEARD, str(gateway_id or ""), "")


def assignments(
    work: UnitOfWork, principal: Principal, device_ids: Iterable[str]
) -> list[DeviceAssignmentRow]:
    """Where devices belonged, the oldest word first."""
    statement = (
        scoped(principal, DeviceAssignmentRow)
        .where(DeviceAssignmentRow.device_id.in_(list(device_ids)))
        .order_by(DeviceAssignmentRow.since, DeviceAssignmentRow.row_id)
    )
    return list(work.session.scalars(statement))


def vehicle_at(work: UnitOfWork, principal: Principal, row: DeviceRow, at: datetime) -> str | None:
    """The vehicle a device belonged to at a time; before all we know, the first we know of."""
    if row.vehicle_since is None or row.vehicle_since <= at:
        return row.vehicle_id
    known = assignments(work, principal, [row.device_id])
    for one in known:
        if one.since <= at and (one.until is None or at < one.until):
            return one.vehicle_id
    return known[0].vehicle_id if known and at < known[0].since else None


def _place(
    work: UnitOfWork,
    row: DeviceRow,
    vehicle_id: str | None,
    since: datetime,
    source: str,
    by: str,
    reason: str,
) -> None:
    statement = select(DeviceAssignmentRow).where(
        DeviceAssignmentRow.tenant_id == row.tenant_id,
        DeviceAssignmentRow.device_id == row.device_id,
        DeviceAssignmentRow.until.is_(None) | (DeviceAssignmentRow.until > since),
    )
    for one in work.session.scalars(statement):
        one.until = max(one.since, since)
    work.session.add(
        DeviceAssignmentRow(
            tenant_id=row.tenant_id,
            device_id=row.device_id,
            vehicle_id=vehicle_id,
            since=since,
            source=source,
            by=by,
            reason=reason,
            recorded_at=work.now,
        )
    )
    row.vehicle_id, row.vehicle_since = vehicle_id, since
