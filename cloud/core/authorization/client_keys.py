"""The keys a client, or another issuer, signs with: as registered, or fetched and kept a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from cloud.core.kernel.work import Clock

Fetch = Callable[[str], dict[str, Any]]
"""Gets a JWK set from an address; FetchError when it cannot be had."""
PublicKey = RSAKey | ECKey | OKPKey

KEEP: Final = timedelta(minutes=10)
AT_MOST_EVERY: Final = timedelta(minutes=1)
MOST_KEYS: Final = 20
_MOST_ADDRESSES: Final = 1000
_KINDS: Final[dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]]] = {
    "EC": ECKey,
    "RSA": RSAKey,
    "OKP": OKPKey,
}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MIN_RSA_BITS: Final = 2048


class FetchError(Exception):
    """Keys could not be fetched."""


class KeySetError(Exception):
    """A JWK set that cannot be taken; the words say why."""


@dataclass(frozen=True, slots=True)
class _Kept:
    document: dict[str, Any]
    fetched_at: datetime


class ClientKeys:
    """Finds the key of an id; fetched sets are kept for ten minutes.

    An id that is not in a kept set leads to one new fetch a minute at most, whoever asks.
    """

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def key(
        self, kid: str | None, *, jwks: dict[str, Any] | None, jwks_uri: str | None
    ) -> PublicKey | None:
        """The key of this id, or the only key when no id is given; None when there is none.

        FetchError when the keys have to be fetched and cannot be.
        """
        if jwks is not None:
            return _pick(jwks, kid)
        if not jwks_uri:
            return None
        now = self._clock()
        kept = self._kept.get(jwks_uri)
        if kept is None or now - kept.fetched_at >= KEEP:
            kept = self._renew(jwks_uri, now)
        found = _pick(kept.document, kid)
        if found is None and now - kept.fetched_at >= AT_MOST_EVERY:
            found = _pick(self._renew(jwks_uri, now).document, kid)
        return found

    def _renew(self, uri: str, now: datetime) -> _Kept:
        kept = _Kept(self._fetch(uri), now)
        with self._lock:
            self._kept[uri] = kept
            self._kept.move_to_end(uri)
            if len(self._kept) > _MOST_ADDRESSES:
                self._kept.popitem(last=False)
        return kept


def checked_key_set(document: dict[str, Any]) -> dict[str, Any]:
    """A set as a client registers it: public keys only, each with an id; KeySetError otherwise."""
    keys = document.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise KeySetError(f"a JWK set has 1 to {MOST_KEYS} keys")
    seen: set[str] = set()
    for jwk in keys:
        if not isinstance(jwk, dict) or jwk.get("kty") not in _KINDS:
            raise KeySetError("each key is a public RSA, EC or OKP key")
        if _PRIVATE & set(jwk):
            raise KeySetError("a private key was sent: make a new pair and send its public half")
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not kid or kid in seen:
            raise KeySetError("each key has a kid of its own")
        seen.add(kid)
        if _imported(jwk) is None:
            raise KeySetError("a key cannot be read, or is shorter than 2048 bits")
    return {"keys": keys}


def _pick(document: dict[str, Any], kid: str | None) -> PublicKey | None:
    keys = [jwk for jwk in document.get("keys", ()) if isinstance(jwk, dict)]
    if kid is None:
        return _imported(keys[0]) if len(keys) == 1 else None
    named = [jwk for jwk in keys if jwk.get("kid") == kid]
    return _imported(named[0]) if len(named) == 1 else None


def _imported(jwk: dict[str, Any]) -> PublicKey | None:
    kind = _KINDS.get(str(jwk.get("kty")))
    if kind is None or jwk.get("use", "sig") != "sig":
        return None
    try:
        key = kind.import_key({name: value for name, value in jwk.items() if name not in _PRIVATE})
        is_short = isinstance(key, RSAKey) and key.public_key.key_size < _MIN_RSA_BITS
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None if is_short else key
