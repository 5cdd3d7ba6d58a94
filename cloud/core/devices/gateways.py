"""Gateways and the vehicles they ride in."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.authorization.applications import NewClient, authenticate, register
from cloud.core.authorization.tables import APPROVED, KIND_GATEWAY, ApplicationRow
from cloud.core.devices.tables import GatewayRow, VehicleRow
from cloud.core.kernel import outbox
from cloud.core.kernel.errors import ForbiddenError
from cloud.core.kernel.principal import Principal, gateway_principal
from cloud.core.kernel.scopes import GATEWAY_UPLINK
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import table_of

_SEEN_EVERY: Final = timedelta(seconds=1)
_NAME: Final = re.compile(r"[^\s/\x00-\x1f]{1,64}")
# Made once: every batch asks these.
_APPLICATIONS: Final = table_of(ApplicationRow).c
_WHO: Final = select(_APPLICATIONS.kind, _APPLICATIONS.status).where(
    _APPLICATIONS.tenant_id == bindparam("tenant_id"),
    _APPLICATIONS.client_id == bindparam("gateway_id"),
)
_GATEWAYS: Final = table_of(GatewayRow).c
_HEARD: Final = select(_GATEWAYS.vehicle_id, _GATEWAYS.last_seen_at).where(
    _GATEWAYS.tenant_id == bindparam("tenant_id"), _GATEWAYS.gateway_id == bindparam("gateway_id")
)


def create_gateway(
    work: UnitOfWork, *, tenant_id: str, name: str, has_secret: bool = True
) -> NewClient:
    """A new gateway: its id and secret serve MQTT and OAuth alike; without one, a certificate."""
    client = register(
        work,
        tenant_id=tenant_id,
        name=name,
        scopes=(GATEWAY_UPLINK,),
        kind=KIND_GATEWAY,
        has_secret=has_secret,
    )
    work.session.add(
        GatewayRow(gateway_id=client.client_id, tenant_id=tenant_id, name=name, created_at=work.now)
    )
    work.session.flush()
    return client


def authenticate_gateway(work: UnitOfWork, gateway_id: str, secret: str) -> Principal | None:
    """The gateway whose secret this is, None for anything else."""
    application = authenticate(work, gateway_id, secret)
    if application is None or not application.is_approved:
        return None
    return _principal(application)


def known_gateway(work: UnitOfWork, *, tenant_id: str, gateway_id: str) -> Principal | None:
    """The gateway of this tenant and id, as long as it is approved."""
    found = work.rows(_WHO, {"tenant_id": tenant_id, "gateway_id": gateway_id})
    if [tuple(one) for one in found] != [(KIND_GATEWAY, APPROVED)]:
        return None
    return gateway_principal(tenant_id=tenant_id, gateway_id=gateway_id)


def is_name(text: str) -> bool:
    """Whether a vehicle may be called so."""
    return _NAME.fullmatch(text) is not None


def note_gateway(work: UnitOfWork, gateway: Principal, vehicle_id: str) -> None:
    """Remember that a gateway was heard, and the vehicle it says it is in."""
    named = {"tenant_id": gateway.tenant_id, "gateway_id": gateway.gateway_id}
    found = work.rows(_HEARD, named)
    if found and found[0][0] == vehicle_id and not is_news(found[0][1], work.now):
        return
    row = work.session.scalars(
        scoped(gateway, GatewayRow).where(GatewayRow.gateway_id == gateway.gateway_id)
    ).one_or_none()
    if row is None:
        raise ForbiddenError("gateway_unknown", "Enrol the gateway first.")
    if row.vehicle_id != vehicle_id:
        note_vehicle(work, gateway.tenant_id, vehicle_id)
        outbox.publish(
            work,
            tenant_id=gateway.tenant_id,
            event_type="gateway.moved",
            resource_type="gateway",
            resource_id=row.gateway_id,
            data={"vehicle_id": vehicle_id},
        )
    row.vehicle_id = vehicle_id
    if is_news(row.last_seen_at, work.now):
        row.last_seen_at = work.now


def is_news(seen_at: datetime | None, now: datetime) -> bool:
    """Whether having been heard `now` is worth writing: batches of a backlog come many a second."""
    return seen_at is None or not timedelta(0) <= now - seen_at < _SEEN_EVERY


def note_vehicle(work: UnitOfWork, tenant_id: str, vehicle_id: str) -> None:
    """Make a vehicle known."""
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    work.session.execute(
        insert(VehicleRow)
        .values(tenant_id=tenant_id, vehicle_id=vehicle_id, created_at=work.now)
        .on_conflict_do_nothing()
    )


def _principal(application: ApplicationRow) -> Principal | None:
    if application.kind != KIND_GATEWAY:
        return None
    return gateway_principal(tenant_id=application.tenant_id, gateway_id=application.client_id)
