"""Devices, gateways and vehicles by what a search may ask of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import SQLColumnExpression, exists, func, select

from cloud.core.devices.identity import info_of
from cloud.core.devices.tables import DeviceRow, GatewayRow, VehicleRow
from cloud.core.encounters.handover import HandoverDevice
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow
from cloud.core.searching import encounters
from cloud.core.searching.clauses import Clause, Order, Span, begins_with, contains, either, moment

DEVICES: Final = Order((DeviceRow.device_id,))
GATEWAYS: Final = Order((GatewayRow.gateway_id,))
_LATELY: Final = 2000
_TABLES: Final[tuple[type[Measured], ...]] = (ObservationRow, WaveformRow)
_KNOWN_SINCE: Final = func.coalesce(
    DeviceRow.enrolled_at, DeviceRow.discovered_at, type_=DeviceRow.discovered_at.type
)


def devices_of_ids(device_ids: Collection[str]) -> Clause:
    """These devices."""
    return DeviceRow.device_id.in_(list(device_ids))


def gateways_of_ids(gateway_ids: Collection[str]) -> Clause:
    """These gateways."""
    return GatewayRow.gateway_id.in_(list(gateway_ids))


def called_as(system_ids: Collection[str]) -> Clause:
    """By the System-Id in hexadecimal."""
    return DeviceRow.system_id.in_(list(system_ids))


def of_serial(serial_number: str) -> Clause:
    """By the maker's serial number."""
    return DeviceRow.serial_number == serial_number


def in_statuses(statuses: Collection[str]) -> Clause:
    """Devices that stand there."""
    return DeviceRow.status.in_(list(statuses))


def in_vehicles(vehicle_ids: Collection[str]) -> Clause:
    """Devices on board of these vehicles."""
    return DeviceRow.vehicle_id.in_(list(vehicle_ids))


def named(text: str, *, anywhere: bool) -> Clause:
    """By the model's name."""
    return (contains if anywhere else begins_with)(DeviceRow.model, text)


def made_by(text: str, *, anywhere: bool) -> Clause:
    """By the maker."""
    return (contains if anywhere else begins_with)(DeviceRow.manufacturer, text)


def gateways_in(vehicle_ids: Collection[str]) -> Clause:
    """Gateways on board of these vehicles."""
    return GatewayRow.vehicle_id.in_(list(vehicle_ids))


def device_since(prefix: str, span: Span) -> Clause:
    """By when it was enrolled, or first heard of."""
    return moment(_KNOWN_SINCE, prefix, span)


def gateway_since(prefix: str, span: Span) -> Clause:
    """By when it was made known."""
    return moment(GatewayRow.created_at, prefix, span)


def devices_within(principal: Principal, within: Sequence[Clause]) -> list[Clause]:
    """Devices that measured for an encounter that fits; with no clauses, all of them."""
    if not within:
        return []
    return [
        either(_measured(principal, t, t.device_id == DeviceRow.device_id, within) for t in _TABLES)
    ]


def gateways_within(principal: Principal, within: Sequence[Clause]) -> list[Clause]:
    """Gateways that carried readings of an encounter that fits; with no clauses, all of them."""
    if not within:
        return []
    return [
        either(
            _measured(principal, t, t.gateway_id == GatewayRow.gateway_id, within) for t in _TABLES
        )
    ]


def _measured(
    principal: Principal,
    table: type[Measured],
    owned: SQLColumnExpression[bool],
    within: Sequence[Clause],
) -> Clause:
    return exists().where(
        table.tenant_id == principal.tenant_id, owned, _charted(principal, table, within)
    )


def _charted(principal: Principal, table: type[Measured], within: Sequence[Clause]) -> Clause:
    """Readings of an encounter that fits; with no clauses, of any."""
    if not within:
        return table.encounter_id.is_not(None)
    return table.encounter_id.in_(encounters.select_ids(principal, within))


def device_ids(work: UnitOfWork, principal: Principal) -> list[str]:
    """All devices of the caller's tenant by their ids."""
    statement = select(DeviceRow.device_id).where(DeviceRow.tenant_id == principal.tenant_id)
    return list(work.session.scalars(statement))


def gateway_ids(work: UnitOfWork, principal: Principal) -> list[str]:
    """All gateways of the caller's tenant by their ids."""
    statement = select(GatewayRow.gateway_id).where(GatewayRow.tenant_id == principal.tenant_id)
    return list(work.session.scalars(statement))


def of_class(work: UnitOfWork, principal: Principal, device_class: str) -> frozenset[str]:
    """The ids of the devices of a class."""
    statement = select(DeviceRow.device_id).where(
        DeviceRow.tenant_id == principal.tenant_id, DeviceRow.device_class == device_class
    )
    return frozenset(work.session.scalars(statement))


def measured_lately(
    work: UnitOfWork, principal: Principal, device_id: str, within: Sequence[Clause] = ()
) -> list[int]:
    """The types among a device's newest readings of encounters that fit, waveforms among them."""
    found: set[int] = set()
    for table in _TABLES:
        newest = (
            select(table.type_cf)
            .where(table.tenant_id == principal.tenant_id, table.device_id == device_id)
            .where(_charted(principal, table, within))
            .order_by(table.observed_at.desc())
            .limit(_LATELY)
            .subquery()
        )
        found.update(work.session.scalars(select(newest.c.type_cf).distinct()))
    return sorted(found)


def newest_of_type(
    work: UnitOfWork,
    principal: Principal,
    device_id: str,
    type_cf: int,
    within: Sequence[Clause] = (),
) -> Measured | None:
    """A device's newest reading of a type that belongs to an encounter that fits."""
    for table in _TABLES:
        statement = (
            scoped(principal, table)
            .where(table.device_id == device_id, table.type_cf == type_cf)
            .where(_charted(principal, table, within))
            .order_by(table.observed_at.desc())
            .limit(1)
        )
        row = work.session.scalars(statement).first()
        if row is not None:
            return row
    return None


def told(row: DeviceRow) -> HandoverDevice:
    """A device as projections take it."""
    return HandoverDevice(
        device_id=row.device_id,
        device_class=row.device_class,
        status=row.status,
        info=info_of(row),
    )


def vehicles(
    work: UnitOfWork,
    principal: Principal,
    *,
    vehicle_ids: Collection[str] | None = None,
    after: str = "",
    limit: int,
) -> list[VehicleRow]:
    """Vehicles of the caller's tenant by name."""
    statement = select(VehicleRow).where(
        VehicleRow.tenant_id == principal.tenant_id, VehicleRow.vehicle_id > after
    )
    if vehicle_ids is not None:
        statement = statement.where(VehicleRow.vehicle_id.in_(list(vehicle_ids)))
    return list(work.session.scalars(statement.order_by(VehicleRow.vehicle_id).limit(limit)))


def gateway(
    work: UnitOfWork, principal: Principal, gateway_id: str, clauses: Sequence[Clause] = ()
) -> GatewayRow | None:
    """One gateway of the caller's tenant, if it fits."""
    statement = scoped(principal, GatewayRow).where(GatewayRow.gateway_id == gateway_id, *clauses)
    return work.session.scalars(statement).one_or_none()


def device(
    work: UnitOfWork, principal: Principal, device_id: str, clauses: Sequence[Clause] = ()
) -> DeviceRow | None:
    """One device of the caller's tenant, if it fits."""
    statement = scoped(principal, DeviceRow).where(DeviceRow.device_id == device_id, *clauses)
    return work.session.scalars(statement).one_or_none()


def counted(
    work: UnitOfWork,
    principal: Principal,
    table: type[DeviceRow] | type[GatewayRow],
    clauses: Sequence[Clause],
) -> int:
    """How many fit."""
    statement = select(func.count()).where(table.tenant_id == principal.tenant_id, *clauses)
    return work.session.scalar(statement.select_from(table)) or 0
