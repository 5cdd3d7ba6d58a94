"""What a JWT of somebody else says of itself, before anybody vouches for it."""

from __future__ import annotations

import json
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

LONGEST: Final = 8192


class UnreadableError(Exception):
    """Octets that are no JWT."""


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, only to find out which key must have signed them; UnreadableError."""
    if len(token) > LONGEST or not token.isascii():
        raise UnreadableError
    try:
        parts = jws.extract_compact(token.encode())
        header, claims = parts.headers(), json.loads(parts.payload)
    except (JoseError, ValueError, TypeError, RecursionError) as exc:
        raise UnreadableError from exc
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise UnreadableError
    return header, claims
