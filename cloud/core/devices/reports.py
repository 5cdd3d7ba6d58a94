"""What gateways say of themselves: their link, their version, what waits on board."""

from __future__ import annotations

from datetime import datetime

from cloud.core.devices.commands import make_due
from cloud.core.devices.fleet_tables import GatewayReportRow
from cloud.core.devices.gateways import is_name, note_gateway
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from protocols.uplink.commands import GatewayReport


def note_link(work: UnitOfWork, gateway: Principal, *, is_online: bool, at: datetime) -> None:
    """The broker saw the gateway come or go; one that came gets its open commands at once."""
    row = _row(work, gateway)
    row.link, row.link_at = ("online" if is_online else "offline"), at
    if is_online:
        make_due(work, gateway)


def note_report(work: UnitOfWork, gateway: Principal, report: GatewayReport) -> None:
    """Keep the gateway's newest report; an older one changes nothing."""
    row = _row(work, gateway)
    if row.reported_at is not None and row.reported_at > report.at:
        return
    if is_name(report.vehicle_id):
        note_gateway(work, gateway, report.vehicle_id)
    row.reported_at = report.at
    row.version = report.version[:40]
    row.backlog_rows, row.oldest_at = report.backlog_rows, report.oldest_at
    row.configuration_version = report.configuration_version


def _row(work: UnitOfWork, gateway: Principal) -> GatewayReportRow:
    row = work.session.get(GatewayReportRow, gateway.gateway_id, with_for_update=True)
    if row is None:
        row = GatewayReportRow(
            gateway_id=str(gateway.gateway_id), tenant_id=gateway.tenant_id, link="", version=""
        )
        work.session.add(row)
    return row
