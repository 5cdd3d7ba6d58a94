"""Device: what measured, and the gateways that carried it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cloud.core.devices.tables import DeviceRow, GatewayRow
from cloud.core.searching import equipment
from cloud.core.searching.clauses import Clause, Order, always, either
from cloud.fhir import systems
from cloud.fhir.device import STATUS, device, gateway
from cloud.fhir.json import Element
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.ids import public
from cloud.fhir.rest.kind import Kind, Rows, elements, served
from cloud.fhir.rest.names import VEHICLE
from cloud.fhir.rest.parameters import Criterion, Token, reference, string, token
from cloud.fhir.rest.query import Query
from protocols.errors import DecodeError
from protocols.model.codes import SystemId


def _device_where(desk: Desk, query: Query) -> Sequence[Clause]:
    return [*_seen_devices(desk), *(_of_device(desk, one) for one in query.criteria)]


def _seen_devices(desk: Desk) -> list[Clause]:
    """Whoever sees some encounters alone sees what measured for them."""
    return equipment.devices_within(desk.principal, desk.within)


def _seen_gateways(desk: Desk) -> list[Clause]:
    return equipment.gateways_within(desk.principal, desk.within)


def _of_device(desk: Desk, one: Criterion) -> Clause:
    match one.name:
        case "_id":
            return equipment.devices_of_ids(charts.publics("dev", [t.code for t in one.tokens]))
        case "identifier":
            return either(_identified(desk, t) for t in one.tokens)
        case "status":
            wanted = {t.code for t in one.tokens}
            return equipment.in_statuses([ours for ours, told in STATUS.items() if told in wanted])
        case "location":
            return equipment.in_vehicles(charts.words(VEHICLE, one.ids("Location")))
        case "device-name" | "model":
            return either(equipment.named(t, anywhere=_anywhere(one)) for t in one.texts)
        case "manufacturer":
            return either(equipment.made_by(t, anywhere=_anywhere(one)) for t in one.texts)
        case _:
            return either(equipment.device_since(m.prefix, m.span) for m in one.moments)


def _anywhere(one: Criterion) -> bool:
    return one.modifier == "contains"


def _identified(desk: Desk, one: Token) -> Clause:
    found = []
    if one.system in (None, systems.EUI_64):
        found.append(equipment.called_as(_system_ids(one.code)))
    if one.system in (None, systems.DEVICE):
        names = desk.names()
        ids = equipment.device_ids(desk.work, desk.principal)
        ours = [i for i in ids if names.within_tenant("Device", i) == one.code]
        found.append(equipment.devices_of_ids(ours))
    return either(found)


def _system_ids(text: str) -> list[str]:
    """A System-Id in either case, with dashes or without."""
    try:
        return [SystemId.parse(text.upper()).hex]
    except DecodeError:
        return []


def _devices(desk: Desk, rows: Sequence[DeviceRow]) -> list[Element]:
    names = desk.names()
    return [
        served(
            device(names, equipment.told(row)),
            names.id_of("Device", row.device_id),
            row.enrolled_at or row.discovered_at,
        )
        for row in rows
    ]


def _gateway_where(desk: Desk, query: Query) -> Sequence[Clause]:
    return [*_seen_gateways(desk), *(_of_gateway(desk, one) for one in query.criteria)]


def _of_gateway(desk: Desk, one: Criterion) -> Clause:
    match one.name:
        case "_id":
            return equipment.gateways_of_ids(charts.publics("gw", [t.code for t in one.tokens]))
        case "identifier":
            names = desk.names()
            wanted = {t.code for t in one.tokens if t.system in (None, systems.DEVICE)}
            ids = equipment.gateway_ids(desk.work, desk.principal)
            ours = [i for i in ids if names.within_tenant("Gateway", i) in wanted]
            return equipment.gateways_of_ids(ours)
        case "status":
            return always("active" in {t.code for t in one.tokens})
        case "location":
            return equipment.gateways_in(charts.words(VEHICLE, one.ids("Location")))
        case "_lastUpdated":
            return either(equipment.gateway_since(m.prefix, m.span) for m in one.moments)
        case _:
            return always(False)


def _gateways(desk: Desk, rows: Sequence[GatewayRow]) -> list[Element]:
    names = desk.names()
    return [
        served(
            gateway(names, row.gateway_id), names.id_of("Gateway", row.gateway_id), row.created_at
        )
        for row in rows
    ]


def _read(desk: Desk, identity: str) -> Element | None:
    work, caller = desk.work, desk.principal
    row = equipment.device(work, caller, public("dev", identity) or "", _seen_devices(desk))
    if row is not None:
        return _devices(desk, [row])[0]
    carrier = equipment.gateway(work, caller, public("gw", identity) or "", _seen_gateways(desk))
    return None if carrier is None else _gateways(desk, [carrier])[0]


def _device_order(_query: Query) -> Order:
    return equipment.DEVICES


def _gateway_order(_query: Query) -> Order:
    return equipment.GATEWAYS


def _count_devices(desk: Desk, clauses: Sequence[Clause]) -> int:
    return equipment.counted(desk.work, desk.principal, DeviceRow, clauses)


def _count_gateways(desk: Desk, clauses: Sequence[Clause]) -> int:
    return equipment.counted(desk.work, desk.principal, GatewayRow, clauses)


KIND: Final = Kind(
    name="Device",
    says="The medical devices of the service and the gateways of its vehicles.",
    parameters=(
        charts.BY_ID,
        charts.CHANGED,
        token("identifier", "Our own id, or the EUI-64 of the device."),
        token("status", "active or inactive."),
        string("device-name", "The model's name."),
        string("model", "The model's name."),
        string("manufacturer", "Who made it."),
        reference("location", "The vehicle it is on board of.", ["Location"]),
    ),
    sources=(
        Rows(
            table=DeviceRow,
            where=_device_where,
            order=_device_order,
            build=_devices,
            counted=_count_devices,
        ),
        Rows(
            table=GatewayRow,
            where=_gateway_where,
            order=_gateway_order,
            build=_gateways,
            counted=_count_gateways,
        ),
    ),
    read=_read,
    summary=elements("identifier status type deviceName definition owner"),
)
