"""What becomes of a device in its owner's hands: retired, set aside, taken up again, calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.core.devices import history
from cloud.core.devices.discovery import ACTIVE, DISCOVERED, OFFLINE
from cloud.core.devices.service import QUARANTINED, RETIRED
from cloud.core.devices.service import device as find_device
from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

IN_USE: Final = frozenset({DISCOVERED, ACTIVE, OFFLINE})
BY_PERSON: Final = "person"
AHEAD: Final = timedelta(minutes=5)
_ENROL: Final = {"method": "POST", "path": "/api/v1/devices/enrol"}


def check_active(row: DeviceRow) -> None:
    """ConflictError `device_not_active`, which says what to do, for a device not in use."""
    if row.status in (ACTIVE, OFFLINE):
        return
    if row.status == QUARANTINED:
        remedy = {"method": "POST", "path": f"/api/v1/devices/{row.device_id}/reinstate"}
        message = "The device is set aside. Have it examined and reinstate it, then send again."
    elif row.status == RETIRED:
        remedy, message = _ENROL, "The device is retired. Enrol it again, then send again."
    else:
        remedy, message = _ENROL, "Enrol the device first."
    raise ConflictError(
        "device_not_active", message, details={"status": row.status, "remedy": remedy}
    )


def retire(work: UnitOfWork, principal: Principal, device_id: str, reason: str) -> DeviceRow:
    """Take a device out of the fleet; another organisation may enrol it from now on."""
    row = find_device(work, principal, device_id)
    if row.status != RETIRED:
        row.enrolment_key = None
        _become(work, principal, row, RETIRED, "retired", reason)
    return row


def quarantine(work: UnitOfWork, principal: Principal, device_id: str, reason: str) -> DeviceRow:
    """Set a device aside: what it measures from now on is kept and charted for no patient.

    ConflictError `device_retired` for one that is retired.
    """
    row = find_device(work, principal, device_id)
    if row.status == RETIRED:
        raise ConflictError("device_retired", "Enrol the device again first.")
    if row.status != QUARANTINED:
        _become(work, principal, row, QUARANTINED, "quarantined", reason)
    return row


def reinstate(work: UnitOfWork, principal: Principal, device_id: str, reason: str) -> DeviceRow:
    """Take up again what was set aside; ConflictError `device_not_quarantined` for another."""
    row = find_device(work, principal, device_id)
    if row.status == RETIRED:
        raise ConflictError("device_retired", "Enrol the device again.")
    if row.status in (ACTIVE, OFFLINE):
        return row
    if row.status != QUARANTINED:
        raise ConflictError("device_not_quarantined", "Enrol the device first.")
    status = DISCOVERED if row.enrolled_at is None else ACTIVE
    _become(work, principal, row, status, "reinstated", reason)
    return row


def calibrate(
    work: UnitOfWork,
    principal: Principal,
    device_id: str,
    *,
    calibrated_at: datetime,
    due_at: datetime | None,
    reference: str,
) -> DeviceRow:
    """Note a calibration; the latest by its own time counts.

    InvalidError `calibrated_at_ahead` for the future, `calibration_due` for one that is due before
    it was done.
    """
    row = find_device(work, principal, device_id)
    if calibrated_at > work.now + AHEAD:
        raise InvalidError("calibrated_at_ahead", "Send a time that is not in the future.")
    if due_at is not None and due_at <= calibrated_at:
        raise InvalidError("calibration_due", "Send a due time after the calibration.")
    if row.calibrated_at is None or row.calibrated_at <= calibrated_at:
        row.calibrated_at, row.calibration_due_at = calibrated_at, due_at
        row.calibration_source = BY_PERSON
    told = {
        "calibrated_at": calibrated_at.isoformat(),
        "due_at": None if due_at is None else due_at.isoformat(),
        "reference": reference,
    }
    _note(work, principal, row, "calibrated", "", told)
    return row


def is_overdue(row: DeviceRow, now: datetime) -> bool:
    """Whether a device's next calibration was due before now."""
    return row.calibration_due_at is not None and row.calibration_due_at <= now


def _become(
    work: UnitOfWork, principal: Principal, row: DeviceRow, status: str, kind: str, reason: str
) -> None:
    before, row.status = row.status, status
    row.status_at, row.status_reason = work.now, reason
    _note(work, principal, row, kind, reason, {"before": before})


def _note(
    work: UnitOfWork,
    principal: Principal,
    row: DeviceRow,
    kind: str,
    reason: str,
    told: Mapping[str, Any],
) -> None:
    history.note(work, principal, row, kind, reason=reason, told=told)
    audit.record(work, principal, kind, "device", row.device_id)
    outbox.publish(
        work,
        tenant_id=row.tenant_id,
        event_type=f"device.{kind}",
        resource_type="device",
        resource_id=row.device_id,
        data={"vehicle_id": row.vehicle_id},
    )
