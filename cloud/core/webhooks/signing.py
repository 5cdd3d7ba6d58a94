"""Secrets of endpoints, and the signatures made with them.

A generated secret is `whsec_` and base64 of 32 random octets (Standard Webhooks). A receiver may
bring a text of its own instead; then its UTF-8 octets are the key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.vault import Vault

PREFIX: Final = "whsec_"
GRACE: Final = timedelta(hours=24)
"""So long the secret before still signs, beside the new one."""
SHORTEST: Final = 16
LONGEST: Final = 256
_KEY_OCTETS: Final = range(24, 65)
_NEW_OCTETS: Final = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret; `until` is None for the newest, else the time until which it still signs."""

    text: str
    until: datetime | None = None

    @property
    def key(self) -> bytes:
        """The key of Standard Webhooks: what is behind `whsec_`, else the text's octets."""
        if self.text.startswith(PREFIX):
            return base64.b64decode(self.text.removeprefix(PREFIX))
        return self.text.encode()


def new_secret() -> str:
    """A fresh one; it is shown once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_NEW_OCTETS)).decode()


def check_secret(text: str) -> str:
    """Give back a secret that a receiver brings; InvalidError `weak_secret` or `secret_unreadable`.

    The words of the error never quote it.
    """
    if text.startswith(PREFIX):
        try:
            octets = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except ValueError:
            octets = b""
        if len(octets) not in _KEY_OCTETS:
            raise InvalidError(
                "secret_unreadable",
                "After whsec_ a secret has base64 of 24 to 64 octets. Leave it out to have one "
                "made.",
            )
        return text
    is_readable = text.isascii() and text.isprintable() and text == text.strip()
    if not SHORTEST <= len(text) <= LONGEST or not is_readable:
        raise InvalidError(
            "weak_secret",
            f"A secret has {SHORTEST} to {LONGEST} printable ASCII characters and no space at "
            "either end. Leave it out to have one made.",
        )
    return text


def seal(vault: Vault, endpoint_id: str, held: tuple[Secret, ...]) -> bytes:
    """The secrets of an endpoint, newest first, as they lie in the store."""
    plain = [[one.text, one.until.isoformat() if one.until else None] for one in held]
    return vault.seal(json.dumps(plain).encode(), purpose=_purpose(endpoint_id))


def opened(vault: Vault, endpoint_id: str, sealed: bytes, *, now: datetime) -> tuple[Secret, ...]:
    """The secrets that sign now, newest first."""
    rows = json.loads(vault.open(sealed, purpose=_purpose(endpoint_id)))
    held = (Secret(text, datetime.fromisoformat(until) if until else None) for text, until in rows)
    return tuple(one for one in held if one.until is None or one.until > now)


def standard_signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over id, time and the exact octets (Standard Webhooks)."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def hex_signature(key: bytes, content: bytes) -> str:
    """HMAC-SHA256 in hexadecimal, as the other dialects have it."""
    return hmac.digest(key, content, hashlib.sha256).hex()


def _purpose(endpoint_id: str) -> str:
    return f"webhook-secrets/{endpoint_id}"
