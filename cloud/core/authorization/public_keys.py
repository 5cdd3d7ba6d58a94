"""Public keys that others hand us as JWKs: which kinds are taken, and how they are read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

PublicKey = RSAKey | ECKey | OKPKey

PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
RSA_BITS: Final = range(2048, 8193)
_CURVES: Final = frozenset({"P-256", "P-384", "Ed25519"})
_KINDS: Final[dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]]] = {
    "EC": ECKey,
    "RSA": RSAKey,
    "OKP": OKPKey,
}


def read_public_key(jwk: Mapping[str, Any]) -> PublicKey | None:
    """The key of a JWK, its public half alone; None for one that cannot be read or is too weak."""
    kind = _KINDS.get(str(jwk.get("kty")))
    if kind is None or jwk.get("use", "sig") != "sig":
        return None
    public = {name: value for name, value in jwk.items() if name not in PRIVATE_MEMBERS}
    try:
        # Before the library reads it: a modulus without end would cost it seconds.
        is_fit = _bits(jwk["n"]) in RSA_BITS if kind is RSAKey else jwk["crv"] in _CURVES
        return kind.import_key(public) if is_fit else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _bits(modulus: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(modulus + "==")).bit_length()
