"""OAuth clients of a tenant: registering, listing, authenticating."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cloud.core.authorization import profiles
from cloud.core.authorization.client_authentication import find_client, secret_fits
from cloud.core.authorization.credential_tables import ClientSecretRow
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.secrets import hash_secret, new_secret
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import is_well_formed
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

KIND_APPLICATION: Final = "application"
KIND_GATEWAY: Final = "gateway"
STATUS_APPROVED: Final = "approved"


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
    client_id = new_id("gw" if kind == KIND_GATEWAY else "app")
    secret = new_secret() if has_secret else ""
    work.session.add(
        ApplicationRow(
            client_id=client_id,
            tenant_id=tenant_id,
            name=name,
            kind=kind,
            profiles=list(ways),
            auth_methods=[profiles.SECRET_BASIC, profiles.SECRET_POST]
            + [profiles.TLS] * (kind == KIND_GATEWAY),
            grant_types=[profiles.CLIENT_CREDENTIALS],
            redirect_uris=[],
            post_logout_redirect_uris=[],
            requested_scopes=list(granted),
            approved_scopes=list(granted),
            governance=Governance().stored(),
            status=STATUS_APPROVED,
            created_at=work.now,
            changed_at=work.now,
        )
    )
    work.session.flush()
    if has_secret:
        work.session.add(
            ClientSecretRow(
                secret_id=new_id("sec"),
                client_id=client_id,
                secret_hash=hash_secret(secret),
                last_four=secret[-4:],
                created_at=work.now,
            )
        )
    return NewClient(client_id, secret, granted)


def authenticate(work: UnitOfWork, client_id: str, secret: str) -> ApplicationRow | None:
    """The client whose secret this is, None otherwise; an unknown client costs the same time.

    A client that is not approved is returned: it is for the caller to refuse it by name.
    """
    application = find_client(work, client_id)
    return application if secret_fits(work, application, secret) else None


def applications(work: UnitOfWork, principal: Principal) -> list[ApplicationRow]:
    """The tenant's applications by age, gateways left out."""
    statement = (
        scoped(principal, ApplicationRow)
        .where(ApplicationRow.kind == KIND_APPLICATION)
        .order_by(ApplicationRow.created_at, ApplicationRow.client_id)
    )
    return list(work.session.scalars(statement))
