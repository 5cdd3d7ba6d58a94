"""Addresses that answers go to, and the tokens that stand for them in a page's policy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode, urlsplit

_WEB: Final = ("http", "https")
_PLAIN_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")


def with_answer(address: str, answer: Iterable[tuple[str, str]]) -> str:
    """The address with what it is told, form-encoded behind a query it may have already
    (RFC 6749, 4.1.2); what is empty is left out.
    """
    told = urlencode([(name, value) for name, value in answer if value])
    if not told:
        return address
    return f"{address}{'&' if urlsplit(address).query else '?'}{told}"


def is_claimed(address: str) -> bool:
    """Whether only its owner can receive there: https. Any app of the machine may listen on
    loopback, or take over a scheme (RFC 8252, 8.6).
    """
    return urlsplit(address).scheme == "https"


def source_of(address: str) -> str:
    """What stands for an address in a Content-Security-Policy: its origin, or its scheme where
    the policy's grammar has no word for the origin (IPv6 literals, apps' own schemes).
    """
    parts = urlsplit(address)
    if parts.scheme in _WEB and _PLAIN_HOST.fullmatch(parts.netloc):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:"
