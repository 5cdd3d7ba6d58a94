"""Tokens an administrator makes for an application: long-lived, listed, ended one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from cloud.core.authorization import profiles
from cloud.core.authorization.applications import application, note, to_change
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.grant_tables import ServiceTokenRow
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.tokens import SANDBOX, TokenRequest, TokenService
from cloud.core.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import (
    APPS_READ,
    APPS_WRITE,
    CLIENTS_ADMIN,
    GATEWAY_UPLINK,
    PLATFORM_ADMIN,
    covered,
    covers,
)
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

LONGEST: Final = 90 * 86_400
USUAL: Final = 30 * 86_400
SANDBOX_LONGEST: Final = 86_400
SERVICE: Final = "service"
_REAL_ONLY: Final = (PLATFORM_ADMIN, APPS_READ, APPS_WRITE, CLIENTS_ADMIN, GATEWAY_UPLINK)
"""What administers the tenant, or speaks for a vehicle: there is no sandbox of that."""


@dataclass(frozen=True, slots=True)
class NewServiceToken:
    """A token just made, with its only sight."""

    row: ServiceTokenRow
    token: str = field(repr=False)


def make_service_token(
    work: UnitOfWork,
    principal: Principal,
    tokens: TokenService,
    client_id: str,
    *,
    scopes: Iterable[str],
    seconds: int = USUAL,
    description: str = "",
) -> NewServiceToken:
    """A token of the application itself for some of its approved scopes.

    ForbiddenError `service_tokens_disabled` when its governance forbids it, or wants tokens bound;
    InvalidError `scope_not_approved`.
    """
    row = to_change(work, principal, client_id)
    governance = Governance.of(row.governance)
    if not governance.gives_service_tokens or profiles.PLATFORM.name not in row.profiles:
        raise ForbiddenError(
            "service_tokens_disabled", "Have the application's governance allow service tokens."
        )
    wanted = _approved(row, scopes)
    made = _make(
        work,
        principal,
        tokens,
        TokenRequest(
            application=row,
            scopes=wanted,
            audience=profiles.PLATFORM.audience,
            seconds=governance.seconds(seconds),
            use=SERVICE,
            token_id=str(uuid4()),
        ),
        description,
    )
    note(work, principal, row, "service_token.created")
    return made


def make_sandbox_token(
    work: UnitOfWork,
    principal: Principal,
    tokens: TokenService,
    client_id: str,
    *,
    seconds: int,
    scenarios: Iterable[str],
    sandbox_id: str,
) -> NewServiceToken:
    """A token for the sandbox with all the application is approved for but administration; no other
    door takes it. InvalidError `scope_not_approved` when nothing is left.
    """
    row = to_change(work, principal, client_id)
    made = _make(
        work,
        principal,
        tokens,
        TokenRequest(
            application=row,
            scopes=_approved(row, in_sandbox(row.approved_scopes)),
            audience=SANDBOX,
            seconds=seconds,
            use=SANDBOX,
            token_id=str(uuid4()),
            sandbox_id=sandbox_id,
        ),
        f"sandbox: {' '.join(scenarios)}"[:200],
    )
    note(work, principal, row, "sandbox_token.created")
    return made


def in_sandbox(scopes: Iterable[str]) -> tuple[str, ...]:
    """What is left of an application's scopes in a sandbox."""
    return tuple(scope for scope in scopes if not any(covers(scope, real) for real in _REAL_ONLY))


def service_tokens(work: UnitOfWork, principal: Principal, client_id: str) -> list[ServiceTokenRow]:
    """Those of one application that are neither over nor revoked, newest first."""
    row = application(work, principal, client_id)
    statement = (
        scoped(principal, ServiceTokenRow)
        .where(
            ServiceTokenRow.client_id == row.client_id,
            ServiceTokenRow.revoked_at.is_(None),
            ServiceTokenRow.expires_at > work.now,
        )
        .order_by(ServiceTokenRow.created_at.desc(), ServiceTokenRow.token_id)
    )
    return list(work.session.scalars(statement))


def revoke_service_token(
    work: UnitOfWork, principal: Principal, client_id: str, token_id: str
) -> None:
    """End one; NotFoundError `token_not_found` for one that ended already, too."""
    row = application(work, principal, client_id)
    statement = scoped(principal, ServiceTokenRow).where(
        ServiceTokenRow.client_id == row.client_id,
        ServiceTokenRow.token_id == token_id,
        ServiceTokenRow.revoked_at.is_(None),
    )
    found = None if "\x00" in token_id else work.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("token_not_found", "Use a service token of this application.")
    found.revoked_at = work.now
    note(work, principal, row, "service_token.revoked")


def revoke_all(work: UnitOfWork, application_row: ApplicationRow) -> None:
    """End every one of an application's."""
    statement = select(ServiceTokenRow).where(
        ServiceTokenRow.client_id == application_row.client_id,
        ServiceTokenRow.revoked_at.is_(None),
    )
    for row in work.session.scalars(statement):
        row.revoked_at = work.now


def end_forbidden(work: UnitOfWork, principal: Principal, row: ApplicationRow) -> None:
    """End those that could not be made any more: governance forbids them, or a scope is gone."""
    is_given = Governance.of(row.governance).gives_service_tokens
    statement = select(ServiceTokenRow).where(
        ServiceTokenRow.client_id == row.client_id, ServiceTokenRow.revoked_at.is_(None)
    )
    ended = [
        token
        for token in work.session.scalars(statement)
        if (token.use == SERVICE and not is_given)
        or not all(covered(row.approved_scopes, scope) for scope in token.scopes)
    ]
    for token in ended:
        token.revoked_at = work.now
    if ended:
        note(work, principal, row, "service_tokens.ended")


def last_to_end(work: UnitOfWork, *, since: datetime) -> datetime | None:
    """When the last of all tenants' tokens made since then ends: their key is kept until then."""
    # every tenant: the keys are the installation's.
    statement = (
        select(ServiceTokenRow.expires_at)
        .where(
            ServiceTokenRow.revoked_at.is_(None),
            ServiceTokenRow.expires_at > work.now,
            ServiceTokenRow.created_at >= since,
        )
        .order_by(ServiceTokenRow.expires_at.desc())
    )
    return work.session.scalars(statement.limit(1)).first()


def _approved(row: ApplicationRow, scopes: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(scopes))
    is_fit = row.is_approved and bool(wanted)
    if not is_fit or not all(covered(row.approved_scopes, scope) for scope in wanted):
        raise InvalidError(
            "scope_not_approved",
            "Use scopes the application is approved for.",
            details={"fields": ["scopes"]},
        )
    return wanted


def _make(
    work: UnitOfWork,
    principal: Principal,
    tokens: TokenService,
    wanted: TokenRequest,
    description: str,
) -> NewServiceToken:
    issued = tokens.issue(wanted, now=work.now)
    row = ServiceTokenRow(
        token_id=issued.token_id,
        tenant_id=wanted.application.tenant_id,
        client_id=wanted.application.client_id,
        use=wanted.use,
        description=description,
        scopes=list(wanted.scopes),
        created_by=principal.client_id,
        created_at=work.now,
        expires_at=datetime.fromtimestamp(issued.issued_at + issued.expires_in, UTC),
    )
    work.session.add(row)
    return NewServiceToken(row, issued.access_token)
