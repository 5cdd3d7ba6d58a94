"""OAuth clients of a tenant: registering, listing, authenticating."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select

from cloud.core.authorization.secrets import DUMMY_HASH, hash_secret, matches, new_secret
from cloud.core.authorization.tables import ApplicationRow, ApplicationSecretRow
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import is_well_formed
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

KIND_APPLICATION: Final = "application"
KIND_GATEWAY: Final = "gateway"
STATUS_APPROVED: Final = "approved"
DEFAULT_GOVERNANCE: Final = {"allow_service_tokens": False, "enforce_pkce": True}


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
    has_secret: bool = True,
) -> NewClient:
    """An approved client with a fresh secret, or with none: then its certificate speaks for it."""
    granted = tuple(scopes)
    if not all(is_well_formed(scope) for scope in granted):
        raise AssertionError("a grant names well-formed scopes")
    client_id = new_id("gw" if kind == KIND_GATEWAY else "app")
    secret = new_secret() if has_secret else ""
    work.session.add(
        ApplicationRow(
            client_id=client_id,
            tenant_id=tenant_id,
            name=name,
            kind=kind,
            grant_types=["client_credentials"],
            redirect_uris=[],
            requested_scopes=list(granted),
            approved_scopes=list(granted),
            governance=dict(DEFAULT_GOVERNANCE),
            status=STATUS_APPROVED,
            created_at=work.now,
        )
    )
    work.session.flush()
    if has_secret:
        work.session.add(
            ApplicationSecretRow(
                client_id=client_id, secret_hash=hash_secret(secret), created_at=work.now
            )
        )
    return NewClient(client_id, secret, granted)


def authenticate(work: UnitOfWork, client_id: str, secret: str) -> ApplicationRow | None:
    """The client whose secret this is, None otherwise; an unknown client costs the same time.

    A client that is not approved is returned: it is for the grant to refuse it by name.
    """
    # No id holds a NUL, and PostgreSQL would not even compare one.
    application = None if "\x00" in client_id else work.session.get(ApplicationRow, client_id)
    hashes = _valid_hashes(work, client_id, work.now) if application is not None else []
    # Every candidate is tried, so that the time tells nothing about which one fits.
    results = [matches(candidate, secret) for candidate in hashes or [DUMMY_HASH]]
    return application if hashes and any(results) else None


def applications(work: UnitOfWork, principal: Principal) -> list[ApplicationRow]:
    """The tenant's applications by age, gateways left out."""
    statement = (
        scoped(principal, ApplicationRow)
        .where(ApplicationRow.kind == KIND_APPLICATION)
        .order_by(ApplicationRow.created_at, ApplicationRow.client_id)
    )
    return list(work.session.scalars(statement))


def _valid_hashes(work: UnitOfWork, client_id: str, now: datetime) -> list[str]:
    statement = select(ApplicationSecretRow.secret_hash).where(
        ApplicationSecretRow.client_id == client_id,
        or_(ApplicationSecretRow.expires_at.is_(None), ApplicationSecretRow.expires_at > now),
    )
    return list(work.session.scalars(statement))
