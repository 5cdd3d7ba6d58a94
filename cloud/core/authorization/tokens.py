"""Access tokens: RS256 JWTs after RFC 9068, issued and verified."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from cloud.core.authorization.keys import ALGORITHM, KeyRing
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.errors import UnauthenticatedError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import Clock, UnitOfWork

TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type, not a secret
AUDIENCE: Final = "vitalwire-argus"
MAX_TOKEN: Final = 8192
_HEADER_MEMBERS: Final = frozenset({"alg", "typ", "kid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """Who issues, for whom, how long; `leeway_seconds` forgives other machines' clocks."""

    issuer: str
    audience: str = AUDIENCE
    lifetime_seconds: int = 3600
    leeway_seconds: int = 5


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as the token endpoint gives it."""

    access_token: str
    expires_in: int
    scope: str


class TokenService:
    """Issues and verifies with the keys of one ring."""

    def __init__(self, ring: KeyRing, policy: TokenPolicy, clock: Clock) -> None:
        self.ring = ring
        self.policy = policy
        self._clock = clock

    def issue(
        self, application: ApplicationRow, scopes: tuple[str, ...], *, bound_to: str = ""
    ) -> IssuedToken:
        """A token of `application` for `scopes` (a subset of its grant, wildcards verbatim).

        `bound_to` is the thumbprint of the certificate it is good with (RFC 8705, 3.1).
        """
        now = int(self._clock().timestamp())
        key = self.ring.signing_key()
        scope = " ".join(scopes)
        claims: dict[str, Any] = {
            "iss": self.policy.issuer,
            "sub": application.client_id,
            "aud": self.policy.audience,
            "exp": now + self.policy.lifetime_seconds,
            "iat": now,
            "nbf": now,
            "jti": str(uuid4()),
            "client_id": application.client_id,
            "tenant_id": application.tenant_id,
            "org_id": application.tenant_id,
            "scope": scope,
            "scopes": list(scopes),
            "token_use": "access",
            "epoch": application.epoch,
        }
        if bound_to:
            claims["cnf"] = {"x5t#S256": bound_to}
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": str(key.kid)}
        token = jwt.encode(header, claims, key, algorithms=[ALGORITHM])
        return IssuedToken(token, self.policy.lifetime_seconds, scope)

    def verify(self, work: UnitOfWork, token: str) -> Principal:
        """The caller a token names; UnauthenticatedError, always with the same words, otherwise.

        Beyond the signature and the claims the client must still be approved, of the same
        tenant and epoch.
        """
        claims = self._claims(token)
        application = work.session.get(ApplicationRow, claims["client_id"])
        if (
            application is None
            or application.status != "approved"
            or application.tenant_id != claims["tenant_id"]
            or application.epoch != claims["epoch"]
        ):
            raise UnauthenticatedError(token_sent=True)
        is_gateway = application.kind == "gateway"
        return Principal(
            tenant_id=application.tenant_id,
            client_id=application.client_id,
            scopes=tuple(claims["scopes"]),
            gateway_id=application.client_id if is_gateway else None,
            token_id=claims["jti"],
            bound_to=_bound_to(claims),
        )

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            key = self._key_of(token)
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, RecursionError) as exc:
            raise UnauthenticatedError(token_sent=True) from exc
        if not self._holds(claims):
            raise UnauthenticatedError(token_sent=True)
        return claims

    def _key_of(self, token: str) -> RSAKey:
        """The key the header names, once the header is exactly what we issue."""
        if len(token) > MAX_TOKEN or not token.isascii():
            raise UnauthenticatedError(token_sent=True)
        header = jws.extract_compact(token.encode()).headers()
        kid = header.get("kid")
        # jwk, jku, x5u, x5c and crit never reach a key lookup: any other member refuses the token.
        if (
            set(header) != _HEADER_MEMBERS
            or header.get("alg") != ALGORITHM
            or header.get("typ") != TOKEN_TYPE
            or not isinstance(kid, str)
        ):
            raise UnauthenticatedError(token_sent=True)
        key = self.ring.public_key(kid)
        if key is None:
            raise UnauthenticatedError(token_sent=True)
        return key

    def _holds(self, claims: dict[str, Any]) -> bool:
        now = self._clock()
        leeway = timedelta(seconds=self.policy.leeway_seconds).total_seconds()
        seconds = now.timestamp()
        times = [claims.get(name) for name in ("exp", "iat", "nbf")]
        texts = [claims.get(name) for name in ("sub", "jti", "client_id", "tenant_id")]
        scopes = claims.get("scopes")
        return (
            all(type(value) is int for value in times)
            and all(isinstance(value, str) and value for value in texts)
            and isinstance(scopes, list)
            and all(isinstance(scope, str) for scope in scopes)
            and type(claims.get("epoch")) is int
            and claims["sub"] == claims["client_id"]
            and claims.get("iss") == self.policy.issuer
            and claims.get("aud") == self.policy.audience
            and claims.get("token_use") == "access"
            and claims["exp"] > seconds - leeway
            and claims["nbf"] <= seconds + leeway
            and claims["iat"] <= seconds + leeway
        )


def thumbprint(certificate: bytes) -> str:
    """What stands for a certificate (DER) in a token: base64url of its SHA-256 (RFC 8705, 3.1)."""
    return base64.urlsafe_b64encode(hashlib.sha256(certificate).digest()).rstrip(b"=").decode()


def _bound_to(claims: dict[str, Any]) -> str:
    confirmation = claims.get("cnf")
    if confirmation is None:
        return ""
    found = confirmation.get("x5t#S256") if isinstance(confirmation, dict) else None
    # A binding that is not understood binds to nothing there is.
    return found if isinstance(found, str) and found else "unknown"
