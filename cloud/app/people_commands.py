"""`vitalwire-cloud users`: people of a tenant, and whose word on them is taken."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloud.app.opening import StartError
from cloud.app.parts import Parts
from cloud.core.authorization.accounts import (
    change_roles,
    delete_person,
    find_person,
    link,
    people,
    resume,
    set_password,
    suspend,
    unlink,
    untrust,
)
from cloud.core.authorization.client_keys import KeySetError, checked_key_set
from cloud.core.authorization.facilities import place_person
from cloud.core.identity.people import (
    ROLES,
    NewPerson,
    create_person,
    identities_of,
    roles_of,
    trust_issuer,
    trusted_issuers,
)
from cloud.core.identity.tables import TrustedIssuerRow, UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.outbound import OutboundError, check_endpoint
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from cloud.app.arguments import Acts


def add_people_commands(acts: Acts) -> None:
    """`users` and its acts."""
    acts.add_parser("list", help="print the people, one JSON object a line")
    one = acts.add_parser("add", help="make a person known; set a password afterwards")
    one.add_argument("email", metavar="ADDRESS", help="what the person signs in by")
    one.add_argument("--given-name", required=True, metavar="NAME", help="the first name")
    one.add_argument("--family-name", required=True, metavar="NAME", help="the last name")
    _add_roles(one)
    one.add_argument("--issuer", default="", help="another issuer that knows the person")
    one.add_argument("--subject", default="", help="what that issuer calls the person")
    for name, words in (
        ("set-password", "ask for a new password, or read it from a pipe; ends every session"),
        ("suspend", "stop a person at once, sessions, tokens and all"),
        ("resume", "let a person in again"),
        ("delete", "end a person and forget who it was; what they did stays in the audit"),
        ("set-roles", "let a person be these and nothing else; tokens from before end"),
        ("place", "say which facility a person works at; none when it is left out"),
        ("link", "make known what another issuer calls a person"),
        ("unlink", "take that away, with the tokens it led to"),
    ):
        one = acts.add_parser(name, help=words)
        one.add_argument("person", metavar="PERSON", help="address or id")
        if name == "set-roles":
            _add_roles(one)
        if name == "place":
            one.add_argument("--facility", metavar="ID", help="as encounters name it")
        if name in ("link", "unlink"):
            one.add_argument("--issuer", required=True, help="`iss` of its tokens")
            one.add_argument("--subject", required=True, help="what that issuer calls the person")
    acts.add_parser("issuers", help="print the trusted issuers, one JSON object a line")
    one = acts.add_parser("untrust", help="take an issuer's word no longer, and end its tokens")
    one.add_argument("--issuer", required=True, help="`iss` of its tokens")
    one = acts.add_parser("trust", help="take an issuer's ID tokens for the tenant's people")
    one.add_argument("--issuer", required=True, help="`iss` of its tokens")
    one.add_argument("--audience", required=True, help="`aud` they must be made out to")
    keys = one.add_mutually_exclusive_group(required=True)
    keys.add_argument("--jwks-file", type=Path, metavar="FILE", help="its keys, a JWK set")
    keys.add_argument("--jwks-uri", metavar="URL", help="where its keys are fetched from")
    for parser in acts.choices.values():
        parser.add_argument("--tenant", required=True, metavar="ID", help="whose people")


def _add_roles(act: argparse.ArgumentParser) -> None:
    act.add_argument(
        "--role",
        action="append",
        default=[],
        choices=sorted(ROLES),
        help="what the person is, several times if need be; nothing when it is left out",
    )


def run_people_command(
    parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    """Carry one out; the lines to print. DomainError or StartError says what is wrong."""
    if given.act == "list":
        return [json.dumps(_line(work, row)) for row in people(work, caller)]
    if given.act == "add":
        return _add(parts, work, caller, given)
    if given.act == "trust":
        return _trust(parts, work, caller, given)
    if given.act == "issuers":
        rows = trusted_issuers(work, tenant_id=caller.tenant_id)
        return [json.dumps(_issuer(row)) for row in rows]
    if given.act == "untrust":
        untrust(work, caller, given.issuer)
        return [f"{given.issuer} is not trusted any more"]
    return _change(work, caller, find_person(work, caller, given.person), given)


def _change(
    work: UnitOfWork, caller: Principal, user: UserRow, given: argparse.Namespace
) -> list[str]:
    if given.act == "set-roles":
        change_roles(work, caller, user, given.role)
        return [f"{user.email} is {' '.join(dict.fromkeys(given.role)) or 'nothing here'}"]
    if given.act == "delete":
        delete_person(work, caller, user)
        return [f"{user.user_id} is deleted"]
    if given.act in ("link", "unlink"):
        act = link if given.act == "link" else unlink
        act(work, caller, user, issuer=given.issuer, subject=given.subject)
        return [f"{user.email} is {given.act}ed: {given.subject} of {given.issuer}"]
    if given.act == "set-password":
        set_password(work, caller, user, given.password)
        return [f"{user.email} has a new password; every session has ended"]
    if given.act == "place":
        row = place_person(work, caller, user, given.facility)
        return [f"{row.email} works at {row.facility_id or 'no facility'}"]
    if given.act == "suspend":
        suspend(work, caller, user)
    else:
        resume(work, caller, user)
    return [f"{user.email} is {user.status}"]


def ask_password() -> str:
    """From the terminal, twice and unseen; else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise StartError("the two passwords are not the same. Run it again")
    return first


def _add(parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace) -> list[str]:
    if bool(given.issuer) != bool(given.subject):
        raise StartError("--issuer and --subject go together. Give both or neither")
    person = NewPerson(
        email=given.email,
        given_name=given.given_name,
        family_name=given.family_name,
        roles=tuple(dict.fromkeys(given.role)),
        issuer=given.issuer,
        subject=given.subject,
    )
    row = create_person(work, parts.vault, tenant_id=caller.tenant_id, person=person)
    audit.record(work, caller, "user.created", "user", row.user_id)
    return [f"{row.user_id}  {row.email}"]


def _trust(
    parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    jwks = None if given.jwks_file is None else _read_keys(given.jwks_file)
    if given.jwks_uri is not None:
        try:
            check_endpoint(given.jwks_uri, parts.outbound)
        except OutboundError as exc:
            raise StartError(f"{exc}. Correct --jwks-uri") from exc
    trust_issuer(
        work,
        tenant_id=caller.tenant_id,
        issuer=given.issuer,
        audience=given.audience,
        jwks=jwks,
        jwks_uri=given.jwks_uri,
    )
    audit.record(work, caller, "issuer.trusted", "issuer", given.issuer)
    return [f"{given.issuer} is trusted for {given.audience}"]


def _read_keys(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return checked_key_set(document if isinstance(document, dict) else {})
    except OSError as exc:
        raise StartError(f"{path} cannot be read ({exc.strerror}). Correct --jwks-file") from exc
    except (ValueError, KeySetError) as exc:
        raise StartError(f"{path} is no JWK set ({exc}). Correct the file") from exc


def _issuer(row: TrustedIssuerRow) -> dict[str, object]:
    return {
        "issuer": row.issuer,
        "audience": row.audience,
        "jwks_uri": row.jwks_uri,
        "kids": [key.get("kid") for key in (row.jwks or {}).get("keys", [])],
        "created_at": row.created_at.isoformat(),
    }


def _line(work: UnitOfWork, row: UserRow) -> dict[str, object]:
    return {
        "user_id": row.user_id,
        "email": row.email,
        "name": row.full_name,
        "roles": list(roles_of(work, row)),
        "identities": [
            {"issuer": one.issuer, "subject": one.subject} for one in identities_of(work, row)
        ],
        "status": row.status,
        "has_password": row.password_hash is not None,
        "facility_id": row.facility_id,
        "last_login_at": row.last_login_at and row.last_login_at.isoformat(),
    }
