"""`vitalwire-cloud apps`: clients and partners of a tenant, from the machine the cloud runs on."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloud.app.arguments import minutes
from cloud.app.opening import StartError
from cloud.app.parts import Parts
from cloud.core.authorization import client_certificates, client_secrets, partners, profiles
from cloud.core.authorization.applications import application, applications, note
from cloud.core.authorization.credential_tables import ApiKeyRow, ClientSecretRow
from cloud.core.authorization.facilities import place_application
from cloud.core.authorization.registrations import (
    NewApplication,
    approve_scopes,
    delete_application,
    register_application,
    suspend,
)
from cloud.core.authorization.tables import KIND_PARTNER, ApplicationRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from cloud.app.arguments import Acts

_LONGEST_GRACE: Final = client_secrets.LONGEST_GRACE // timedelta(minutes=1)


def add_application_commands(acts: Acts) -> None:
    """`apps` and its acts."""
    acts.add_parser("list", help="print the clients, one JSON object a line")
    one = acts.add_parser("add", help="register an application; its secret is printed once")
    one.add_argument("--name", required=True, help="what to call it")
    one.add_argument(
        "--grant",
        action="append",
        choices=("client_credentials", "authorization_code", "refresh_token"),
        help="how it gets tokens, several times if need be (client_credentials)",
    )
    one.add_argument(
        "--scope", action="append", default=[], help="a scope it requests, several times if need be"
    )
    one.add_argument(
        "--redirect-uri",
        action="append",
        default=[],
        help="where people are sent back to, several times if need be",
    )
    one.add_argument("--public", action="store_true", help="without a secret, with PKCE")
    one.add_argument("--portal", action="store_true", help="for the patient portal")
    one = acts.add_parser("approve", help="approve the scopes it requests, or those named here")
    one.add_argument("--scope", action="append", help="exactly these, several times if need be")
    one = acts.add_parser("place", help="say which facility it belongs to")
    where = one.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--facility", metavar="ID", help="as encounters name the facility they bring patients to"
    )
    where.add_argument("--nowhere", action="store_true", help="it belongs to none")
    acts.add_parser("suspend", help="stop it at once, tokens and all")
    acts.add_parser("resume", help="let it go on")
    acts.add_parser("delete", help="end it with everything that was issued to it")
    one = acts.add_parser("new-secret", help="print a new secret once")
    one.add_argument(
        "--grace-minutes",
        type=minutes(0, _LONGEST_GRACE),
        default=1440,
        metavar="N",
        help=f"how long the old ones stay good (1440), {_LONGEST_GRACE} at most",
    )
    one = acts.add_parser(
        "add-certificate",
        help="register a certificate: from the first one on nothing else proves the client",
    )
    one.add_argument("--file", type=Path, required=True, help="the certificate as PEM, no key")
    one.add_argument("--label", default="", help="what to call it")
    acts.add_parser(
        "drop-certificates", help="let its secret speak for it again: for a client locked out"
    )
    one = acts.add_parser("add-partner", help="make a scribe partner; its secrets are printed once")
    one.add_argument("--name", required=True, help="what to call it")
    acts.add_parser("new-key", help="print a new API key of a partner once")
    acts.add_parser("show", help="print one client with what may be known of its secrets and keys")
    ended = acts.add_parser("revoke-key", help="end an API key of a partner at once")
    for name, parser in acts.choices.items():
        parser.add_argument("--tenant", required=True, metavar="ID", help="whose clients")
        if name not in ("list", "add", "add-partner"):
            parser.add_argument("client", metavar="ID", help="the client's id")
    ended.add_argument("key", metavar="KEY", help="the key's id, as `apps show` has it")


def run_application_command(
    parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    """Carry one out; the lines to print. DomainError or StartError says what is wrong."""
    if given.act == "list":
        return [json.dumps(_line(row)) for row in applications(work, caller, kind=None)]
    if given.act == "add":
        return _add(work, caller, given)
    if given.act == "add-partner":
        made = partners.create_partner(work, parts.vault, caller, given.name)
        return _once(client_id=made.row.client_id, client_secret=made.secret, api_key=made.api_key)
    if given.act == "delete":
        delete_application(work, caller, given.client)
        return [f"{given.client} is deleted"]
    if given.act == "approve":
        row = approve_scopes(work, caller, given.client, given.scope, kind=None)
        return [f"{row.client_id} is approved for {' '.join(row.approved_scopes) or 'no scope'}"]
    if given.act == "place":
        row = place_application(work, caller, given.client, given.facility, kind=None)
        return [f"{row.client_id} belongs to {row.facility_id or 'no facility'}"]
    row = application(work, caller, given.client, kind=None, to_change=True)
    if given.act == "show":
        return [json.dumps(_line(row) | _credentials(work, row))]
    if given.act == "new-key":
        return _once(api_key=partners.add_api_key(work, caller, row))
    if given.act == "revoke-key":
        partners.revoke_api_key(work, caller, row, given.key)
        return [f"{given.key} of {row.client_id} is revoked"]
    return _change(parts, work, caller, given, row)


def _change(
    parts: Parts,
    work: UnitOfWork,
    caller: Principal,
    given: argparse.Namespace,
    row: ApplicationRow,
) -> list[str]:
    if given.act == "new-secret":
        secret, _ = client_secrets.rotate_secret(
            work,
            row,
            grace=timedelta(minutes=given.grace_minutes),
            # What is sent to a partner is signed with its newest secret.
            vault=parts.vault if row.kind == KIND_PARTNER else None,
        )
        note(work, caller, row, "app.secret_rotated", event="app.secret_rotated")
        return _once(client_secret=secret)
    if given.act == "add-certificate":
        pem = _read(given.file)
        made = client_certificates.add_certificate(work, row, pem=pem, label=given.label)
        note(work, caller, row, "client.certificate_added", event="app.updated", status=row.status)
        return [f"{row.client_id} proves itself by certificate only; x5t#S256 {made.thumbprint}"]
    if given.act == "drop-certificates":
        count = client_certificates.revoke_all(work, row)
        note(work, caller, row, "client.certificates_dropped")
        return [f"{count} certificates of {row.client_id} are revoked; its secret is good again"]
    suspend(row, is_suspended=given.act == "suspend")
    note(work, caller, row, "app.updated", event="app.updated", status=row.status)
    return [f"{row.client_id} is {row.status}"]


def _add(work: UnitOfWork, caller: Principal, given: argparse.Namespace) -> list[str]:
    made = register_application(
        work,
        caller,
        NewApplication(
            name=given.name,
            grant_types=tuple(given.grant or (profiles.CLIENT_CREDENTIALS,)),
            redirect_uris=tuple(given.redirect_uri),
            requested_scopes=tuple(given.scope),
            auth_method=profiles.NONE if given.public else profiles.SECRET_BASIC,
            ways=((profiles.PORTAL if given.portal else profiles.PLATFORM).name,),
        ),
    )
    return [
        *_once(client_id=made.row.client_id, client_secret=made.secret),
        "It waits: approve it with `apps approve`.",
    ]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise StartError(f"{path} cannot be read ({exc.strerror}). Correct --file") from exc
    except ValueError as exc:
        raise StartError(f"{path} is no certificate as PEM. Correct --file") from exc


def _once(**secrets: str) -> list[str]:
    rows = [f"  {name}: {value}" for name, value in secrets.items() if value]
    return ["These are shown only now:", *rows]


def _line(row: ApplicationRow) -> dict[str, object]:
    return {
        "client_id": row.client_id,
        "name": row.name,
        "kind": row.kind,
        "status": row.status,
        "profiles": row.profiles,
        "facility_id": row.facility_id,
        "grant_types": row.grant_types,
        "approved_scopes": row.approved_scopes,
        "requested_scopes": row.requested_scopes,
        "created_at": row.created_at.isoformat(),
    }


def _credentials(work: UnitOfWork, row: ApplicationRow) -> dict[str, object]:
    """What it may prove itself with, without the secrets themselves."""
    secrets = client_secrets.secrets_of(work, row)
    return {
        "secrets": [{"id": one.secret_id, **_credential(one)} for one in secrets],
        "api_keys": [
            {"id": one.key_id, **_credential(one)} for one in partners.api_keys(work, row)
        ],
    }


def _credential(row: ClientSecretRow | ApiKeyRow) -> dict[str, str | None]:
    return {
        "last4": row.last_four,
        "created_at": row.created_at.isoformat(),
        "last_used_at": _told(row.last_used_at),
        "expires_at": _told(row.expires_at),
    }


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
