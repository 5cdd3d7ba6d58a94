"""Devices heard through a gateway: known at once, enrolled or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.devices.assignments import note_heard
from cloud.core.devices.gateways import is_news
from cloud.core.devices.identity import agree
from cloud.core.devices.tables import DeviceDescriptionRow, DeviceRow
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo

DISCOVERED: Final = "discovered"
ACTIVE: Final = "active"
OFFLINE: Final = "offline"
# Made once: every batch asks it.
_DEVICES: Final = select(DeviceRow).where(
    DeviceRow.tenant_id == bindparam("tenant_id"),
    DeviceRow.system_id.in_(bindparam("system_ids", expanding=True)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One `DeviceInfo` row of a stream with its capture key."""

    stream: str
    boot_epoch: int
    sequence: int
    captured_at: datetime
    info: DeviceInfo


def heard(
    work: UnitOfWork, gateway: Principal, vehicle_id: str, system_ids: Iterable[SystemId]
) -> Mapping[SystemId, DeviceRow]:
    """The devices of these System-Ids; a new one becomes `discovered`, an offline one active."""
    wanted = {system_id.hex: system_id for system_id in system_ids}
    if not wanted:
        return {}
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    known = _by_system_id(work, gateway, wanted)
    for missing in sorted(wanted.keys() - known.keys()):
        work.session.execute(
            insert(DeviceRow)
            .values(
                device_id=new_id("dev"),
                tenant_id=gateway.tenant_id,
                system_id=missing,
                status=DISCOVERED,
                serial_number="",
                manufacturer="",
                model="",
                firmware="",
                hardware="",
                software="",
                udi="",
                specializations=[],
                discovered_at=work.now,
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "system_id"])
        )
    if wanted.keys() - known.keys():
        known = _by_system_id(work, gateway, wanted)
    for row in known.values():
        _note(work, row, gateway, vehicle_id)
    return {wanted[text]: row for text, row in known.items()}


def describe(
    work: UnitOfWork, gateway: Principal, vehicle_id: str, descriptions: Iterable[Description]
) -> int:
    """Keep what devices said about themselves; how many of these were new.

    A device enrolled by manufacturer and serial number alone gets its System-Id here.
    """
    ordered = sorted(descriptions, key=lambda one: one.captured_at)
    for one in ordered:
        _adopt(work, gateway, one.info)
    devices = heard(work, gateway, vehicle_id, (one.info.system_id for one in ordered))
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    new = 0
    for one in ordered:
        device = devices[one.info.system_id]
        inserted = work.session.execute(
            insert(DeviceDescriptionRow)
            .values(
                gateway_id=gateway.gateway_id,
                stream=one.stream,
                boot_epoch=one.boot_epoch,
                sequence=one.sequence,
                tenant_id=gateway.tenant_id,
                device_id=device.device_id,
                captured_at=one.captured_at,
                received_at=work.now,
                info=_document(one.info),
            )
            .on_conflict_do_nothing()
            .returning(DeviceDescriptionRow.sequence)
        ).first()
        if inserted is not None:
            new += 1
            _apply(device, one.info)
    return new


def _by_system_id(
    work: UnitOfWork, gateway: Principal, wanted: Mapping[str, SystemId]
) -> dict[str, DeviceRow]:
    named = {"tenant_id": gateway.tenant_id, "system_ids": list(wanted)}
    return {str(row.system_id): row for row in work.session.scalars(_DEVICES, named)}


def _adopt(work: UnitOfWork, gateway: Principal, info: DeviceInfo) -> None:
    """Give an enrolled device without a System-Id the one it turns out to have."""
    if not info.serial_number or _by_system_id(work, gateway, {info.system_id.hex: info.system_id}):
        return
    maker = info.manufacturer.strip()
    statement = scoped(gateway, DeviceRow).where(
        DeviceRow.system_id.is_(None), DeviceRow.serial_number == info.serial_number.strip()
    )
    found = [row for row in work.session.scalars(statement) if agree(row.manufacturer, maker)]
    named = [row for row in found if row.manufacturer.strip().casefold() == maker.casefold()]
    # Where a maker is not known, the serial number has to say by itself which device it is.
    if len(named or found) == 1:
        (named or found)[0].system_id = info.system_id.hex
        work.session.flush()


def _note(work: UnitOfWork, row: DeviceRow, gateway: Principal, vehicle_id: str) -> None:
    # Nothing is set to what it is: the mapper would have to find out that nothing changed.
    note_heard(work, row, gateway.gateway_id, vehicle_id)
    if is_news(row.last_seen_at, work.now):
        row.last_seen_at = work.now
    if row.gateway_id != gateway.gateway_id:
        row.gateway_id = gateway.gateway_id
    if row.status == OFFLINE:
        row.status = ACTIVE


def _apply(row: DeviceRow, info: DeviceInfo) -> None:
    """Newer words win; what was enrolled is not overwritten by silence."""
    row.manufacturer = row.manufacturer or info.manufacturer
    row.serial_number = row.serial_number or info.serial_number
    row.model = info.model or row.model
    row.firmware = info.firmware or row.firmware
    row.hardware = info.hardware or row.hardware
    row.software = info.software or row.software
    if info.specializations:
        row.specializations = [[code.cf_code, version] for code, version in info.specializations]


def _document(info: DeviceInfo) -> dict[str, Any]:
    return {
        "manufacturer": info.manufacturer,
        "model": info.model,
        "serial_number": info.serial_number,
        "firmware": info.firmware,
        "hardware": info.hardware,
        "software": info.software,
        "specializations": [[code.cf_code, version] for code, version in info.specializations],
    }
