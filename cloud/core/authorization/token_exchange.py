"""RFC 8693: a clinician's ID token becomes a token to act in their name.

What it may do is what the client was granted and what the person's roles allow, never more. It
lives fifteen minutes at most and never longer than the token it was made from.
"""

from __future__ import annotations

from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError

from cloud.core.authorization import profiles
from cloud.core.authorization.asking import Asked, TokenAnswer, requested_scopes
from cloud.core.authorization.client_keys import ClientKeys, FetchError
from cloud.core.authorization.refusals import (
    GrantError,
    invalid_grant,
    invalid_request,
    invalid_scope,
)
from cloud.core.authorization.tokens import TokenRequest, TokenService
from cloud.core.authorization.unverified import UnreadableError, peek
from cloud.core.identity.people import (
    person_of_identity,
    roles_of,
    scopes_of_roles,
    trusted_issuer,
)
from cloud.core.identity.tables import TrustedIssuerRow, UserRow
from cloud.core.kernel.scopes import intersection
from cloud.core.kernel.work import UnitOfWork

ID_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a type's name
ACCESS_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a type's name
ALGORITHMS: Final = ("RS256", "ES256", "PS256")
LEEWAY_SECONDS: Final = 5
LATEST: Final = 1 << 40
"""No time of ours is later; numbers without end are no times."""
_VOID: Final = "Send an ID token of a person of this organisation, of a configured issuer."


class TokenExchange:
    """Subject tokens of configured issuers alone; no actor tokens, no chains."""

    name = profiles.TOKEN_EXCHANGE

    def __init__(self, tokens: TokenService, keys: ClientKeys) -> None:
        self._tokens = tokens
        self._keys = keys

    def answer(self, work: UnitOfWork, asked: Asked) -> TokenAnswer:
        """A delegated token: `sub` is the person, `act` the client."""
        form = asked.form
        if not form.get("subject_token") or form.get("subject_token_type") != ID_TOKEN_TYPE:
            raise invalid_request(f"Send subject_token with subject_token_type={ID_TOKEN_TYPE}.")
        if form.get("actor_token") or form.get("actor_token_type"):
            raise invalid_request("Send no actor_token: the client itself is the actor.")
        if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE:
            raise invalid_request(f"Request {ACCESS_TOKEN_TYPE}, or name no type.")
        claims = self._subject(work, asked, form["subject_token"])
        user = self._person(work, asked, claims)
        allowed = self._allowed(work, asked, user)
        left = int(claims["exp"] - work.now.timestamp())
        seconds = asked.governance.seconds(min(profiles.DELEGATED_SECONDS, left))
        access = self._tokens.issue(
            TokenRequest(
                application=asked.application,
                scopes=self._chosen(asked, allowed),
                audience=asked.profile.audience,
                seconds=seconds,
                use="delegated",
                binding=asked.binding,
                user_id=user.user_id,
                user_epoch=user.epoch,
                actor=asked.application.client_id,
            ),
            now=work.now,
        )
        return TokenAnswer(
            access=access,
            issued_token_type=ACCESS_TOKEN_TYPE,
            user_id=user.user_id,
            use="delegated",
        )

    def _subject(self, work: UnitOfWork, asked: Asked, token: str) -> dict[str, Any]:
        """The claims of the subject token, signed by an issuer the tenant trusts."""
        try:
            header, unproven = peek(token)
            issuer = unproven.get("iss")
            if not isinstance(issuer, str):
                raise invalid_grant(_VOID)
            trusted = trusted_issuer(work, tenant_id=asked.application.tenant_id, issuer=issuer)
            claims = self._signed(trusted, header, token)
        except (UnreadableError, JoseError, ValueError, TypeError, RecursionError) as exc:
            raise invalid_grant(_VOID) from exc
        if trusted is None or not _holds(claims, trusted, work.now.timestamp()):
            raise invalid_grant(_VOID)
        return claims

    def _signed(
        self, trusted: TrustedIssuerRow | None, header: dict[str, Any], token: str
    ) -> dict[str, Any]:
        kid, algorithm = header.get("kid"), header.get("alg")
        if (
            trusted is None
            or algorithm not in ALGORITHMS
            or set(header) - {"alg", "kid", "typ"}
            or header.get("typ", "JWT") != "JWT"
            or not isinstance(kid, str)
        ):
            raise invalid_grant(_VOID)
        try:
            key = self._keys.key(kid, jwks=trusted.jwks, jwks_uri=trusted.jwks_uri)
        except FetchError as exc:
            raise GrantError(
                "temporarily_unavailable", "The issuer's keys cannot be fetched now. Try again."
            ) from exc
        if key is None:
            raise invalid_grant(_VOID)
        return jwt.decode(token, key, algorithms=[str(algorithm)]).claims

    def _person(self, work: UnitOfWork, asked: Asked, claims: dict[str, Any]) -> UserRow:
        user = person_of_identity(
            work,
            tenant_id=asked.application.tenant_id,
            issuer=claims["iss"],
            subject=claims["sub"],
        )
        if user is None or not user.is_active:
            raise invalid_grant(_VOID)
        return user

    def _allowed(self, work: UnitOfWork, asked: Asked, user: UserRow) -> tuple[str, ...]:
        roles = roles_of(work, user)
        if not roles:
            raise invalid_grant(_VOID)
        allowed = intersection(asked.application.approved_scopes, scopes_of_roles(roles))
        if not allowed:
            raise invalid_scope("The client and the person's role have no scope in common.")
        return allowed

    def _chosen(self, asked: Asked, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Of what the client was granted and asks for, what the person's roles allow too."""
        granted = tuple(asked.application.approved_scopes)
        wanted = requested_scopes(asked.form.get("scope", ""), granted)
        chosen = intersection(wanted, allowed)
        if not chosen:
            raise invalid_scope("The person's role allows nothing of what is requested.")
        return chosen


def _holds(claims: dict[str, Any], trusted: TrustedIssuerRow, now: float) -> bool:
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    expires, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    # OIDC Core 3.1.3.7: whom it was issued to is the only audience, or is named beside several.
    issued_to = claims.get("azp", trusted.audience if len(named) == 1 else None)
    return (
        claims.get("iss") == trusted.issuer
        and trusted.audience in named
        and issued_to == trusted.audience
        and isinstance(claims.get("sub"), str)
        and bool(claims["sub"])
        # Whoever already acts for somebody is no person: there are no chains.
        and "act" not in claims
        and type(expires) is type(issued) is type(begins) is int
        # Without leeway: what is made of it lives for a second, and ends with it at the latest.
        and now + 1 <= expires < LATEST
        and issued <= now + LEEWAY_SECONDS
        and begins <= now + LEEWAY_SECONDS
        # Some issuers name the use of their tokens: an access token of theirs is not taken.
        and claims.get("token_use", "id") == "id"
    )
