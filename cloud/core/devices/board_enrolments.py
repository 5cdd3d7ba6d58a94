"""Enrolments made on board: decided at once, or when the device has said what it is.

A scan tells a System-Id or a serial number and no more. What is missing the device says itself, in
the description that travels ahead of its readings, before the scan or after it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import func, or_

from cloud.core.devices.fleet_tables import BoardEnrolmentRow
from cloud.core.devices.identity import agree, identities
from cloud.core.devices.service import DEVICE_CLASSES, Enrolment, enrol
from cloud.core.devices.tables import DeviceRow, GatewayRow
from cloud.core.kernel.errors import ConflictError, DomainError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from protocols.errors import DecodeError
from protocols.model.codes import MdcCode, SystemId
from protocols.model.device import DeviceInfo

LOG: Final = logging.getLogger("vitalwire.fleet")
ENROLLED: Final = "enrolled"
WAITING: Final = "waiting"
FOR_DEVICE: Final = "device"
FOR_KIND: Final = "kind"
FOR_ONE_OF_SEVERAL: Final = "one_of_several"
OTHER_VEHICLE: Final = "other_vehicle"
_SEVERAL: Final = "multiparameter"
# MDC_DEV_SPEC_PROFILE_* of partition 8.
_CLASSES: Final = {
    4100: "oximeter",
    4101: "defib",
    4102: "ecg",
    4103: "bp",
    4104: "thermometer",
    4107: "etco2",
    4113: "glucose",
    4121: "glucose",
}
_MANY_KINDS: Final = frozenset({4096, 4099})  # HYDRA, VS_MON


def class_of(specializations: Iterable[tuple[int, int]]) -> str | None:
    """The class of a device by its (profile, version) pairs, None where they name none of ours."""
    terms = {MdcCode.from_cf_code(code).term for code, _ in specializations}
    found = {_CLASSES[term] for term in terms if term in _CLASSES}
    if len(found) > 1 or (not found and terms & _MANY_KINDS):
        return _SEVERAL
    return found.pop() if found else None


def decide(work: UnitOfWork, gateway: Principal, row: BoardEnrolmentRow) -> bool:
    """Enrol the device, refuse it, or note what is waited for; whether anything changed."""
    before = (row.outcome, row.waits_for)
    row.waits_for, row.home = "", ""
    try:
        wanted = _wanted(work, gateway, row)
        row.outcome = WAITING
        if wanted is not None:
            device, _ = enrol(work, gateway, wanted)
            row.device_id, row.outcome = device.device_id, ENROLLED
    except (DomainError, DecodeError) as exc:
        row.outcome = exc.reason if isinstance(exc, DomainError) else "invalid_system_id"
        LOG.warning("event=device_not_enrolled gateway=%s reason=%s", row.gateway_id, row.outcome)
    is_new = before != (row.outcome, row.waits_for)
    if is_new:
        row.decided_at = work.now
    return is_new


def waiting_for(
    work: UnitOfWork, gateway: Principal, described: Sequence[DeviceInfo]
) -> list[BoardEnrolmentRow]:
    """The waiting enrolments that are of one of these devices, which this gateway has heard."""
    # Two batches at once must not decide one enrolment both.
    statement = scoped(gateway, BoardEnrolmentRow).where(BoardEnrolmentRow.outcome == WAITING)
    waiting = work.session.scalars(statement.with_for_update(skip_locked=True))
    return [row for row in waiting if any(_is_of(row, info, gateway) for info in described)]


def _is_of(row: BoardEnrolmentRow, info: DeviceInfo, gateway: Principal) -> bool:
    if row.said["system_id"]:
        return info.system_id.hex in identities(row.said["system_id"])
    # Makers share serial numbers: the device of a number alone is the one of this vehicle.
    is_here = row.gateway_id == gateway.gateway_id
    serial = info.serial_number.strip().casefold()
    is_named = serial == row.said["serial_number"].casefold()
    return is_here and is_named and agree(row.said["manufacturer"], info.manufacturer)


def _wanted(work: UnitOfWork, gateway: Principal, row: BoardEnrolmentRow) -> Enrolment | None:
    """All that enrolling needs; None while it has to wait, and the row says what for."""
    said = row.said
    is_named = said["system_id"] or said["serial_number"]
    if not is_named or said["device_class"] not in ("", *DEVICE_CLASSES):
        raise InvalidError("invalid_enrolment", "Send a System-Id or a serial number.")
    home = work.session.get(GatewayRow, row.gateway_id)
    vehicle_id = home.vehicle_id if home is not None else None
    found = _heard(work, gateway, row)
    if len(found) > 1:
        row.waits_for = FOR_ONE_OF_SEVERAL
        return None
    if not found:
        return _as_said(row, vehicle_id)
    device = found[0]
    is_theirs = vehicle_id and device.vehicle_id not in (None, "", vehicle_id)
    if device.enrolment_key and is_theirs:
        row.home = device.vehicle_id or ""
        raise ConflictError(OTHER_VEHICLE, "Have the fleet give the device to this vehicle.")
    device_class = said["device_class"] or device.device_class or class_of(device.specializations)
    if device_class is None:
        has_spoken = device.specializations or device.model or device.manufacturer
        row.waits_for = FOR_KIND if has_spoken else FOR_DEVICE
        return None
    own = device.system_id or said["system_id"]
    return Enrolment(
        serial_number=said["serial_number"] or device.serial_number,
        device_class=device_class,
        manufacturer=said["manufacturer"] or device.manufacturer,
        model=said["model"],
        vehicle_id=vehicle_id,
        system_id=SystemId.parse(own) if own else None,
    )


def _as_said(row: BoardEnrolmentRow, vehicle_id: str | None) -> Enrolment | None:
    """What a complete enrolment says by itself, of a device that nobody has heard."""
    said = row.said
    system_id = SystemId.parse(said["system_id"]) if said["system_id"] else None
    if not (said["serial_number"] and said["manufacturer"] and said["device_class"]):
        row.waits_for = FOR_DEVICE
        return None
    return Enrolment(
        serial_number=said["serial_number"],
        device_class=said["device_class"],
        manufacturer=said["manufacturer"],
        model=said["model"],
        vehicle_id=vehicle_id,
        system_id=system_id,
    )


def _heard(work: UnitOfWork, gateway: Principal, row: BoardEnrolmentRow) -> Sequence[DeviceRow]:
    """The devices of the fleet that this may be: by System-Id, else by serial number."""
    said = row.said
    if said["system_id"]:
        by_id = scoped(gateway, DeviceRow).where(
            DeviceRow.system_id.in_(identities(said["system_id"]))
        )
        return list(work.session.scalars(by_id.limit(2)))
    by_serial = scoped(gateway, DeviceRow).where(
        func.lower(DeviceRow.serial_number) == said["serial_number"].lower(),
        or_(DeviceRow.gateway_id == row.gateway_id, DeviceRow.enrolment_key.is_not(None)),
    )
    found = work.session.scalars(by_serial.limit(20))
    return [one for one in found if agree(said["manufacturer"], one.manufacturer)]
