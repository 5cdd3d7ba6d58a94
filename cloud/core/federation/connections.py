"""Connections to identity providers, as a tenant's administrators see and change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from sqlalchemy import delete, select

from cloud.core.authorization.accounts import end_everything
from cloud.core.entitlements.access import FEDERATION, has_reviewed_access
from cloud.core.federation.provider_metadata import IdentityProvider, read_metadata
from cloud.core.federation.service_provider import make_key
from cloud.core.federation.tables import SamlConnectionRow, SamlLoginRow
from cloud.core.identity.people import ROLES, people_of_issuer
from cloud.core.identity.tables import TenantRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, DuplicateError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

ACTIVE: Final = "active"
PAUSED: Final = "paused"
ENDED: Final = "ended"
MOST_CONNECTIONS: Final = 50
ATTRIBUTES: Final = {
    "email": "urn:oid:0.9.2342.19200300.100.1.3",
    "given_name": "urn:oid:2.5.4.42",
    "family_name": "urn:oid:2.5.4.4",
}
"""What a person has to be called by, and the names most identity providers use for it (X.500)."""
_BY_HAND: Final = frozenset(("admin",))
"""Roles that no identity provider gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """What to connect. `has_key` gives it a key of its own (see `service_provider`)."""

    name: str
    metadata: str
    has_key: bool = False
    provisions: bool = False
    roles: Sequence[str] = ()
    attribute_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChange:
    """What becomes different; None stays. New metadata has to be of the same identity provider."""

    name: str | None = None
    metadata: str | None = None
    provisions: bool | None = None
    roles: Sequence[str] | None = None
    attribute_names: Mapping[str, str] | None = None
    is_paused: bool | None = None
    has_key: bool | None = None

    @property
    def named(self) -> list[str]:
        """The members that become different, for the audit."""
        return [one.name for one in fields(self) if getattr(self, one.name) is not None]


def create(
    work: UnitOfWork, vault: Vault, caller: Principal, wanted: NewConnection, *, is_secure: bool
) -> SamlConnectionRow:
    """A new connection, active at once; InvalidError `invalid_metadata`, `unknown_role`,
    `unknown_attribute`, DuplicateError `provider_connected`, ConflictError `too_many_connections`.
    """
    # Two at once would both find no connection to the provider yet.
    own = select(TenantRow.tenant_id).where(TenantRow.tenant_id == caller.tenant_id)
    work.session.execute(own.with_for_update(key_share=True))
    held = listing(work, caller)
    if len(held) >= MOST_CONNECTIONS:
        raise ConflictError("too_many_connections", "End connections that are not used any more.")
    provider = read_metadata(wanted.metadata, now=work.now, is_secure=is_secure)
    if any(row.entity_id == provider.entity_id for row in held):
        raise DuplicateError("provider_connected", "Change the connection there is to it.")
    _check_key(provider, has_key=wanted.has_key)
    connection_id = new_id("sml")
    row = SamlConnectionRow(
        connection_id=connection_id,
        tenant_id=caller.tenant_id,
        name=checked_name(wanted.name),
        provisions=wanted.provisions,
        roles=_checked_roles(wanted.roles),
        attribute_names=_checked_attributes(wanted.attribute_names),
        status=ACTIVE,
        created_at=work.now,
        created_by=caller.user_id or caller.client_id,
        updated_at=work.now,
    )
    _take(row, provider)
    if wanted.has_key:
        _give_key(work, vault, row)
    work.session.add(row)
    work.session.flush()
    audit.record(work, caller, "saml.connected", "saml_connection", connection_id)
    return row


def change(
    work: UnitOfWork,
    vault: Vault,
    caller: Principal,
    connection_id: str,
    wanted: ConnectionChange,
    *,
    is_secure: bool,
) -> SamlConnectionRow:
    """Change a connection; as `create`, and ConflictError `connection_ended`, `other_provider`.

    A connection that has a key keeps it; taken away and given again it is another one.
    """
    row = find(work, caller, connection_id, to_change=True)
    if row.status == ENDED:
        raise ConflictError("connection_ended", "Make a new connection.")
    if wanted.metadata is not None:
        provider = read_metadata(wanted.metadata, now=work.now, is_secure=is_secure)
        if provider.entity_id != row.entity_id:
            # Its people are known by its name: another one would be let in as them.
            raise ConflictError("other_provider", "Make a new connection for another provider.")
        has_key = bool(row.own_certificate) if wanted.has_key is None else wanted.has_key
        _check_key(provider, has_key=has_key)
        _take(row, provider)
    if wanted.has_key is False:
        row.sealed_key, row.own_certificate = None, ""
    elif wanted.has_key and row.sealed_key is None:
        _give_key(work, vault, row)
    if wanted.name is not None:
        row.name = checked_name(wanted.name)
    if wanted.provisions is not None:
        row.provisions = wanted.provisions
    if wanted.roles is not None:
        row.roles = _checked_roles(wanted.roles)
    if wanted.attribute_names is not None:
        row.attribute_names = _checked_attributes(wanted.attribute_names)
    if wanted.is_paused is not None:
        row.status = PAUSED if wanted.is_paused else ACTIVE
    row.updated_at = work.now
    work.session.flush()
    note = " ".join(wanted.named)
    audit.record(work, caller, "saml.changed", "saml_connection", connection_id, note=note)
    return row


def end(work: UnitOfWork, caller: Principal, connection_id: str) -> SamlConnectionRow:
    """End a connection: nobody signs in over it any more, sign-ins on their way are void, and
    whoever it let in is signed out. Again changes nothing.
    """
    row = find(work, caller, connection_id, to_change=True)
    if row.status == ENDED:
        return row
    row.status, row.sealed_key, row.updated_at = ENDED, None, work.now
    sign_everybody_out(work, row, reason="connection_ended")
    audit.record(work, caller, "saml.ended", "saml_connection", connection_id)
    return row


def sign_everybody_out(work: UnitOfWork, row: SamlConnectionRow, *, reason: str) -> None:
    """Sign-ins over a connection that are on their way are void, and whoever it means has no
    session, grant or token any more: how they came by one is not kept, so all of theirs end.
    """
    work.session.execute(
        delete(SamlLoginRow).where(
            SamlLoginRow.tenant_id == row.tenant_id,
            SamlLoginRow.connection_id == row.connection_id,
        )
    )
    for user in people_of_issuer(work, tenant_id=row.tenant_id, issuer=row.entity_id):
        end_everything(work, user, reason=reason)
    work.session.flush()


def find(
    work: UnitOfWork, caller: Principal, connection_id: str, *, to_change: bool = False
) -> SamlConnectionRow:
    """One connection of the caller's tenant; NotFoundError otherwise."""
    statement = scoped(caller, SamlConnectionRow).where(
        SamlConnectionRow.connection_id == connection_id
    )
    if to_change:
        statement = statement.with_for_update()
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError("connection_not_found", "Use the id of a connection of yours.")
    return row


def listing(work: UnitOfWork, caller: Principal) -> list[SamlConnectionRow]:
    """The tenant's connections that have not ended, the oldest first."""
    statement = scoped(caller, SamlConnectionRow).where(SamlConnectionRow.status != ENDED)
    order = (SamlConnectionRow.created_at, SamlConnectionRow.connection_id)
    return list(work.session.scalars(statement.order_by(*order)))


def offered(work: UnitOfWork, tenant_id: str) -> list[SamlConnectionRow]:
    """What people of a tenant may sign in over now, the oldest first."""
    if not has_reviewed_access(work, tenant_id, FEDERATION):
        return []
    statement = select(SamlConnectionRow).where(
        SamlConnectionRow.tenant_id == tenant_id, SamlConnectionRow.status == ACTIVE
    )
    order = (SamlConnectionRow.created_at, SamlConnectionRow.connection_id)
    return list(work.session.scalars(statement.order_by(*order)))


def is_any_active(work: UnitOfWork) -> bool:
    """Whether anybody may sign in so, of whichever tenant."""
    # every tenant: the health is the installation's.
    statement = select(SamlConnectionRow.connection_id).where(SamlConnectionRow.status == ACTIVE)
    return work.session.scalars(statement.limit(1)).first() is not None


def key_purpose(connection_id: str) -> str:
    """What the vault seals a connection's key for."""
    return f"saml-key/{connection_id}"


def _check_key(provider: IdentityProvider, *, has_key: bool) -> None:
    if provider.wants_signed_requests and not has_key:
        raise InvalidError(
            "key_needed",
            "The identity provider wants requests signed: set has_key.",
            details={"fields": ["has_key"]},
        )


def _give_key(work: UnitOfWork, vault: Vault, row: SamlConnectionRow) -> None:
    pem, row.own_certificate = make_key(row.connection_id, now=work.now)
    row.sealed_key = vault.seal(pem.encode(), purpose=key_purpose(row.connection_id))


def _take(row: SamlConnectionRow, provider: IdentityProvider) -> None:
    row.entity_id = provider.entity_id
    row.sign_in_address = provider.sign_in_address
    row.certificates = list(provider.certificates)
    row.metadata_valid_until = provider.valid_until


def _checked_roles(roles: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(roles))
    allowed = sorted(set(ROLES) - _BY_HAND)
    if not set(wanted) <= set(allowed):
        raise InvalidError(
            "unknown_role", f"Use {', '.join(allowed)}.", details={"fields": ["roles"]}
        )
    return wanted


def _checked_attributes(names: Mapping[str, str]) -> dict[str, str]:
    if not set(names) <= set(ATTRIBUTES):
        raise InvalidError(
            "unknown_attribute",
            f"Name the attributes for {', '.join(ATTRIBUTES)}.",
            details={"fields": ["attribute_names"]},
        )
    return {**ATTRIBUTES, **names}
