"""Ending a token (RFC 7009) and asking whether one is good (RFC 7662), for its own client alone."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from cloud.core.authorization.client_authentication import ProvenClient
from cloud.core.authorization.grant_tables import GrantRow, RefreshTokenRow, RevokedTokenRow
from cloud.core.authorization.persons_tokens import end_grant
from cloud.core.authorization.profiles import BY_NAME, NONE, PROFILES
from cloud.core.authorization.refusals import invalid_client
from cloud.core.authorization.secrets import key_hash
from cloud.core.authorization.subjects import subject_for
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.tokens import TokenService
from cloud.core.kernel.errors import UnauthenticatedError
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

AUDIENCES: Final = tuple(profile.audience for profile in PROFILES)
INACTIVE: Final[dict[str, Any]] = {"active": False}


def revoke_token(
    work: UnitOfWork, tokens: TokenService, application: ApplicationRow, token: str
) -> str:
    """End a token of this client; its id for the audit, empty when there was nothing to end.

    A refresh token ends its family and every access token with it (7009, 2.1).
    """
    row = work.session.get(RefreshTokenRow, key_hash(token))
    if row is not None:
        grant = work.session.get(GrantRow, row.grant_id, with_for_update=True)
        if grant is None or grant.client_id != application.client_id:
            return ""
        end_grant(work, grant, reason="revoked_by_client")
        return grant.grant_id
    try:
        claims = tokens.claims(token, audiences=AUDIENCES)
    except UnauthenticatedError:
        return ""
    if claims["client_id"] != application.client_id:
        return ""
    end_access_token(work, claims["jti"], expires_at=datetime.fromtimestamp(claims["exp"], UTC))
    return str(claims["jti"])


def end_access_token(work: UnitOfWork, token_id: str, *, expires_at: datetime) -> None:
    """Put a token on the list of those that ended early; it may be there already."""
    known = select(RevokedTokenRow).where(RevokedTokenRow.token_id == token_id)
    if work.session.scalars(known).one_or_none() is not None:
        return
    # Another call may end it at the same moment: then it has ended.
    with contextlib.suppress(IntegrityError), work.session.begin_nested():
        work.session.add(
            RevokedTokenRow(token_id=token_id, revoked_at=work.now, expires_at=expires_at)
        )


def introspect(
    work: UnitOfWork, tokens: TokenService, vault: Vault, client: ProvenClient, token: str
) -> dict[str, Any]:
    """What RFC 7662 2.2 says of a token; only `active: false` for another client's, or none.

    GrantError `invalid_client` for a client that proved nothing.
    """
    if client.method == NONE:
        # RFC 7662 2.1: a name alone is no proof of who asks.
        raise invalid_client("Authenticate the client.")
    application = client.application
    row = work.session.get(RefreshTokenRow, key_hash(token))
    if row is not None:
        return _refresh_facts(work, vault, application, row, tokens.policy.issuer)
    try:
        claims = tokens.claims(token, audiences=AUDIENCES)
    except UnauthenticatedError:
        return dict(INACTIVE)
    if claims["client_id"] != application.client_id:
        return dict(INACTIVE)
    shown = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "cnf", "act")
    facts = {name: claims[name] for name in shown if name in claims}
    kind = "DPoP" if "jkt" in claims.get("cnf", {}) else "Bearer"
    return {"active": True, "token_type": kind, **facts}


def _refresh_facts(
    work: UnitOfWork,
    vault: Vault,
    application: ApplicationRow,
    row: RefreshTokenRow,
    issuer: str,
) -> dict[str, Any]:
    grant = work.session.get(GrantRow, row.grant_id)
    if (
        grant is None
        or grant.client_id != application.client_id
        or grant.revoked_at is not None
        or row.rotated_at is not None
        or row.expires_at <= work.now
    ):
        return dict(INACTIVE)
    return {
        "active": True,
        "iss": issuer,
        "client_id": grant.client_id,
        "scope": " ".join(grant.scopes),
        "sub": subject_for(vault, BY_NAME[grant.profile], application, grant.user_id),
        "exp": int(row.expires_at.astimezone(UTC).timestamp()),
        "iat": int(row.created_at.astimezone(UTC).timestamp()),
    }
