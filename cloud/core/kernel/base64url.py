"""Octets as text for addresses and tokens: base64url without padding (RFC 7515, 2)."""

from __future__ import annotations

import base64
import hashlib


def encoded(octets: bytes) -> str:
    """The octets as text."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The octets of such a text; ValueError for what cannot be read."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def fingerprint(octets: bytes) -> str:
    """Their SHA-256 as text of 43 letters."""
    return encoded(hashlib.sha256(octets).digest())
