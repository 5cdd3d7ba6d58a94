"""How a hospital lets us in: TLS with its authorities and our certificate, and tokens.

Tokens are kept in memory until shortly before they end, one for each connection as it is now.
"""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote_plus, urlencode
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from cloud.core.exchange.access import Access, open_access, signing_algorithm
from cloud.core.exchange.tables import ConnectionRow
from cloud.core.kernel.outbound import (
    AddressRefusedError,
    Call,
    OutboundError,
    OutboundPolicy,
    send,
)
from cloud.core.kernel.vault import Vault
from cloud.exchange.fhir_answers import read_object
from cloud.exchange.trust import Trusts

ASSERTION_LIFE: Final = timedelta(minutes=4)
"""SMART Backend Services allows five minutes at most."""
_EARLY: Final = timedelta(seconds=30)
_DEFAULT_LIFE: Final = 300
_LONGEST_LIFE: Final = 86_400
_LONGEST_TOKEN: Final = 16_384
_OK: Final = 200
_SERVERS_FAULT: Final = 500
_BEARER: Final = "bearer"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class LockedOutError(Exception):
    """No token is to be had; the words name no host. `is_passing` where it may be soon."""

    def __init__(self, reason: str, *, is_passing: bool) -> None:
        self.reason = reason
        self.is_passing = is_passing
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Door:
    """One connection's way in: the headers of its requests and the context of its TLS."""

    headers: Mapping[str, str]
    trust: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    ends_at: datetime
    version: int


class Doors:
    """Opens the door of connections; safe for many threads."""

    def __init__(self, vault: Vault, policy: OutboundPolicy, clock: Callable[[], datetime]) -> None:
        self._vault = vault
        self._policy = policy
        self._clock = clock
        self._trusts = Trusts()
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def open(self, connection: ConnectionRow) -> Door:
        """The way in, with a token that is still good. LockedOutError when none is to be had."""
        access = open_access(self._vault, connection.connection_id, connection.sealed_access)
        trust = self._trusts.of(access, connection.authorities)
        return Door(self._headers(connection, access, trust), trust)

    def forget(self, connection_id: str) -> None:
        """The server did not want the token: get another one next time."""
        with self._lock:
            self._kept.pop(connection_id, None)

    def _headers(
        self, connection: ConnectionRow, access: Access, trust: ssl.SSLContext
    ) -> dict[str, str]:
        if access.kind == "none":
            return {}
        if access.kind == _BEARER:
            return {"Authorization": f"Bearer {access.secret}"}
        with self._lock:
            kept = self._kept.get(connection.connection_id)
        now = self._clock()
        if kept is None or kept.version != connection.version or kept.ends_at <= now:
            kept = self._fetch(access, trust, connection.version, now)
            with self._lock:
                self._kept[connection.connection_id] = kept
        return {"Authorization": f"Bearer {kept.token}"}

    def _fetch(self, access: Access, trust: ssl.SSLContext, version: int, now: datetime) -> _Kept:
        form, headers = _grant(access, now)
        call = Call("POST", access.token_url, headers, urlencode(form).encode())
        try:
            answer = send(call, self._policy, trust=trust)
        except AddressRefusedError as exc:
            raise LockedOutError("address_refused", is_passing=False) from exc
        except OutboundError as exc:
            raise LockedOutError("no_token_answer", is_passing=True) from exc
        document = read_object(answer.body)
        token, life = document.get("access_token"), document.get("expires_in", _DEFAULT_LIFE)
        kind = str(document.get("token_type", _BEARER)).lower()
        if answer.status != _OK or kind != _BEARER or not _is_token(token):
            raise LockedOutError("no_token", is_passing=answer.status >= _SERVERS_FAULT)
        seconds = life if isinstance(life, int) and 0 < life <= _LONGEST_LIFE else _DEFAULT_LIFE
        early = min(_EARLY, timedelta(seconds=seconds / 2))
        return _Kept(str(token), now + timedelta(seconds=seconds) - early, version)


def _is_token(token: object) -> bool:
    """Whether it can stand in a header, and is not endless."""
    return (
        isinstance(token, str)
        and 0 < len(token) <= _LONGEST_TOKEN
        and token.isascii()
        and token.isprintable()
    )


def _grant(access: Access, now: datetime) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers of a token request: by a secret (RFC 6749, 2.3.1) or an assertion."""
    form = {"grant_type": "client_credentials"}
    if access.scope:
        form["scope"] = access.scope
    if access.kind == "client_credentials":
        pair = f"{quote_plus(access.client_id)}:{quote_plus(access.secret)}"
        basic = base64.b64encode(pair.encode()).decode()
        return form, {**_FORM, "Authorization": f"Basic {basic}"}
    return {
        **form,
        "client_assertion_type": _ASSERTION,
        "client_assertion": assertion(access, now),
    }, dict(_FORM)


def assertion(access: Access, now: datetime) -> str:
    """A signed statement that we are the client (RFC 7523; SMART Backend Services)."""
    algorithm = signing_algorithm(access)
    kind = ECKey if algorithm == "ES384" else RSAKey
    header = {"alg": algorithm, "typ": "JWT", **({"kid": access.key_id} if access.key_id else {})}
    claims = {
        "iss": access.client_id,
        "sub": access.client_id,
        "aud": access.token_url,
        "exp": int((now + ASSERTION_LIFE).timestamp()),
        "iat": int(now.timestamp()),
        "jti": uuid4().hex,
    }
    key = kind.import_key(access.private_key)
    return jwt.encode(header, claims, key, algorithms=[algorithm])
