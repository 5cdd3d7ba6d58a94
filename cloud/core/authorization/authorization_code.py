"""RFC 6749 4.1 with PKCE (RFC 7636): what a person allowed becomes tokens, once."""

from __future__ import annotations

import hmac
import logging
import re
from typing import Final

from sqlalchemy import select

from cloud.core.authorization import profiles
from cloud.core.authorization.asking import Asked, TokenAnswer
from cloud.core.authorization.grant_tables import AuthorizationCodeRow, GrantRow
from cloud.core.authorization.persons_tokens import PersonsTokens, end_grant
from cloud.core.authorization.refusals import GrantError, invalid_grant, invalid_request
from cloud.core.authorization.secrets import key_hash
from cloud.core.kernel import base64url
from cloud.core.kernel.work import UnitOfWork

LOG: Final = logging.getLogger("vitalwire.authorization")
VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_VOID: Final = "The code is used, expired, or was never given: ask the person again."


class AuthorizationCode:
    """Redeems a code. Whatever is wrong with a redemption burns the code; a second one ends all
    that came of the first.
    """

    name = profiles.AUTHORIZATION_CODE

    def __init__(self, persons: PersonsTokens) -> None:
        self._persons = persons

    def answer(self, work: UnitOfWork, asked: Asked) -> TokenAnswer:
        """Access, refresh and ID token of the code's grant."""
        code, verifier = asked.form.get("code", ""), asked.form.get("code_verifier")
        if not code or not asked.form.get("redirect_uri"):
            raise invalid_request("Send code and redirect_uri.")
        if verifier is not None and not VERIFIER.fullmatch(verifier):
            raise invalid_request("Send a code_verifier of 43 to 128 unreserved characters.")
        row = work.session.scalars(
            select(AuthorizationCodeRow)
            .where(AuthorizationCodeRow.code_hash == key_hash(code))
            .with_for_update()
        ).one_or_none()
        if row is None:
            raise invalid_grant(_VOID)
        grant = work.session.get(GrantRow, row.grant_id, with_for_update=True)
        if grant is None:
            raise AssertionError("a code belongs to a grant")
        if row.used_at is not None:
            end_grant(work, grant, reason="code_used_twice")
            LOG.warning("event=code_used_twice grant=%s", grant.grant_id)
            raise invalid_grant(_VOID)
        row.used_at = work.now
        _check(asked, row, grant, verifier, is_over=row.expires_at <= work.now)
        # RFC 9449 5: a public client's refresh tokens stay bound to its first key.
        grant.bound_to = asked.key if asked.application.is_public else ""
        return self._persons.issue(work, asked, grant, tuple(grant.scopes))


def challenge_of(verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    return base64url.fingerprint(verifier.encode())


def _check(
    asked: Asked, row: AuthorizationCodeRow, grant: GrantRow, verifier: str | None, *, is_over: bool
) -> None:
    if is_over or row.client_id != asked.application.client_id or grant.revoked_at is not None:
        raise invalid_grant(_VOID)
    if grant.profile != asked.profile.name:
        raise invalid_grant("Redeem the code where the authorization began.")
    if asked.form["redirect_uri"] != row.redirect_uri:
        raise invalid_grant("Send the redirect_uri of the authorization request.")
    if row.code_challenge:
        if verifier is None:
            raise invalid_grant("Send the code_verifier that belongs to the code_challenge.")
        if not hmac.compare_digest(challenge_of(verifier), row.code_challenge):
            raise invalid_grant("The code_verifier does not belong to the code_challenge.")
    elif verifier is not None:
        raise invalid_grant("There was no code_challenge that a code_verifier could belong to.")
    if row.dpop_thumbprint and row.dpop_thumbprint != asked.key:
        raise GrantError("invalid_dpop_proof", "Prove the key named by dpop_jkt.")
