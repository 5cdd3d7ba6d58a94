"""Platform applications: asked for, approved, changed, governed, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from cloud.core.authorization import client_secrets, profiles
from cloud.core.authorization.applications import (
    application,
    check_own,
    new_row,
    note,
    to_change,
)
from cloud.core.authorization.client_certificates import revoke_all as revoke_certificates
from cloud.core.authorization.client_keys import KeySetError, checked_key_set
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.grant_tables import ConsentRow, GrantRow
from cloud.core.authorization.persons_tokens import end_grants
from cloud.core.authorization.redirect_uris import check_redirect_uris
from cloud.core.authorization.registered_scopes import check_grantable
from cloud.core.authorization.service_tokens import end_forbidden
from cloud.core.authorization.service_tokens import revoke_all as revoke_service_tokens
from cloud.core.authorization.tables import (
    APPROVED,
    DELETED,
    KIND_APPLICATION,
    PENDING,
    SUSPENDED,
    ApplicationRow,
)
from cloud.core.identity.service import check_product
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.outbound import OutboundError, OutboundPolicy, check_address, check_endpoint
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import covered, intersection
from cloud.core.kernel.work import UnitOfWork

SECRET_METHODS: Final = (profiles.SECRET_BASIC, profiles.SECRET_POST)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApplication:
    """An application as it is asked for; `auth_method` is a method of `profiles`."""

    name: str
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()
    requested_scopes: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    auth_method: str = profiles.SECRET_BASIC
    ways: tuple[str, ...] = (profiles.PLATFORM.name,)
    product_id: str = ""
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What of an application is to be otherwise; None leaves it as it is."""

    name: str | None = None
    redirect_uris: tuple[str, ...] | None = None
    post_logout_redirect_uris: tuple[str, ...] | None = None
    requested_scopes: tuple[str, ...] | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    is_suspended: bool | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """An application and the only sight of its secret, empty where it has none."""

    row: ApplicationRow
    secret: str = field(repr=False)


def register_application(
    work: UnitOfWork,
    principal: Principal,
    new: NewApplication,
    *,
    outbound: OutboundPolicy | None = None,
) -> Registered:
    """A new application that waits for approval; `outbound` says where its keys may be.

    InvalidError `unknown_scope`, `redirect_uri_required`, `insecure_redirect_uri`,
    `invalid_client_keys`, `credential_required`, `unknown_product` or `invalid_name`.
    """
    _check_scopes(work, principal, new.requested_scopes)
    uris = _redirects(new.grant_types, new.redirect_uris)
    if new.auth_method == profiles.NONE and profiles.CLIENT_CREDENTIALS in new.grant_types:
        raise InvalidError(
            "credential_required",
            "An application that acts for itself needs a credential: choose another "
            "token_endpoint_auth_method.",
            details={"fields": ["token_endpoint_auth_method"]},
        )
    has_keys = new.jwks is not None or bool(new.jwks_uri)
    if has_keys != (new.auth_method == profiles.PRIVATE_KEY_JWT):
        raise _bad_keys("send jwks or jwks_uri with private_key_jwt, and with nothing else")
    jwks = _keys(new.jwks, new.jwks_uri, outbound or OutboundPolicy())
    row = new_row(
        work,
        tenant_id=principal.tenant_id,
        name=new.name,
        kind=KIND_APPLICATION,
        ways=new.ways,
        auth_methods=SECRET_METHODS if new.auth_method in SECRET_METHODS else (new.auth_method,),
        grant_types=tuple(dict.fromkeys(new.grant_types)),
        requested_scopes=new.requested_scopes,
        redirect_uris=uris,
    )
    row.post_logout_redirect_uris = check_redirect_uris(
        new.post_logout_redirect_uris, field="post_logout_redirect_uris"
    )
    row.product_id = check_product(work, principal, new.product_id)
    row.jwks, row.jwks_uri = jwks, new.jwks_uri or None
    secret = ""
    if new.auth_method in SECRET_METHODS:
        _, secret = client_secrets.add_secret(work, row)
    note(work, principal, row, "app.created", event="app.created", status=row.status)
    return Registered(row, secret)


def change_application(
    work: UnitOfWork,
    principal: Principal,
    client_id: str,
    changes: Changes,
    *,
    outbound: OutboundPolicy | None = None,
) -> ApplicationRow:
    """The application with some things otherwise.

    What it no longer requests it loses at once; with scopes nobody approved it waits again. Keys
    or their address take the place of what was there. ConflictError `own_client` when that would
    stop the caller itself; InvalidError `invalid_client_keys` or `invalid_name`.
    """
    row = to_change(work, principal, client_id)
    held = tuple(row.approved_scopes)
    if changes.redirect_uris is not None:
        row.redirect_uris = _redirects(row.grant_types, changes.redirect_uris)
    if changes.post_logout_redirect_uris is not None:
        row.post_logout_redirect_uris = check_redirect_uris(
            changes.post_logout_redirect_uris, field="post_logout_redirect_uris"
        )
    if changes.jwks is not None or changes.jwks_uri is not None:
        if profiles.PRIVATE_KEY_JWT not in row.auth_methods:
            raise _bad_keys("this application does not prove itself by keys")
        row.jwks = _keys(changes.jwks, changes.jwks_uri or "", outbound or OutboundPolicy())
        row.jwks_uri = changes.jwks_uri or None
    if changes.name is not None:
        row.name = checked_name(changes.name)
    if changes.requested_scopes is not None:
        _check_scopes(work, principal, changes.requested_scopes)
        row.requested_scopes = list(dict.fromkeys(changes.requested_scopes))
        kept = intersection(row.approved_scopes, row.requested_scopes)
        row.approved_scopes = list(kept)
        is_new = not all(covered(kept, scope) for scope in row.requested_scopes)
        if is_new and row.is_approved:
            row.status = PENDING
    if changes.is_suspended is not None:
        suspend(row, is_suspended=changes.is_suspended)
    check_own(principal, row, held)
    end_forbidden(work, principal, row)
    work.session.flush()
    note(work, principal, row, "app.updated", event="app.updated", status=row.status)
    return row


def suspend(row: ApplicationRow, *, is_suspended: bool) -> None:
    """Stop an application, tokens and all, or let it go on; ConflictError `app_pending`."""
    if row.status == PENDING:
        raise ConflictError("app_pending", "Approve the application's scopes first.")
    row.status = SUSPENDED if is_suspended else APPROVED


def approve_scopes(
    work: UnitOfWork,
    principal: Principal,
    client_id: str,
    scopes: Iterable[str] | None = None,
    *,
    kind: str | None = KIND_APPLICATION,
) -> ApplicationRow:
    """Approve what an application requested, or exactly these scopes; it may begin then.

    InvalidError `unknown_scope`, ConflictError `own_client`. Here, and only here, scopes that
    nobody may ask for are given.
    """
    row = application(work, principal, client_id, kind=kind, to_change=True)
    granted = tuple(dict.fromkeys(row.requested_scopes if scopes is None else scopes))
    check_grantable(work, principal, granted, is_internal=row.is_internal)
    held = tuple(row.approved_scopes)
    row.approved_scopes, row.status = list(granted), APPROVED
    check_own(principal, row, held)
    end_forbidden(work, principal, row)
    told = {"scopes": list(granted), "status": row.status}
    note(work, principal, row, "app.approved", event="app.approved", **told)
    return row


def govern(
    work: UnitOfWork, principal: Principal, client_id: str, flags: Mapping[str, Any]
) -> ApplicationRow:
    """Set some flags of one application; InvalidError `invalid_governance`, ConflictError
    `own_client`. Service tokens that they forbid end.
    """
    row = to_change(work, principal, client_id)
    governance = Governance.of(row.governance).changed(flags)
    check_redirect_uris(governance.allowed_redirect_uris, field="allowed_redirect_uris")
    row.governance = governance.stored()
    check_own(principal, row, row.approved_scopes)
    end_forbidden(work, principal, row)
    note(
        work,
        principal,
        row,
        "app.governance_updated",
        event="app.governance_updated",
        flags=sorted(flags),
    )
    return row


def rotate_secret(
    work: UnitOfWork, principal: Principal, client_id: str, *, grace: timedelta
) -> tuple[str, datetime | None]:
    """A new secret, and when those before it end; errors as `client_secrets.rotate_secret`."""
    row = to_change(work, principal, client_id)
    secret, ends = client_secrets.rotate_secret(work, row, grace=grace)
    note(work, principal, row, "app.secret_rotated", event="app.secret_rotated")
    return secret, ends


def delete_application(work: UnitOfWork, principal: Principal, client_id: str) -> None:
    """End an application with everything that was issued to it; what it did stays in the audit.

    ConflictError `own_client` for the caller itself: nobody could undo it over the API.
    """
    row = to_change(work, principal, client_id)
    if row.client_id == principal.client_id:
        raise ConflictError("own_client", "Delete this application as another one.")
    row.status = DELETED
    row.epoch += 1
    client_secrets.revoke_all(work, row)
    revoke_certificates(work, row)
    revoke_service_tokens(work, row)
    end_grants(work, GrantRow.client_id == row.client_id, reason="application_deleted")
    # Nobody is asked about it again, and nobody finds it among what they connected.
    for consent in work.session.scalars(
        select(ConsentRow).where(ConsentRow.client_id == row.client_id)
    ):
        work.session.delete(consent)
    note(work, principal, row, "app.deleted", event="app.deleted")


def _check_scopes(work: UnitOfWork, principal: Principal, scopes: Iterable[str]) -> None:
    check_grantable(work, principal, scopes, only_requestable=True)


def _redirects(grant_types: Iterable[str], uris: Iterable[str]) -> list[str]:
    checked = check_redirect_uris(uris)
    if profiles.AUTHORIZATION_CODE in grant_types and not checked:
        raise InvalidError(
            "redirect_uri_required",
            "Name where people are sent back to.",
            details={"fields": ["redirect_uris"]},
        )
    return checked


def _keys(
    jwks: Mapping[str, Any] | None, jwks_uri: str, outbound: OutboundPolicy
) -> dict[str, Any] | None:
    """The key set to keep, None when it is fetched; InvalidError `invalid_client_keys`."""
    if jwks is not None and jwks_uri:
        raise _bad_keys("send jwks or jwks_uri, and not both")
    if jwks_uri:
        try:
            check_address(jwks_uri, outbound)
        except OutboundError as exc:
            raise _bad_keys(str(exc)) from exc
    if jwks is None:
        return None
    try:
        return checked_key_set(dict(jwks))
    except KeySetError as exc:
        raise _bad_keys(str(exc)) from exc


def check_keys_address(jwks_uri: str, outbound: OutboundPolicy) -> None:
    """InvalidError `invalid_client_keys` unless keys may be fetched there, where its name leads
    now. Ask before a unit of work begins: a name may take its time.
    """
    try:
        check_endpoint(jwks_uri, outbound)
    except OutboundError as exc:
        raise _bad_keys(str(exc)) from exc


def _bad_keys(reason: str) -> InvalidError:
    return InvalidError(
        "invalid_client_keys",
        f"Correct the keys: {reason}.",
        details={"fields": ["jwks", "jwks_uri"]},
    )
