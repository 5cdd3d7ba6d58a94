"""OAuth clients of a tenant: making, finding and authenticating them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_

from cloud.core.authorization import profiles
from cloud.core.authorization.client_authentication import find_client, secret_fits
from cloud.core.authorization.client_secrets import add_secret
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.tables import (
    APPROVED,
    DELETED,
    KIND_APPLICATION,
    KIND_GATEWAY,
    PENDING,
    ApplicationRow,
)
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import PLATFORM_ADMIN, covered, is_well_formed
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client just made, with the only sight of its secret."""

    client_id: str
    client_secret: str
    scopes: tuple[str, ...]


def register(
    work: UnitOfWork,
    *,
    tenant_id: str,
    name: str,
    scopes: Iterable[str],
    kind: str = KIND_APPLICATION,
    ways: tuple[str, ...] = (profiles.PLATFORM.name,),
    has_secret: bool = True,
) -> NewClient:
    """An approved client with a fresh secret, or with none: then its certificate speaks for it.

    `ways` are the profiles it may use.
    """
    granted = tuple(scopes)
    if not all(is_well_formed(scope) for scope in granted):
        raise AssertionError("a grant names well-formed scopes")
    methods = [profiles.SECRET_BASIC, profiles.SECRET_POST]
    row = new_row(
        work,
        tenant_id=tenant_id,
        name=name,
        kind=kind,
        ways=ways,
        auth_methods=methods + [profiles.TLS] * (kind == KIND_GATEWAY),
        grant_types=(profiles.CLIENT_CREDENTIALS,),
        requested_scopes=granted,
    )
    row.approved_scopes, row.status = list(granted), APPROVED
    secret = add_secret(work, row)[1] if has_secret else ""
    return NewClient(row.client_id, secret, granted)


def new_row(
    work: UnitOfWork,
    *,
    tenant_id: str,
    name: str,
    kind: str,
    ways: Iterable[str],
    auth_methods: Iterable[str],
    grant_types: Iterable[str],
    requested_scopes: Iterable[str],
    redirect_uris: Iterable[str] = (),
) -> ApplicationRow:
    """A client that waits for approval and holds no credential yet; InvalidError
    `invalid_name`.
    """
    row = ApplicationRow(
        client_id=new_id("gw" if kind == KIND_GATEWAY else "app"),
        tenant_id=tenant_id,
        name=checked_name(name),
        kind=kind,
        profiles=list(ways),
        auth_methods=list(auth_methods),
        grant_types=list(grant_types),
        redirect_uris=list(redirect_uris),
        post_logout_redirect_uris=[],
        requested_scopes=list(dict.fromkeys(requested_scopes)),
        approved_scopes=[],
        governance=Governance().stored(),
        jwks=None,
        jwks_uri=None,
        status=PENDING,
        created_at=work.now,
        changed_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


def authenticate(work: UnitOfWork, client_id: str, secret: str) -> ApplicationRow | None:
    """The client whose secret this is, None otherwise; an unknown client costs the same time.

    A client that is not approved is returned: it is for the caller to refuse it by name.
    """
    application = find_client(work, client_id)
    return application if secret_fits(work, application, secret) else None


def application(
    work: UnitOfWork,
    principal: Principal,
    client_id: str,
    *,
    kind: str | None = KIND_APPLICATION,
    to_change: bool = False,
) -> ApplicationRow:
    """One client of the caller's tenant, its row locked when it is to change.

    `kind` None takes all but gateways, which the fleet looks after. NotFoundError `app_not_found`
    for another tenant's, a deleted one and one of another kind.
    """
    statement = scoped(principal, ApplicationRow).where(
        ApplicationRow.client_id == client_id,
        ApplicationRow.kind != KIND_GATEWAY if kind is None else ApplicationRow.kind == kind,
        ApplicationRow.status != DELETED,
    )
    if to_change:
        statement = statement.with_for_update()
    row = None if "\x00" in client_id else work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError("app_not_found", "Use an application of this tenant.")
    return row


def to_change(work: UnitOfWork, principal: Principal, client_id: str) -> ApplicationRow:
    """A platform application the caller may change; NotFoundError as `application`.

    ForbiddenError `insufficient_scope` for one that may do what the caller may not: its secret in
    the caller's hands would be more than the caller was given. Administrators change any.
    """
    row = application(work, principal, client_id, to_change=True)
    is_within = all(covered(principal.scopes, scope) for scope in row.approved_scopes)
    if not is_within and not principal.may(PLATFORM_ADMIN):
        raise ForbiddenError(
            "insufficient_scope",
            "Ask an administrator: the application may do more than you.",
            details={"required": [PLATFORM_ADMIN]},
        )
    return row


def check_own(principal: Principal, row: ApplicationRow, held: Iterable[str]) -> None:
    """ConflictError `own_client` when the caller's own client, changed as it is now, is stopped or
    has lost one of the scopes it `held`: nobody could undo it over the API.
    """
    if row.client_id != principal.client_id:
        return
    governance = Governance.of(row.governance)
    if (
        not row.is_approved
        or not all(covered(row.approved_scopes, scope) for scope in held)
        or governance.sandbox_only
        or not governance.admits(principal.address)
    ):
        raise ConflictError("own_client", "Do this as another application: it is your own.")


def applications(
    work: UnitOfWork,
    principal: Principal,
    *,
    kind: str | None = KIND_APPLICATION,
    product_id: str = "",
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> list[ApplicationRow]:
    """The tenant's clients of one kind by age, from the one after `after` (time and id)."""
    statement = scoped(principal, ApplicationRow).where(
        ApplicationRow.kind != KIND_GATEWAY if kind is None else ApplicationRow.kind == kind,
        ApplicationRow.status != DELETED,
    )
    if product_id:
        statement = statement.where(ApplicationRow.product_id == product_id)
    if after is not None:
        at, client_id = after
        statement = statement.where(
            or_(
                ApplicationRow.created_at > at,
                and_(ApplicationRow.created_at == at, ApplicationRow.client_id > client_id),
            )
        )
    statement = statement.order_by(ApplicationRow.created_at, ApplicationRow.client_id)
    return list(work.session.scalars(statement.limit(limit)))


def note(
    work: UnitOfWork,
    principal: Principal,
    row: ApplicationRow,
    action: str,
    *,
    event: str = "",
    **data: object,
) -> None:
    """Audit a change of a client and, where others wait for it, publish it."""
    audit.record(work, principal, action, "application", row.client_id)
    if event:
        outbox.publish(
            work,
            tenant_id=row.tenant_id,
            event_type=event,
            resource_type="application",
            resource_id=row.client_id,
            data=data,
        )
