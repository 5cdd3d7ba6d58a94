"""The fleet as operators see it: one line a gateway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.devices.certificates import newest_expiry
from cloud.core.devices.commands import gateway as find_gateway
from cloud.core.devices.fleet_tables import GatewayReportRow
from cloud.core.devices.tables import GatewayRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayView:
    """One gateway. `backlog_age` is how old the oldest row on board was when it reported."""

    gateway_id: str
    name: str
    status: str
    vehicle_id: str | None
    created_at: datetime
    last_seen_at: datetime | None
    link: str
    link_at: datetime | None
    reported_at: datetime | None
    version: str
    configuration_version: int | None
    backlog_rows: int | None
    backlog_age: timedelta | None
    certificate_ends_at: datetime | None


def gateways(
    work: UnitOfWork, principal: Principal, *, after: str, limit: int
) -> list[GatewayView]:
    """Gateways in the order of their ids, from the one after `after` (empty: the first)."""
    statement = (
        scoped(principal, GatewayRow)
        .where(GatewayRow.gateway_id > after)
        .order_by(GatewayRow.gateway_id)
        .limit(limit)
    )
    return _views(work, principal, list(work.session.scalars(statement)))


def gateway(work: UnitOfWork, principal: Principal, gateway_id: str) -> GatewayView:
    """One gateway of the caller's tenant; NotFoundError otherwise."""
    return _views(work, principal, [find_gateway(work, principal, gateway_id)])[0]


def _views(work: UnitOfWork, principal: Principal, rows: list[GatewayRow]) -> list[GatewayView]:
    ids = [row.gateway_id for row in rows]
    statuses = {
        row.client_id: row.status
        for row in work.session.scalars(
            scoped(principal, ApplicationRow).where(ApplicationRow.client_id.in_(ids))
        )
    }
    reports = {
        row.gateway_id: row
        for row in work.session.scalars(
            scoped(principal, GatewayReportRow).where(GatewayReportRow.gateway_id.in_(ids))
        )
    }
    certificates = newest_expiry(work, principal)
    return [
        _view(row, statuses.get(row.gateway_id, "revoked"), reports.get(row.gateway_id), ends)
        for row in rows
        for ends in [
            certificates[row.gateway_id].not_after if row.gateway_id in certificates else None
        ]
    ]


def _view(
    row: GatewayRow, status: str, report: GatewayReportRow | None, ends: datetime | None
) -> GatewayView:
    age = None
    if report is not None and report.oldest_at is not None and report.reported_at is not None:
        age = max(timedelta(0), report.reported_at - report.oldest_at)
    return GatewayView(
        gateway_id=row.gateway_id,
        name=row.name,
        status=status,
        vehicle_id=row.vehicle_id,
        created_at=row.created_at,
        last_seen_at=_latest(row.last_seen_at, report.reported_at if report else None),
        link=report.link if report else "",
        link_at=report.link_at if report else None,
        reported_at=report.reported_at if report else None,
        version=report.version if report else "",
        configuration_version=report.configuration_version if report else None,
        backlog_rows=report.backlog_rows if report else None,
        backlog_age=age,
        certificate_ends_at=ends,
    )


def _latest(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def totals(work: UnitOfWork) -> dict[str, float]:
    """Figures over all gateways, for the metrics: how many, how many online, the oldest backlog."""
    # every tenant: figures for the operator of the service.
    reports = list(work.session.scalars(select(GatewayReportRow)))
    ages = [
        (row.reported_at - row.oldest_at).total_seconds()
        for row in reports
        if row.reported_at is not None and row.oldest_at is not None
    ]
    return {
        "reporting": float(len(reports)),
        "online": float(sum(row.link == "online" for row in reports)),
        "backlog_rows": float(sum(row.backlog_rows or 0 for row in reports)),
        "oldest_backlog_seconds": max(ages, default=0.0),
    }
