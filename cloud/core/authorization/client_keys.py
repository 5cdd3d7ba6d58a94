"""The keys a client, or another issuer, signs with: as registered, or fetched and kept a while."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.core.authorization.public_keys import (
    PRIVATE_MEMBERS,
    PublicKey,
    read_public_key,
)
from cloud.core.kernel.work import Clock

LOG: Final = logging.getLogger("vitalwire.authorization")
Fetch = Callable[[str], dict[str, Any]]
"""Gets a JWK set from an address; FetchError when it cannot be had."""

KEEP: Final = timedelta(minutes=10)
AT_MOST_EVERY: Final = timedelta(minutes=1)
MOST_KEYS: Final = 20
_MOST_ADDRESSES: Final = 1000


class FetchError(Exception):
    """Keys could not be fetched."""


class KeySetError(Exception):
    """A JWK set that cannot be taken; the words say why."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A set as it was fetched, None while it never could be; when that was tried last."""

    document: dict[str, Any] | None
    fetched_at: datetime
    tried_at: datetime


class ClientKeys:
    """Finds the key of an id; fetched sets are kept for ten minutes.

    Fetching and finding are two steps: a fetch takes seconds when the other side wants it to, and
    no transaction may be open meanwhile. An id that is not in a kept set leads to one new fetch a
    minute at most, whoever asks, and so does an address that does not answer.
    """

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def fetch_ahead(self, jwks_uri: str, kid: str) -> None:
        """Have at hand what `key` will be asked for, if it can be had at all."""
        now = self._clock()
        with self._lock:
            kept = self._kept.get(jwks_uri)
            if kept is not None:
                if not _is_due(kept, kid, now):
                    return
                self._kept[jwks_uri] = replace(kept, tried_at=now)
        try:
            fetched = _Kept(self._fetch(jwks_uri), now, now)
        except FetchError as exc:
            LOG.warning('event=keys_not_fetched reason="%s"', exc)
            fetched = replace(kept or _Kept(None, now, now), tried_at=now)
        with self._lock:
            self._kept[jwks_uri] = fetched
            self._kept.move_to_end(jwks_uri)
            if len(self._kept) > _MOST_ADDRESSES:
                self._kept.popitem(last=False)

    def key(
        self, kid: str, *, jwks: dict[str, Any] | None, jwks_uri: str | None
    ) -> PublicKey | None:
        """The key of this id; None when there is none, or more than one.

        FetchError when the keys had to be fetched and could not be.
        """
        if jwks is not None:
            return _pick(jwks, kid)
        if not jwks_uri:
            return None
        kept = self._kept.get(jwks_uri)
        # The minute more bridges one fetch that fails.
        if (
            kept is None
            or kept.document is None
            or self._clock() - kept.fetched_at >= KEEP + AT_MOST_EVERY
        ):
            raise FetchError("the keys are not at hand")
        return _pick(kept.document, kid)


def _is_due(kept: _Kept, kid: str, now: datetime) -> bool:
    """Whether there is a reason to fetch it again, and it was not tried just now."""
    is_good = (
        kept.document is not None
        and now - kept.fetched_at < KEEP
        and _pick(kept.document, kid) is not None
    )
    return not is_good and now - kept.tried_at >= AT_MOST_EVERY


def checked_key_set(document: dict[str, Any]) -> dict[str, Any]:
    """A set as a client registers it: public keys only, each with an id; KeySetError otherwise."""
    keys = document.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise KeySetError(f"a JWK set has 1 to {MOST_KEYS} keys")
    seen: set[str] = set()
    for jwk in keys:
        if not isinstance(jwk, dict):
            raise KeySetError("each key is a public RSA, EC or OKP key")
        if PRIVATE_MEMBERS & set(jwk):
            raise KeySetError("a private key was sent: make a new pair and send its public half")
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not kid or kid in seen:
            raise KeySetError("each key has a kid of its own")
        seen.add(kid)
        if read_public_key(jwk) is None:
            raise KeySetError(
                "each key is a public one for signatures: RSA of 2048 bits, P-256, P-384, Ed25519"
            )
    return {"keys": [_plain(jwk) for jwk in keys]}


def _plain(jwk: dict[str, Any]) -> dict[str, Any]:
    """The members that say something of a key; they are texts, or lists of texts."""
    return {
        name: value
        for name, value in jwk.items()
        if isinstance(value, str)
        or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    }


def _pick(document: dict[str, Any], kid: str) -> PublicKey | None:
    listed = document.get("keys")
    keys = [jwk for jwk in listed if isinstance(jwk, dict)] if isinstance(listed, list) else []
    named = [jwk for jwk in keys if jwk.get("kid") == kid]
    return read_public_key(named[0]) if len(named) == 1 else None
