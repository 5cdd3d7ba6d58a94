"""What a JWT of somebody else says of itself, before anybody vouches for it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

LONGEST: Final = 8192
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


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
    if not is_storable([header, claims]):
        raise UnreadableError
    return header, claims


def is_storable(document: object) -> bool:
    """Whether every text of it can be written down.

    JSON's escapes can also say half a character, which has no octets, and NUL, which no database
    keeps; no JWT needs either.
    """
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, str) and _UNSTORABLE.search(value):
            return False
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
    return True
