"""Addresses people are sent back to: which ones an application may register."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from cloud.core.kernel.errors import InvalidError

LONGEST: Final = 2000
MOST: Final = 50
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def check_redirect_uris(uris: Iterable[str], *, field: str = "redirect_uris") -> list[str]:
    """The addresses, each once; InvalidError `insecure_redirect_uri` for any that is not https,
    the machine's own loopback, or a scheme of a native app's own (RFC 8252, 7.1).

    They are compared letter by letter later, so a wildcard would not even work.
    """
    given = list(dict.fromkeys(uris))
    if len(given) > MOST or not all(_is_safe(uri) for uri in given):
        raise InvalidError(
            "insecure_redirect_uri",
            "Use whole https addresses without wildcard or fragment; http for loopback only.",
            details={"fields": [field]},
        )
    return given


def _is_safe(uri: str) -> bool:
    if len(uri) > LONGEST or "*" in uri or "#" in uri or "\\" in uri:
        return False
    if not all("\x20" < letter < "\x7f" for letter in uri):
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    if "@" in parts.netloc:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return parts.hostname in _LOOPBACK
    # Whoever owns the domain owns its name backwards; a bare word anybody may claim.
    return "." in parts.scheme and not parts.netloc and bool(parts.path)
