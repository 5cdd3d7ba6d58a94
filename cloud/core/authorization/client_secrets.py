"""Secrets of clients: several may be good at once, so that nobody has to change at midnight."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select

from cloud.core.authorization import profiles
from cloud.core.authorization.active_certificates import is_certificate_only
from cloud.core.authorization.credential_tables import ClientSecretRow
from cloud.core.authorization.secrets import hash_secret, new_secret
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.errors import ConflictError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

GRACE: Final = timedelta(hours=24)
LONGEST_GRACE: Final = timedelta(days=7)
MOST: Final = 5


def add_secret(
    work: UnitOfWork,
    application: ApplicationRow,
    *,
    expires_at: datetime | None = None,
    vault: Vault | None = None,
    draw: Callable[[], str] = new_secret,
) -> tuple[ClientSecretRow, str]:
    """One more secret and its only sight; with a `vault` it is kept sealed too.

    No two good secrets of a client end alike: by its end one is found among them.

    ConflictError `public_client` for a client that holds none, `too_many_secrets` beyond `MOST`;
    InvalidError `expiry_past`.
    """
    if application.is_public:
        raise ConflictError("public_client", "A public client holds no secret: use PKCE.")
    if expires_at is not None and expires_at <= work.now:
        raise InvalidError("expiry_past", "Let the secret end in the future.")
    ends = [row.last_four for row in valid_secrets(work, application)]
    if len(ends) >= MOST:
        raise ConflictError("too_many_secrets", f"Revoke one of the {MOST} first.")
    secret = draw()
    while secret[-4:] in ends:
        secret = draw()
    row = ClientSecretRow(
        secret_id=new_id("sec"),
        client_id=application.client_id,
        secret_hash=hash_secret(secret),
        sealed=None,
        last_four=secret[-4:],
        created_at=work.now,
        expires_at=expires_at,
    )
    if vault is not None:
        row.sealed = vault.seal(secret.encode(), purpose=f"client-secret:{row.secret_id}")
    work.session.add(row)
    work.session.flush()
    return row, secret


def rotate_secret(
    work: UnitOfWork,
    application: ApplicationRow,
    *,
    grace: timedelta = GRACE,
    vault: Vault | None = None,
) -> tuple[str, datetime | None]:
    """A new secret; those before it end after `grace`, and when that is.

    With a `vault` it is kept sealed too. None for a client that had none. Of many that are still
    good only the newest keep their grace. ConflictError `public_client`, or `no_secret_client` for
    one that proves itself by keys.
    """
    if application.is_public:
        raise ConflictError("public_client", "A public client holds no secret: use PKCE.")
    if not set(profiles.BY_SECRET) & set(application.auth_methods):
        raise ConflictError("no_secret_client", "This application proves itself by its own keys.")
    ends = work.now + grace
    held = valid_secrets(work, application)
    for place, row in enumerate(held):
        kept = ends if place < MOST - 1 else work.now
        row.expires_at = kept if row.expires_at is None else min(row.expires_at, kept)
    work.session.flush()
    _, secret = add_secret(work, application, vault=vault)
    return secret, ends if held else None


def revoke_secret(work: UnitOfWork, application: ApplicationRow, secret_id: str) -> None:
    """End a secret at once; NotFoundError, ConflictError `last_credential`."""
    held = {row.secret_id: row for row in secrets_of(work, application)}
    if secret_id not in held:
        raise NotFoundError("secret_not_found", "Use a secret of this client.")
    left = [row for row in valid_secrets(work, application) if row.secret_id != secret_id]
    if not left and not _has_other_proof(work, application):
        raise ConflictError(
            "last_credential", "Give the client another secret or a certificate first."
        )
    work.session.delete(held[secret_id])
    work.session.flush()


def revoke_all(work: UnitOfWork, application: ApplicationRow) -> None:
    """None is good any more."""
    for row in secrets_of(work, application):
        work.session.delete(row)


def secrets_of(work: UnitOfWork, application: ApplicationRow) -> list[ClientSecretRow]:
    """Every secret that was not revoked, newest first, those that ran out too."""
    return secrets_of_all(work, [application.client_id])[application.client_id]


def secrets_of_all(
    work: UnitOfWork, client_ids: Collection[str]
) -> dict[str, list[ClientSecretRow]]:
    """The same for several clients at once, by client id."""
    statement = (
        select(ClientSecretRow)
        .where(ClientSecretRow.client_id.in_(client_ids))
        .order_by(ClientSecretRow.created_at.desc(), ClientSecretRow.secret_id)
    )
    found: dict[str, list[ClientSecretRow]] = {client_id: [] for client_id in client_ids}
    for row in work.session.scalars(statement):
        found[row.client_id].append(row)
    return found


def valid_secrets(work: UnitOfWork, application: ApplicationRow) -> list[ClientSecretRow]:
    """Those that are good now, newest first."""
    statement = (
        select(ClientSecretRow)
        .where(
            ClientSecretRow.client_id == application.client_id,
            or_(ClientSecretRow.expires_at.is_(None), ClientSecretRow.expires_at > work.now),
        )
        .order_by(ClientSecretRow.created_at.desc(), ClientSecretRow.secret_id)
    )
    return list(work.session.scalars(statement))


def _has_other_proof(work: UnitOfWork, application: ApplicationRow) -> bool:
    """Whether the client can prove itself by a certificate, or by keys of its own."""
    has_keys = bool(application.jwks or application.jwks_uri)
    return has_keys or is_certificate_only(work, application)
