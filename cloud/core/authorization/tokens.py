"""Access tokens: JWTs after RFC 9068, issued and verified."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from cloud.core.authorization.keys import ALGORITHMS, KeyRing
from cloud.core.authorization.profiles import PLATFORM
from cloud.core.authorization.revocations import KnownClient, Revocations
from cloud.core.authorization.subjects import opened_person, sealed_person
from cloud.core.authorization.tables import (
    APPROVED,
    KIND_API_CLIENT,
    KIND_GATEWAY,
    ApplicationRow,
)
from cloud.core.identity.tables import ACTIVE
from cloud.core.kernel import base64url
from cloud.core.kernel.errors import UnauthenticatedError
from cloud.core.kernel.principal import Binding, Principal
from cloud.core.kernel.scopes import covered
from cloud.core.kernel.vault import Vault, VaultError
from cloud.core.kernel.work import Clock

TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type, not a secret
MAX_TOKEN: Final = 8192
SANDBOX: Final = "sandbox"
"""The use of sandbox tokens, and their audience: no door of real data takes it."""
_LASTING: Final = ("service", SANDBOX)
USES: Final = frozenset({"access", "service", "delegated", SANDBOX, "clinician"})
_HEADER_MEMBERS: Final = frozenset({"alg", "typ", "kid"})
_TIMES: Final = ("exp", "iat", "nbf")
_TEXTS: Final = ("sub", "jti", "client_id", "tenant_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """Who issues; `leeway_seconds` forgives other machines' clocks.

    `lifetime_seconds` shortens what a profile gives, and never makes it longer.
    """

    issuer: str
    lifetime_seconds: int = 3600
    leeway_seconds: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token as it is wanted: for whom, for what, how long (seconds).

    `user_id` is the person it stands for, empty for the client itself; `subject` is how the
    person is called towards the client, who learns no more where the token `hides_person`.
    `grant_id` ties it to an authorization that can be ended. `sandbox_id` is the sandbox it is for
    instead of the application's own tenant.
    """

    application: ApplicationRow
    scopes: tuple[str, ...]
    audience: str = PLATFORM.audience
    seconds: int = 3600
    use: str = "access"
    binding: Binding = field(default_factory=Binding)
    user_id: str = ""
    user_epoch: int = 0
    subject: str = ""
    hides_person: bool = False
    grant_id: str = ""
    actor: str = ""
    authenticated_at: int | None = None
    token_id: str = ""
    sandbox_id: str = ""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as the token endpoint gives it; `token_type` is Bearer or DPoP."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str
    token_id: str
    issued_at: int


class TokenService:
    """Issues and verifies with the keys of one ring, and what `revocations` knows.

    The `vault` keeps persons in tokens from clients that must not know them.
    """

    def __init__(
        self,
        ring: KeyRing,
        vault: Vault,
        policy: TokenPolicy,
        clock: Clock,
        revocations: Revocations,
    ) -> None:
        self.ring = ring
        self._vault = vault
        self.policy = policy
        self.revocations = revocations
        self._clock = clock

    def issue(self, wanted: TokenRequest, *, now: datetime) -> IssuedToken:
        """Sign a token of this moment; its scopes are a subset of a grant, wildcards verbatim."""
        issued_at = int(now.timestamp())
        key = self.ring.signing_key()
        seconds = min(wanted.seconds, _longest(wanted, self.policy))
        token_id = wanted.token_id or str(uuid4())
        claims = {
            "iss": self.policy.issuer,
            "aud": wanted.audience,
            "exp": issued_at + seconds,
            "iat": issued_at,
            "nbf": issued_at,
            "jti": token_id,
            "token_use": wanted.use,
            **_who(wanted, self._vault),
            **_confirmation(wanted.binding),
        }
        header = {"alg": ALGORITHMS[0], "typ": TOKEN_TYPE, "kid": str(key.kid)}
        token = jwt.encode(header, claims, key, algorithms=[ALGORITHMS[0]])
        kind = "DPoP" if wanted.binding.key else "Bearer"
        return IssuedToken(token, seconds, " ".join(wanted.scopes), kind, token_id, issued_at)

    def verify(self, token: str, *, audiences: Collection[str] = (PLATFORM.audience,)) -> Principal:
        """The caller a token names; UnauthenticatedError, always with the same words, otherwise.

        Beyond the signature and the claims, the client and the person it stands for must still be
        what they were when it was issued, and nobody may have ended it.
        """
        claims = self.claims(token, audiences=audiences)
        client = self.revocations.client(claims["client_id"])
        is_gateway = client is not None and client.kind == KIND_GATEWAY
        return Principal(
            tenant_id=claims["tenant_id"],
            client_id=claims["client_id"],
            scopes=tuple(claims["scopes"]),
            gateway_id=claims["client_id"] if is_gateway else None,
            user_id=_text(claims, "user_id"),
            token_id=claims["jti"],
            token_use=claims["token_use"],
            audience=claims["aud"],
            grant_id=_text(claims, "grant_id"),
            sandbox_of=_text(claims, "sandbox_of"),
            binding=_binding(claims),
        )

    def claims(self, token: str, *, audiences: Collection[str]) -> dict[str, Any]:
        """All that a token that is good now says; UnauthenticatedError otherwise."""
        claims = self._claims(token, audiences)
        # Client and person may be newer than what this process knows of them.
        if not self._stands(claims) and not (
            self.revocations.look_again() and self._stands(claims)
        ):
            raise UnauthenticatedError(token_sent=True)
        return claims

    def _stands(self, claims: dict[str, Any]) -> bool:
        """Whether client, person and token are what they were when it was issued."""
        client = self.revocations.client(claims["client_id"])
        return (
            client is not None
            and client.status == APPROVED
            and client.tenant_id == _owner(claims)
            and client.epoch == claims["epoch"]
            and _is_approved(client, claims)
            and not self.revocations.is_revoked(
                token_id=claims["jti"], grant_id=_text(claims, "grant_id")
            )
            and self._is_person_there(claims)
        )

    def _is_person_there(self, claims: dict[str, Any]) -> bool:
        """Whether the person it stands for is as they were; True when the client is for itself."""
        user_id = _text(claims, "user_id")
        if not user_id:
            return bool(claims["sub"] == claims["client_id"])
        user = self.revocations.user(user_id)
        return (
            user is not None
            and user.status == ACTIVE
            and user.tenant_id == claims["tenant_id"]
            and user.epoch == claims.get("user_epoch")
        )

    def _claims(self, token: str, audiences: Collection[str]) -> dict[str, Any]:
        if len(token) > MAX_TOKEN or not token.isascii():
            raise UnauthenticatedError(token_sent=True)
        try:
            parts = jws.extract_compact(token.encode())
            key = self._key_of(parts.headers())
            if not jws.validate_compact(parts, key, ALGORITHMS):
                raise UnauthenticatedError(token_sent=True)
            claims = json.loads(parts.payload)
        except (JoseError, ValueError, RecursionError) as exc:
            raise UnauthenticatedError(token_sent=True) from exc
        if (
            not isinstance(claims, dict)
            or not self._holds(claims)
            or claims["aud"] not in audiences
        ):
            raise UnauthenticatedError(token_sent=True)
        return self._with_person(claims)

    def _with_person(self, claims: dict[str, Any]) -> dict[str, Any]:
        """The same, with the person it stands for where they are sealed."""
        sealed = claims.pop("person", None)
        if sealed is None:
            return claims
        try:
            user_id, epoch = opened_person(self._vault, claims["client_id"], str(sealed))
        except VaultError as exc:
            raise UnauthenticatedError(token_sent=True) from exc
        return claims | {"user_id": user_id, "user_epoch": epoch}

    def _key_of(self, header: Mapping[str, Any]) -> RSAKey | ECKey:
        """The key the header names, once the header is exactly what we issue."""
        kid = header.get("kid")
        # jwk, jku, x5u, x5c and crit never reach a key lookup: any other member refuses the token.
        if (
            set(header) != _HEADER_MEMBERS
            or header.get("typ") != TOKEN_TYPE
            or not isinstance(kid, str)
        ):
            raise UnauthenticatedError(token_sent=True)
        key = self.ring.public_key(kid)
        if key is None or header.get("alg") != key.get("alg"):
            raise UnauthenticatedError(token_sent=True)
        return key

    def _holds(self, claims: dict[str, Any]) -> bool:
        seconds = self._clock().timestamp()
        leeway = timedelta(seconds=self.policy.leeway_seconds).total_seconds()
        scopes = claims.get("scopes")
        return (
            all(type(claims.get(name)) is int for name in _TIMES)
            and all(isinstance(claims.get(name), str) and claims[name] for name in _TEXTS)
            and isinstance(scopes, list)
            and all(isinstance(scope, str) for scope in scopes)
            and type(claims.get("epoch")) is int
            and isinstance(claims.get("aud"), str)
            and claims.get("iss") == self.policy.issuer
            and claims.get("token_use") in USES
            and (claims["token_use"] == SANDBOX) == bool(_text(claims, "sandbox_of"))
            and claims["exp"] > seconds - leeway
            and claims["nbf"] <= seconds + leeway
            and claims["iat"] <= seconds + leeway
        )


def _is_approved(client: KnownClient, claims: dict[str, Any]) -> bool:
    """Whether the client may still do all of it.

    Tokens that last are ended one by one instead, and those of an API client by whoever changes it:
    their contract has a smaller scope begin with the next token. A token younger than what is known
    of its client was judged by more than is known here.
    """
    if claims["token_use"] in _LASTING or client.kind == KIND_API_CLIENT:
        return True
    if claims["iat"] > client.changed_at.timestamp():
        return True
    return all(covered(client.scopes, scope) for scope in claims["scopes"])


def _longest(wanted: TokenRequest, policy: TokenPolicy) -> int:
    """Service tokens are made to last; all others no longer than the installation allows."""
    if wanted.use == "service":
        return wanted.seconds
    scale = policy.lifetime_seconds / PLATFORM.access_seconds
    return wanted.seconds if scale >= 1 else max(1, int(wanted.seconds * scale))


def _who(wanted: TokenRequest, vault: Vault) -> dict[str, Any]:
    application = wanted.application
    claims: dict[str, Any] = {
        "sub": wanted.subject or wanted.user_id or application.client_id,
        "client_id": application.client_id,
        "tenant_id": wanted.sandbox_id or application.tenant_id,
        "org_id": wanted.sandbox_id or application.tenant_id,
        "scope": " ".join(wanted.scopes),
        "scopes": list(wanted.scopes),
        "epoch": application.epoch,
    }
    if wanted.sandbox_id:
        claims["sandbox_of"] = application.tenant_id
    if application.product_id:
        claims["product_id"] = application.product_id
    if wanted.hides_person:
        claims["person"] = sealed_person(
            vault, application.client_id, wanted.user_id, wanted.user_epoch
        )
    elif wanted.user_id:
        claims |= {"user_id": wanted.user_id, "user_epoch": wanted.user_epoch}
    if wanted.grant_id:
        claims["grant_id"] = wanted.grant_id
    if wanted.actor:
        claims["act"] = {"sub": wanted.actor}
    if wanted.authenticated_at is not None:
        claims["auth_time"] = wanted.authenticated_at
    return claims


def _confirmation(binding: Binding) -> dict[str, Any]:
    members = {"x5t#S256": binding.certificate, "jkt": binding.key}
    held = {name: value for name, value in members.items() if value}
    return {"cnf": held} if held else {}


def _binding(claims: dict[str, Any]) -> Binding:
    confirmation = claims.get("cnf")
    if confirmation is None:
        return Binding()
    if not isinstance(confirmation, dict) or set(confirmation) - {"x5t#S256", "jkt"}:
        raise UnauthenticatedError(token_sent=True)
    certificate, key = _text(confirmation, "x5t#S256"), _text(confirmation, "jkt")
    if not certificate and not key:
        # A binding that is not understood binds to nothing there is.
        raise UnauthenticatedError(token_sent=True)
    return Binding(certificate=certificate, key=key)


def _owner(claims: dict[str, Any]) -> str:
    """The tenant of the client a token is for: in a sandbox, the one whose sandbox it is."""
    return _text(claims, "sandbox_of") or str(claims["tenant_id"])


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) else ""


def thumbprint(certificate: bytes) -> str:
    """What stands for a certificate (DER) in a token: base64url of its SHA-256 (RFC 8705, 3.1)."""
    return base64url.fingerprint(certificate)
