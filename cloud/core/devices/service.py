"""Devices as callers see them: list, get, enrol; and the watch over silent ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from cloud.core.devices import history
from cloud.core.devices.assignments import assign
from cloud.core.devices.discovery import ACTIVE, DISCOVERED, OFFLINE
from cloud.core.devices.identity import enrolment_key
from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from protocols.model.codes import SystemId

DEVICE_CLASSES: Final = (
    "defib",
    "ecg",
    "oximeter",
    "bp",
    "glucose",
    "etco2",
    "thermometer",
    "multiparameter",
)
RETIRED: Final = "retired"
QUARANTINED: Final = "quarantined"
STATUSES: Final = (DISCOVERED, ACTIVE, OFFLINE, RETIRED, QUARANTINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What a caller says about the device it enrols.

    `serial_number` may be empty where there is a System-Id: many sensors have no number to tell.
    """

    serial_number: str
    device_class: str
    manufacturer: str
    model: str = ""
    firmware: str = ""
    vehicle_id: str | None = None
    system_id: SystemId | None = None
    udi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFilter:
    """Which devices a list shall hold; None means any."""

    vehicle_id: str | None = None
    status: str | None = None
    device_class: str | None = None
    is_calibration_overdue: bool | None = None


def device(work: UnitOfWork, principal: Principal, device_id: str) -> DeviceRow:
    """One device of the caller's tenant; NotFoundError otherwise."""
    row = work.session.scalars(
        scoped(principal, DeviceRow).where(DeviceRow.device_id == device_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("device_not_found", "Use the id of a device of your organisation.")
    return row


def devices(
    work: UnitOfWork, principal: Principal, wanted: DeviceFilter, *, after: str, limit: int
) -> list[DeviceRow]:
    """Devices in the order of their ids, from the one after `after` (empty: the first)."""
    statement = scoped(principal, DeviceRow).where(DeviceRow.device_id > after)
    if wanted.vehicle_id is not None:
        statement = statement.where(DeviceRow.vehicle_id == wanted.vehicle_id)
    if wanted.status is not None:
        statement = statement.where(DeviceRow.status == wanted.status)
    if wanted.device_class is not None:
        statement = statement.where(DeviceRow.device_class == wanted.device_class)
    if wanted.is_calibration_overdue is not None:
        overdue = DeviceRow.calibration_due_at <= work.now
        in_time = or_(
            DeviceRow.calibration_due_at.is_(None), DeviceRow.calibration_due_at > work.now
        )
        statement = statement.where(overdue if wanted.is_calibration_overdue else in_time)
    return list(work.session.scalars(statement.order_by(DeviceRow.device_id).limit(limit)))


def enrol(work: UnitOfWork, principal: Principal, wanted: Enrolment) -> tuple[DeviceRow, bool]:
    """The enrolled device and whether it is newly enrolled (True) or was enrolled before.

    ConflictError `enrolled_elsewhere` when another organisation holds the device,
    `system_id_taken` when another device of this organisation has the System-Id, and
    `device_quarantined` for a device that is set aside.
    """
    key = _key_of(wanted, principal)
    row = _enrolled(work, principal, key)
    if row is None:
        row = _heard_before(work, principal, wanted) or DeviceRow(
            device_id=new_id("dev"),
            tenant_id=principal.tenant_id,
            discovered_at=work.now,
            status=ACTIVE,
        )
    if row.status == QUARANTINED:
        # A scan on board must not bring back what somebody set aside.
        raise ConflictError("device_quarantined", "Have the device examined and reinstate it.")
    is_new = row.enrolled_at is None
    _check_system_id(work, principal, row, wanted)
    _fill(row, wanted, key)
    row.status = ACTIVE
    row.enrolled_at = work.now
    row.status_at, row.status_reason = work.now, ""
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError as exc:
        raise ConflictError(
            "enrolment_conflict",
            "The device or its System-Id is being enrolled already. Read the list and try again.",
        ) from exc
    history.note(work, principal, row, "enrolled", told={"device_class": wanted.device_class})
    if wanted.vehicle_id:
        assign(work, principal, row, wanted.vehicle_id)
    audit.record(work, principal, "enrol", "device", row.device_id)
    outbox.publish(
        work,
        tenant_id=principal.tenant_id,
        event_type="device.enrolled",
        resource_type="device",
        resource_id=row.device_id,
        data={"device_class": wanted.device_class, "vehicle_id": wanted.vehicle_id},
    )
    return row, is_new


def mark_silent(work: UnitOfWork, *, silence: timedelta) -> int:
    """Set active devices offline that were not heard for `silence`; how many.

    Runs over all tenants: it is the service's own watch.
    """
    # every tenant: the watch is the service's own.
    statement = (
        select(DeviceRow)
        .where(DeviceRow.status == ACTIVE, DeviceRow.last_seen_at < work.now - silence)
        .with_for_update(skip_locked=True)
    )
    rows = list(work.session.scalars(statement))
    for row in rows:
        row.status = OFFLINE
        outbox.publish(
            work,
            tenant_id=row.tenant_id,
            event_type="device.offline",
            resource_type="device",
            resource_id=row.device_id,
            data={"vehicle_id": row.vehicle_id},
        )
    return len(rows)


def _key_of(wanted: Enrolment, principal: Principal) -> str:
    # In a sandbox no device is held: what is played there must not be in the way of a real one.
    apart = f"{principal.tenant_id} " if principal.is_sandbox else ""
    return enrolment_key(f"{apart}{wanted.manufacturer.strip()}", _number_of(wanted))


def _number_of(wanted: Enrolment) -> str:
    number = wanted.serial_number.strip()
    if not number and wanted.system_id is not None:
        return wanted.system_id.hex
    return number


def _enrolled(work: UnitOfWork, principal: Principal, key: str) -> DeviceRow | None:
    # every tenant: it says only that another organisation is in the way.
    row = work.session.scalars(
        select(DeviceRow).where(DeviceRow.enrolment_key == key)
    ).one_or_none()
    if row is not None and row.tenant_id != principal.tenant_id:
        raise ConflictError(
            "enrolled_elsewhere", "Have the device retired where it is enrolled, then enrol it."
        )
    return row


def _heard_before(work: UnitOfWork, principal: Principal, wanted: Enrolment) -> DeviceRow | None:
    """A discovered device that this enrolment describes: by System-Id, else by its own words."""
    unenrolled = scoped(principal, DeviceRow).where(DeviceRow.enrolment_key.is_(None))
    if wanted.system_id is not None:
        return work.session.scalars(
            unenrolled.where(DeviceRow.system_id == wanted.system_id.hex)
        ).one_or_none()
    candidates = work.session.scalars(
        unenrolled.where(DeviceRow.serial_number == wanted.serial_number.strip())
    )
    key = enrolment_key(wanted.manufacturer, _number_of(wanted))
    for row in candidates:
        if enrolment_key(row.manufacturer, row.serial_number) == key:
            return row
    return None


def _check_system_id(
    work: UnitOfWork, principal: Principal, row: DeviceRow, wanted: Enrolment
) -> None:
    if wanted.system_id is None:
        return
    other = work.session.scalars(
        scoped(principal, DeviceRow).where(
            DeviceRow.system_id == wanted.system_id.hex, DeviceRow.device_id != row.device_id
        )
    ).first()
    if other is not None:
        raise ConflictError(
            "system_id_taken", "Another device of your organisation has this System-Id."
        )


def _fill(row: DeviceRow, wanted: Enrolment, key: str) -> None:
    row.enrolment_key = key
    row.serial_number = wanted.serial_number.strip()
    row.manufacturer = wanted.manufacturer.strip()
    row.device_class = wanted.device_class
    row.model = wanted.model or row.model or ""
    row.firmware = wanted.firmware or row.firmware or ""
    row.udi = wanted.udi or row.udi or ""
    if wanted.system_id is not None:
        row.system_id = wanted.system_id.hex
