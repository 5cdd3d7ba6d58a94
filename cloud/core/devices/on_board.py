"""Devices enrolled on board, and the list of all devices that gateways are given."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from cloud.core.devices import commands
from cloud.core.devices.discovery import ACTIVE, OFFLINE
from cloud.core.devices.fleet_tables import BoardEnrolmentRow
from cloud.core.devices.service import DEVICE_CLASSES, Enrolment, enrol
from cloud.core.devices.tables import DeviceRow, GatewayRow
from cloud.core.kernel.errors import DomainError, InvalidError
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from protocols.errors import DecodeError
from protocols.model.codes import SystemId
from protocols.uplink.commands import DeviceEnrolment, EnrolledDevice, ListDevices

LOG: Final = logging.getLogger("vitalwire.fleet")
ENROLLED: Final = "enrolled"
MOST_DEVICES: Final = 2000
MOST_SETTLED: Final = 200
SETTLED_FOR: Final = timedelta(days=7)


def take_enrolment(work: UnitOfWork, gateway: Principal, enrolment: DeviceEnrolment) -> str:
    """Enrol the device for the gateway's vehicle, or keep why not; the gateway gets a new list."""
    known = work.session.get(BoardEnrolmentRow, enrolment.enrolment_id.hex)
    if known is None:
        work.session.add(_taken(work, gateway, enrolment))
        work.session.flush()
    send_list(work, gateway)
    return "enrolment" if known is None else "repeated"


def send_list(work: UnitOfWork, gateway: Principal) -> None:
    """Queue `devices.list` for a gateway; an older list still in the queue is taken back."""
    commands.withdraw(work, gateway, kind="devices.list")
    commands.queue(work, gateway, str(gateway.gateway_id), device_list(work, gateway))


def follow_devices(event: DomainEvent, work: UnitOfWork) -> None:
    """A device was enrolled or moved: every gateway of the tenant gets the new list."""
    if event.type not in ("device.enrolled", "device.assigned", "device.retired"):
        return
    caller = service_principal(event.tenant_id, "fleet")
    statement = select(GatewayRow.gateway_id).where(GatewayRow.tenant_id == event.tenant_id)
    for gateway_id in work.session.scalars(statement):
        gateway = Principal(
            tenant_id=caller.tenant_id,
            client_id=caller.client_id,
            scopes=(),
            gateway_id=gateway_id,
        )
        try:
            send_list(work, gateway)
        except DomainError as exc:
            LOG.info("event=list_not_sent gateway=%s reason=%s", gateway_id, exc.reason)


def device_list(work: UnitOfWork, gateway: Principal) -> ListDevices:
    """Every enrolled device of the gateway's tenant that has a System-Id."""
    statement = (
        scoped(gateway, DeviceRow)
        .where(
            DeviceRow.enrolment_key.is_not(None),
            DeviceRow.system_id.is_not(None),
            DeviceRow.status.in_((ACTIVE, OFFLINE)),
        )
        .order_by(DeviceRow.device_id)
        .limit(MOST_DEVICES)
    )
    devices = tuple(
        EnrolledDevice(
            system_id=row.system_id or "",
            serial_number=row.serial_number,
            manufacturer=row.manufacturer,
            vehicle_id=row.vehicle_id or "",
        )
        for row in work.session.scalars(statement)
    )
    settled = (
        scoped(gateway, BoardEnrolmentRow)
        .where(
            BoardEnrolmentRow.gateway_id == gateway.gateway_id,
            BoardEnrolmentRow.received_at > work.now - SETTLED_FOR,
        )
        .order_by(BoardEnrolmentRow.received_at.desc())
        .limit(MOST_SETTLED)
    )
    return ListDevices(
        version=int(work.now.timestamp() * 1_000_000),
        devices=devices,
        settled=tuple(UUID(hex=row.enrolment_id) for row in work.session.scalars(settled)),
    )


def _taken(work: UnitOfWork, gateway: Principal, enrolment: DeviceEnrolment) -> BoardEnrolmentRow:
    row = BoardEnrolmentRow(
        enrolment_id=enrolment.enrolment_id.hex,
        tenant_id=gateway.tenant_id,
        gateway_id=str(gateway.gateway_id),
        received_at=work.now,
        outcome=ENROLLED,
    )
    try:
        device, _ = enrol(work, gateway, _wanted(work, gateway, enrolment))
        row.device_id = device.device_id
    except (DomainError, DecodeError) as exc:
        row.outcome = exc.reason if isinstance(exc, DomainError) else "invalid_system_id"
        LOG.warning(
            "event=device_not_enrolled gateway=%s reason=%s", gateway.gateway_id, row.outcome
        )
    return row


def _wanted(work: UnitOfWork, gateway: Principal, said: DeviceEnrolment) -> Enrolment:
    if said.device_class not in DEVICE_CLASSES or not said.serial_number.strip():
        raise InvalidError("invalid_enrolment", "Send a serial number and a class of device.")
    home = work.session.get(GatewayRow, gateway.gateway_id)
    return Enrolment(
        serial_number=said.serial_number[:120],
        device_class=said.device_class,
        manufacturer=said.manufacturer[:120],
        model=said.model[:120],
        vehicle_id=home.vehicle_id if home is not None else None,
        system_id=SystemId.parse(said.system_id) if said.system_id else None,
    )
