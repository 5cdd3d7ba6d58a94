"""API clients of the clinical surfaces: made by an administrator, good at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cloud.core.authorization import client_secrets, profiles
from cloud.core.authorization.applications import (
    application,
    check_own,
    new_row,
    note,
)
from cloud.core.authorization.registered_scopes import check_grantable
from cloud.core.authorization.registrations import SECRET_METHODS, Registered, suspend
from cloud.core.authorization.tables import APPROVED, KIND_API_CLIENT, ApplicationRow
from cloud.core.identity.service import check_product
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

UPDATED: Final = "auth.client.updated"
REVOKED: Final = "auth.client.revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiClient:
    """A client as it is asked for."""

    name: str
    product_id: str
    scopes: tuple[str, ...]
    grant_types: tuple[str, ...] = (profiles.CLIENT_CREDENTIALS,)
    is_internal: bool = False


def create(work: UnitOfWork, principal: Principal, new: NewApiClient) -> Registered:
    """A client and its first secret; InvalidError `unknown_scope`, `internal_only_scope`,
    `unknown_product` or `invalid_name`.
    """
    check_grantable(work, principal, new.scopes, is_internal=new.is_internal)
    product_id = check_product(work, principal, new.product_id)
    row = new_row(
        work,
        tenant_id=principal.tenant_id,
        name=new.name,
        kind=KIND_API_CLIENT,
        ways=(profiles.CLINICAL.name,),
        auth_methods=SECRET_METHODS,
        grant_types=tuple(dict.fromkeys(new.grant_types)),
        requested_scopes=new.scopes,
    )
    row.product_id, row.is_internal = product_id, new.is_internal
    row.approved_scopes, row.status = list(row.requested_scopes), APPROVED
    _, secret = client_secrets.add_secret(work, row)
    note(work, principal, row, "client.created", event="auth.client.created")
    return Registered(row, secret)


def find(
    work: UnitOfWork, principal: Principal, client_id: str, *, to_change: bool = False
) -> ApplicationRow:
    """A client of the caller's tenant; NotFoundError `client_not_found`."""
    try:
        return application(work, principal, client_id, kind=KIND_API_CLIENT, to_change=to_change)
    except NotFoundError as exc:
        raise NotFoundError("client_not_found", "Use an API client of this organisation.") from exc


def change(
    work: UnitOfWork,
    principal: Principal,
    row: ApplicationRow,
    *,
    name: str | None = None,
    scopes: Iterable[str] | None = None,
    is_suspended: bool | None = None,
    ends_tokens: bool = False,
) -> None:
    """Change a client of `find`; with `ends_tokens` what it was given before ends at once.

    ConflictError `own_client` when that would stop the caller itself; InvalidError
    `invalid_name`.
    """
    held = tuple(row.approved_scopes)
    if name is not None:
        row.name = checked_name(name)
    if scopes is not None:
        wanted = list(dict.fromkeys(scopes))
        check_grantable(work, principal, wanted, is_internal=row.is_internal)
        row.requested_scopes, row.approved_scopes = wanted, list(wanted)
    if is_suspended is not None:
        suspend(row, is_suspended=is_suspended)
    check_own(principal, row, held)
    row.epoch += ends_tokens
    work.session.flush()
    note(work, principal, row, "client.updated", event=UPDATED, ended_tokens=ends_tokens)


def revoked(
    work: UnitOfWork,
    principal: Principal,
    row: ApplicationRow,
    credential: str,
    *,
    ends_tokens: bool = False,
) -> None:
    """Tell that a credential of the client is good no more; its tokens end too when told so."""
    row.epoch += ends_tokens
    note(
        work,
        principal,
        row,
        "client.credential_revoked",
        event=REVOKED,
        credential_id=credential,
        ended_tokens=ends_tokens,
    )
