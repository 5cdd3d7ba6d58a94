"""What is asked and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage
from typing import Final

MOST_OCTETS: Final = 65_536
EXCERPT_OCTETS: Final = 1024
GUARDED_HEADERS: Final = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Headers that decide who hears a call and where it ends: no caller gives them."""
_LONGEST_NUMBER: Final = 9


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask for. `most_octets` bounds the answer that is read.

    An `is_excerpt` answer counts by its status: of its body that much is kept at most, whatever
    becomes of the rest. `may_repeat` says that a call the receiver may have heard may be made
    again when the connection turns out to have been closed meanwhile.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    most_octets: int = MOST_OCTETS
    is_excerpt: bool = False
    may_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; redirects come back like everything else.

    The body is as it was sent: nothing is unpacked. `seconds` are for all of it.
    """

    status: int
    headers: HTTPMessage
    body: bytes
    seconds: float = 0.0

    def retry_after(self, now: datetime) -> timedelta | None:
        """How long the receiver wants us to wait: seconds or a date (RFC 9110, 10.2.3)."""
        text = (self.headers.get("Retry-After") or "").strip()
        if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
            return timedelta(seconds=int(text))
        try:
            return max(parsedate_to_datetime(text) - now, timedelta(0))
        except (ValueError, TypeError, OverflowError):
            return None
