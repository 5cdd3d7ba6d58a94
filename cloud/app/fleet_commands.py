"""`vitalwire-cloud gateways`: invite, list and revoke from the machine the cloud runs on."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cloud.app.arguments import minutes
from cloud.app.broker_config import write_broker_config
from cloud.app.opening import StartError
from cloud.app.parts import Parts
from cloud.core.devices import fleet
from cloud.core.devices.invitations import MOST_MINUTES, invite
from cloud.core.devices.revocation import revoke
from cloud.core.identity.service import tenant
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.principal import Principal, service_principal

if TYPE_CHECKING:
    from cloud.app.arguments import Acts

MOST_LISTED = 10_000


def add_gateway_commands(acts: Acts) -> None:
    """`gateways invite | list | revoke` and their arguments."""
    one = acts.add_parser("invite", help="print a one-time code for a gateway to join with")
    one.add_argument("--name", required=True, help="what to call the gateway")
    one.add_argument("--vehicle", required=True, help="the vehicle it rides in")
    one.add_argument(
        "--minutes",
        type=minutes(1, MOST_MINUTES),
        default=60,
        metavar="N",
        help=f"how long the code is good (60), {MOST_MINUTES} at most",
    )
    one.add_argument("--gateway", metavar="ID", help="a known gateway whose box is replaced")
    acts.add_parser("list", help="print the gateways, one JSON object a line")
    one = acts.add_parser("revoke", help="take a gateway out of the fleet at once")
    one.add_argument("gateway", metavar="ID")
    one.add_argument("--reason", default="", help="shown on board")
    for parser in acts.choices.values():
        parser.add_argument("--tenant", required=True, metavar="ID", help="whose gateways")


def add_broker_arguments(command: argparse.ArgumentParser) -> None:
    """`broker-config` and its arguments."""
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    command.add_argument("--tls-port", type=int, default=8883, help="for gateways (8883)")
    command.add_argument("--port", type=int, default=1883, help="for the ingest (1883)")


def run_fleet_command(parts: Parts, given: argparse.Namespace) -> list[str]:
    """Carry one out; the lines to print. StartError says what is wrong."""
    if given.command == "broker-config":
        path = write_broker_config(
            parts, given.out.resolve(), tls_port=given.tls_port, port=given.port
        )
        return [str(path)]
    caller = service_principal(given.tenant, "operator")
    try:
        return _gateways(parts, caller, given)
    except DomainError as exc:
        raise StartError(f"{exc.reason}: {exc.message.rstrip('.')}") from exc


def _gateways(parts: Parts, caller: Principal, given: argparse.Namespace) -> list[str]:
    with parts.database.begin(now=parts.clock()) as work:
        tenant(work, caller.tenant_id)
        if given.act == "invite":
            code, expires_at = invite(
                work,
                parts.vault,
                caller,
                name=given.name,
                vehicle_id=given.vehicle,
                life=timedelta(minutes=given.minutes),
                gateway_id=given.gateway,
            )
            return [f"{code}  good once, until {expires_at.isoformat(timespec='seconds')}"]
        if given.act == "revoke":
            is_new = revoke(work, caller, given.gateway, reason=given.reason)
            return [f"{given.gateway} {'is revoked' if is_new else 'was revoked already'}"]
        views = fleet.gateways(work, caller, after="", limit=MOST_LISTED)
        return [json.dumps(_line(view)) for view in views]


def _line(view: fleet.GatewayView) -> dict[str, object]:
    return {
        "id": view.gateway_id,
        "name": view.name,
        "status": view.status,
        "vehicle_id": view.vehicle_id,
        "link": view.link or None,
        "version": view.version or None,
        "last_seen_at": view.last_seen_at and view.last_seen_at.isoformat(),
        "backlog_rows": view.backlog_rows,
        "backlog_age_seconds": view.backlog_age and view.backlog_age.total_seconds(),
        "certificate_ends_at": view.certificate_ends_at and view.certificate_ends_at.isoformat(),
    }
