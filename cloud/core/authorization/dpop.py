"""DPoP: a key signs each call, and the token is good with that key only (RFC 9449)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError

from cloud.core.authorization.public_keys import PRIVATE_MEMBERS, PublicKey, read_public_key
from cloud.core.authorization.unverified import is_storable
from cloud.core.kernel import base64url

PROOF_TYPE: Final = "dpop+jwt"
ALGORITHMS: Final = ("ES256", "ES384", "PS256", "RS256", "Ed25519")
WINDOW: Final = timedelta(seconds=60)
"""How far a proof's `iat` may be from our clock, both ways."""
MAX_PROOF: Final = 4096


class _WithKeyInside(jws.JWSRegistry):
    """An RSA key in a header takes more room than the library gives one by itself."""

    max_header_length = 2048


_REGISTRY: Final = _WithKeyInside(algorithms=ALGORITHMS)


class ProofError(Exception):
    """A proof that proves nothing; the words say which rule it breaks."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds: its key's thumbprint (RFC 7638), its id, and when it was made."""

    thumbprint: str
    proof_id: str
    made_at: datetime

    @property
    def fresh_until(self) -> datetime:
        """How long it must be remembered: any clock of ours takes it until then."""
        return self.made_at + 2 * WINDOW


def read_proof(
    proof: str, *, method: str, url: str, now: datetime, access_token: str = ""
) -> Proof:
    """Check everything a proof says of itself; ProofError otherwise.

    `url` is the address called, compared without query and fragment (4.3). With an
    `access_token` the proof must name it. Whether it was used before is the caller's to find out.
    """
    if len(proof) > MAX_PROOF or not proof.isascii():
        raise ProofError("the DPoP proof is no compact JWS")
    try:
        header = jws.extract_compact(proof.encode(), None, _REGISTRY).headers()
        key = _key(header)
        claims = jwt.decode(proof, key, registry=_REGISTRY).claims
        thumbprint = key.thumbprint()
    except (JoseError, ValueError, TypeError, RecursionError) as exc:
        raise ProofError("the DPoP proof is not signed by the key it carries") from exc
    if not is_storable([header, claims]):
        raise ProofError("the DPoP proof holds text that cannot be written down")
    _check_call(claims, method=method, url=url)
    made_at = _check_time(claims, now)
    if access_token and claims.get("ath") != base64url.fingerprint(access_token.encode()):
        raise ProofError("the DPoP proof is for another access token")
    return Proof(thumbprint, str(claims["jti"]), made_at)


def _key(header: dict[str, Any]) -> PublicKey:
    jwk = header.get("jwk")
    if header.get("typ") != PROOF_TYPE or header.get("alg") not in ALGORITHMS or "crit" in header:
        raise ProofError("the DPoP proof has another type or algorithm than is taken")
    if not isinstance(jwk, dict) or PRIVATE_MEMBERS & set(jwk):
        raise ProofError("the DPoP proof carries no public key")
    key = read_public_key(jwk)
    if key is None:
        raise ProofError("the DPoP proof's key cannot be read or is too short")
    return key


def _check_call(claims: dict[str, Any], *, method: str, url: str) -> None:
    proof_id, address = claims.get("jti"), claims.get("htu")
    if not isinstance(proof_id, str) or not 1 <= len(proof_id) <= 200:
        raise ProofError("the DPoP proof has no usable jti")
    if claims.get("htm") != method:
        raise ProofError("the DPoP proof is for another method")
    if not isinstance(address, str) or _address(address) != _address(url):
        raise ProofError("the DPoP proof is for another address")


def _check_time(claims: dict[str, Any], now: datetime) -> datetime:
    issued = claims.get("iat")
    if type(issued) is not int or not 0 < issued < 1 << 40:
        raise ProofError("the DPoP proof does not say when it was made")
    made_at = datetime.fromtimestamp(issued, UTC)
    if abs(now - made_at) > WINDOW:
        raise ProofError("the DPoP proof was not made just now")
    return made_at


def _address(url: str) -> str:
    """Scheme and host in lower case, default port left out, no query, no fragment (4.3)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise ProofError("the DPoP proof's address cannot be read") from exc
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if port is not None and port != {"http": 80, "https": 443}.get(scheme):
        host = f"{host}:{port}"
    return urlunsplit((scheme, host, parts.path or "/", "", ""))
