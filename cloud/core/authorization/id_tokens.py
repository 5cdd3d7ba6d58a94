"""ID tokens: who signed in, when, for which client (OIDC Core, 2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError

from cloud.core.authorization.keys import ALGORITHMS, KeyRing
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel import base64url

SECONDS: Final = 600
MAX_TOKEN: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A person's sign-in as a client may know it: its own names for person and session."""

    subject: str
    authenticated_at: datetime
    nonce: str = ""
    session_name: str = ""


def issue_id_token(
    ring: KeyRing,
    *,
    issuer: str,
    application: ApplicationRow,
    sign_in: SignIn,
    access_token: str,
    now: datetime,
) -> str:
    """Sign one with the algorithm the client is registered for."""
    algorithm = application.id_token_algorithm
    key = ring.signing_key(algorithm)
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": sign_in.subject,
        "aud": application.client_id,
        "exp": int(now.timestamp()) + SECONDS,
        "iat": int(now.timestamp()),
        "auth_time": int(sign_in.authenticated_at.timestamp()),
        "at_hash": _half_hash(access_token),
    }
    if sign_in.nonce:
        claims["nonce"] = sign_in.nonce
    if sign_in.session_name:
        claims["sid"] = sign_in.session_name
    header = {"alg": algorithm, "typ": "JWT", "kid": str(key.kid)}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def read_id_token_hint(ring: KeyRing, hint: str, *, issuer: str) -> dict[str, Any] | None:
    """The claims of one of our ID tokens, expired or not (RP-Initiated Logout, 2); else None."""
    if len(hint) > MAX_TOKEN or not hint.isascii():
        return None
    try:
        header = jws.extract_compact(hint.encode()).headers()
        key = ring.public_key(str(header.get("kid")))
        if key is None or header.get("typ") != "JWT" or header.get("alg") != key.get("alg"):
            return None
        claims = jwt.decode(hint, key, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, RecursionError):
        return None
    return claims if claims.get("iss") == issuer and isinstance(claims.get("aud"), str) else None


def _half_hash(token: str) -> str:
    """OIDC Core 3.1.3.6: the left half of the hash that goes with a SHA-256 signature."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64url.encoded(digest[: len(digest) // 2])
