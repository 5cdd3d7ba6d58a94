"""Scribe partners: a client with a secret we can sign with, and an API key beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select

from cloud.core.authorization import profiles
from cloud.core.authorization.applications import new_row, note
from cloud.core.authorization.client_secrets import add_secret
from cloud.core.authorization.credential_tables import ApiKeyRow
from cloud.core.authorization.secrets import key_hash, new_opaque
from cloud.core.authorization.tables import APPROVED, KIND_PARTNER, ApplicationRow
from cloud.core.kernel.errors import ConflictError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

SCOPES: Final = ("bp:partner",)
MOST_KEYS: Final = 5


@dataclass(frozen=True, slots=True)
class NewPartner:
    """A partner and the only sight of its secret and key."""

    row: ApplicationRow
    secret: str = field(repr=False)
    api_key: str = field(repr=False)


def create_partner(work: UnitOfWork, vault: Vault, principal: Principal, name: str) -> NewPartner:
    """A partner of the tenant, good at once.

    Its secret is kept sealed besides its hash: what is sent to the partner is signed with it.
    """
    row = new_row(
        work,
        tenant_id=principal.tenant_id,
        name=name,
        kind=KIND_PARTNER,
        ways=(profiles.PARTNER.name,),
        auth_methods=(profiles.SECRET_JSON,),
        grant_types=(profiles.CLIENT_CREDENTIALS,),
        requested_scopes=SCOPES,
    )
    row.approved_scopes, row.status = list(SCOPES), APPROVED
    _, secret = add_secret(work, row, vault=vault)
    note(work, principal, row, "partner.created")
    return NewPartner(row, secret, add_api_key(work, principal, row))


def add_api_key(
    work: UnitOfWork,
    principal: Principal,
    row: ApplicationRow,
    *,
    expires_at: datetime | None = None,
) -> str:
    """One more key and its only sight; ConflictError `too_many_keys`, or `no_partner`."""
    if row.kind != KIND_PARTNER:
        raise ConflictError("no_partner", "Only partners have API keys.")
    if len(api_keys(work, row)) >= MOST_KEYS:
        raise ConflictError("too_many_keys", f"Revoke one of the {MOST_KEYS} first.")
    api_key = new_opaque("vwk")
    work.session.add(
        ApiKeyRow(
            key_id=new_id("key"),
            client_id=row.client_id,
            key_hash=key_hash(api_key),
            last_four=api_key[-4:],
            created_at=work.now,
            expires_at=expires_at,
        )
    )
    work.session.flush()
    note(work, principal, row, "partner.key_added")
    return api_key


def revoke_api_key(
    work: UnitOfWork, principal: Principal, row: ApplicationRow, key_id: str
) -> None:
    """End a key at once; NotFoundError, ConflictError `last_credential`."""
    held = {one.key_id: one for one in api_keys(work, row)}
    if key_id not in held:
        raise NotFoundError("key_not_found", "Use a key of this partner.")
    if len(held) == 1:
        raise ConflictError("last_credential", "Give the partner another key first.")
    work.session.delete(held[key_id])
    work.session.flush()
    note(work, principal, row, "partner.key_revoked")


def api_keys(work: UnitOfWork, row: ApplicationRow) -> list[ApiKeyRow]:
    """The keys that are good now, oldest first."""
    statement = (
        select(ApiKeyRow)
        .where(
            ApiKeyRow.client_id == row.client_id,
            or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > work.now),
        )
        .order_by(ApiKeyRow.created_at, ApiKeyRow.key_id)
    )
    return list(work.session.scalars(statement))
