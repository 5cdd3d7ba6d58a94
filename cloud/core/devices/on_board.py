"""Devices enrolled on board, and the list of all devices that gateways are given."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select

from cloud.core.devices import commands
from cloud.core.devices.board_enrolments import ENROLLED, WAITING, decide, waiting_for
from cloud.core.devices.discovery import ACTIVE, OFFLINE
from cloud.core.devices.fleet_tables import BoardEnrolmentRow
from cloud.core.devices.tables import DeviceRow, GatewayRow
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from protocols.model.device import DeviceInfo
from protocols.uplink.commands import (
    DeviceEnrolment,
    EnrolledDevice,
    EnrolmentOutcome,
    ListDevices,
)

LOG: Final = logging.getLogger("vitalwire.fleet")
MOST_DEVICES: Final = 2000
MOST_SETTLED: Final = 200
MOST_TEXT: Final = 120
SETTLED_FOR: Final = timedelta(days=7)
FOLLOWED: Final = frozenset(
    f"device.{one}" for one in ("enrolled", "assigned", "retired", "quarantined", "reinstated")
)


def take_enrolment(work: UnitOfWork, gateway: Principal, enrolment: DeviceEnrolment) -> str:
    """Enrol the device for the gateway's vehicle, keep it waiting, or keep why not.

    The gateway gets a new list either way.
    """
    statement = scoped(gateway, BoardEnrolmentRow).where(
        BoardEnrolmentRow.enrolment_id == enrolment.enrolment_id.hex
    )
    known = work.session.scalars(statement).one_or_none()
    if known is None:
        row = _said(work, gateway, enrolment)
        decide(work, gateway, row)
        work.session.add(row)
    else:
        known.received_at = work.now
    work.session.flush()
    send_list(work, gateway)
    return "enrolment" if known is None else "repeated"


def complete_enrolments(
    work: UnitOfWork, gateway: Principal, described: Sequence[DeviceInfo]
) -> None:
    """Decide what waited for these devices, now that they have said what they are."""
    changed = {
        row.gateway_id
        for row in (waiting_for(work, gateway, described) if described else ())
        if decide(work, gateway, row)
    }
    work.session.flush()
    for gateway_id in sorted(changed):
        _send_list_if_it_can(work, replace(gateway, gateway_id=gateway_id))


def send_list(work: UnitOfWork, gateway: Principal) -> None:
    """Queue `devices.list` for a gateway; an older list still in the queue is taken back."""
    commands.withdraw(work, gateway, kind="devices.list")
    commands.queue(work, gateway, str(gateway.gateway_id), device_list(work, gateway))


def follow_devices(event: DomainEvent, work: UnitOfWork) -> None:
    """A device was enrolled or moved: every gateway of the tenant gets the new list."""
    if event.type not in FOLLOWED:
        return
    caller = service_principal(event.tenant_id, "fleet")
    statement = select(GatewayRow.gateway_id).where(GatewayRow.tenant_id == event.tenant_id)
    for gateway_id in work.session.scalars(statement):
        _send_list_if_it_can(work, replace(caller, gateway_id=gateway_id))


def told_of(event: DomainEvent) -> str:
    """Whose gateways an event gives a new list; empty for one that gives none."""
    return event.tenant_id if event.type in FOLLOWED else ""


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
    recent = work.now - SETTLED_FOR
    settled = (
        scoped(gateway, BoardEnrolmentRow)
        .where(
            BoardEnrolmentRow.gateway_id == gateway.gateway_id,
            or_(
                BoardEnrolmentRow.received_at > recent,
                BoardEnrolmentRow.decided_at > recent,
                BoardEnrolmentRow.outcome == WAITING,
            ),
        )
        .order_by(BoardEnrolmentRow.received_at.desc(), BoardEnrolmentRow.enrolment_id)
        .limit(MOST_SETTLED)
    )
    rows = list(work.session.scalars(settled))
    return ListDevices(
        version=int(work.now.timestamp() * 1_000_000),
        devices=devices,
        settled=tuple(UUID(hex=row.enrolment_id) for row in rows),
        outcomes=tuple(_outcome(row) for row in rows),
    )


def _outcome(row: BoardEnrolmentRow) -> EnrolmentOutcome:
    is_refused = row.outcome not in (ENROLLED, WAITING)
    said = row.said or {}
    return EnrolmentOutcome(
        enrolment_id=UUID(hex=row.enrolment_id),
        state="refused" if is_refused else row.outcome,
        reason=row.outcome if is_refused else row.waits_for,
        code=said.get("serial_number") or said.get("system_id", ""),
        vehicle_id=row.home,
    )


def _send_list_if_it_can(work: UnitOfWork, gateway: Principal) -> None:
    try:
        send_list(work, gateway)
    except DomainError as exc:
        LOG.info("event=list_not_sent gateway=%s reason=%s", gateway.gateway_id, exc.reason)


def _said(work: UnitOfWork, gateway: Principal, enrolment: DeviceEnrolment) -> BoardEnrolmentRow:
    return BoardEnrolmentRow(
        enrolment_id=enrolment.enrolment_id.hex,
        tenant_id=gateway.tenant_id,
        gateway_id=str(gateway.gateway_id),
        received_at=work.now,
        outcome=WAITING,
        waits_for="",
        said={
            "serial_number": enrolment.serial_number.strip()[:MOST_TEXT],
            "system_id": enrolment.system_id.strip()[:MOST_TEXT],
            "manufacturer": enrolment.manufacturer.strip()[:MOST_TEXT],
            "device_class": enrolment.device_class[:MOST_TEXT],
            "model": enrolment.model[:MOST_TEXT],
        },
    )
