"""`vitalwire-cloud hospitals`: connect, test and end hospitals' servers, and follow deliveries."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from cloud.app.opening import StartError
from cloud.app.parts import Parts
from cloud.core.exchange import connections, deliveries
from cloud.core.exchange.access import Access, open_access, public_jwk
from cloud.core.exchange.connections import STANDARD_WISHES, WISHES, ConnectionChange, NewConnection
from cloud.core.exchange.deliveries import STATES, DeliveryFilter
from cloud.core.exchange.tables import ConnectionRow, DeliveryRow
from cloud.core.identity.service import tenant
from cloud.core.kernel import audit
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.scopes import PLATFORM_ADMIN
from cloud.core.kernel.work import UnitOfWork
from cloud.exchange.trying import try_connection

if TYPE_CHECKING:
    from cloud.app.arguments import Acts

MOST_LISTED: Final = 1000


def add_hospital_commands(acts: Acts) -> None:
    """`hospitals` and its acts."""
    _add_connecting(acts)
    acts.add_parser("list", help="print the connections, one JSON object a line")
    for act, words in (
        ("test", "reach a server as a delivery would, without a patient"),
        ("pause", "send nothing there until it is resumed"),
        ("resume", "send again, at once"),
        ("end", "end a connection and forget its credentials"),
    ):
        acts.add_parser(act, help=words).add_argument("connection", metavar="ID")
    one = acts.add_parser("deliveries", help="print the newest deliveries, one JSON object a line")
    one.add_argument("--state", choices=STATES, help="only these")
    one = acts.add_parser("replay", help="have a delivery sent again")
    one.add_argument("delivery", metavar="ID")
    one.add_argument(
        "--fresh", action="store_true", help="what the encounter says now, not the same octets"
    )
    for parser in acts.choices.values():
        parser.add_argument("--tenant", required=True, metavar="ID", help="whose hospitals")


def _add_connecting(acts: Acts) -> None:
    one = acts.add_parser("connect", help="connect the server of a facility")
    one.add_argument("--facility", required=True, metavar="ID", help="where patients are brought")
    one.add_argument("--name", required=True, help="what to call it")
    one.add_argument("--kind", required=True, choices=("fhir", "mllp"))
    one.add_argument("--address", required=True, help="https://... or mllps://HOST:PORT")
    one.add_argument(
        "--want", action="append", choices=WISHES, help="what it is told; may be repeated"
    )
    one.add_argument("--form", choices=("transaction", "document", "both"), default="transaction")
    one.add_argument("--identified", action="store_true", help="it may know who the patient is")
    one.add_argument(
        "--access", type=Path, metavar="FILE", help="what opens its door, one JSON object"
    )
    one.add_argument(
        "--authorities", type=Path, metavar="FILE", help="PEM certificates to trust instead"
    )


def run_hospital_command(parts: Parts, given: argparse.Namespace) -> list[str]:
    """Carry one out; the lines to print. DomainError or StartError says what is wrong."""
    caller = replace(service_principal(given.tenant, "operator"), scopes=(PLATFORM_ADMIN,))
    if given.act == "connect":
        connections.check_destinations(given.address, _access(given.access), parts.outbound)
    with parts.database.begin(now=parts.clock()) as work:
        tenant(work, given.tenant)
        if given.act == "test":
            row = connections.find(work, caller, given.connection)
            audit.record(work, caller, "hospital.tested", "hospital_connection", row.connection_id)
        else:
            return _ACTS[given.act](parts, work, caller, given)
    trial = try_connection(row, parts.vault, parts.outbound, parts.clock)
    told = {"ok": trial.is_good, "reason": trial.reason or None, "response": trial.status}
    return [json.dumps({**told, "milliseconds": trial.milliseconds, **trial.facts})]


def _connect(
    parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    wanted = NewConnection(
        facility_id=given.facility,
        name=given.name,
        kind=given.kind,
        address=given.address,
        wants=given.want or STANDARD_WISHES,
        form=given.form,
        is_identified=given.identified,
        access=_access(given.access),
        authorities=_read(given.authorities),
    )
    row = connections.create(work, parts.vault, caller, wanted, outbound=parts.outbound)
    return [_connection(parts, row)]


def _list(parts: Parts, work: UnitOfWork, caller: Principal, _: argparse.Namespace) -> list[str]:
    return [_connection(parts, row) for row in connections.listing(work, caller)]


def _pause(
    parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    wanted = ConnectionChange(is_paused=given.act == "pause")
    row = connections.change(
        work, parts.vault, caller, given.connection, wanted, outbound=parts.outbound
    )
    return [f"{row.connection_id} is {row.status}"]


def _end(parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace) -> list[str]:
    row = connections.end(work, parts.vault, caller, given.connection)
    return [f"{row.connection_id} is {row.status}"]


def _deliveries(
    _: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    wanted = DeliveryFilter(state=given.state)
    rows = deliveries.listing(work, caller, wanted, before=None, limit=MOST_LISTED)
    return [_delivery(row) for row in rows]


def _replay(_: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace) -> list[str]:
    return [_delivery(deliveries.replay(work, caller, given.delivery, is_fresh=given.fresh))]


_ACTS: Final = {
    "connect": _connect,
    "list": _list,
    "pause": _pause,
    "resume": _pause,
    "end": _end,
    "deliveries": _deliveries,
    "replay": _replay,
}


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise StartError(f"the file {path} cannot be read. Give a text file") from exc


def _access(path: Path | None) -> Access:
    if path is None:
        return Access()
    try:
        return msgspec.json.decode(_read(path), type=Access)
    except msgspec.MsgspecError as exc:
        # The decoder's words name members, never values.
        raise StartError(f"the file {path} says no credentials: {exc}. Correct it") from exc


def _connection(parts: Parts, row: ConnectionRow) -> str:
    access = open_access(parts.vault, row.connection_id, row.sealed_access)
    return json.dumps(
        {
            "id": row.connection_id,
            "facility_id": row.facility_id,
            "name": row.name,
            "kind": row.kind,
            "address": row.address,
            "wants": row.wants,
            "status": row.status,
            "access": row.access_kind,
            "failures": row.failures,
            "last_reason": row.last_reason or None,
            "public_jwk": public_jwk(access),
        }
    )


def _delivery(row: DeliveryRow) -> str:
    return json.dumps(
        {
            "id": row.delivery_id,
            "connection_id": row.connection_id,
            "encounter_id": row.encounter_id,
            "kind": row.kind,
            "state": row.state,
            "attempts": row.attempts,
            "reason": row.reason or None,
            "created_at": row.created_at.isoformat(),
        }
    )
