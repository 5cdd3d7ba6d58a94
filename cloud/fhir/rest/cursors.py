"""Where the next page begins: the whole search and its place, sealed for one tenant.

A cursor is opaque, so the parameters of a search that was posted do not turn up in an address; it
is sealed by the vault, so nobody makes one up or reads another tenant's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from cloud.core.kernel import base64url
from cloud.core.kernel.errors import MalformedError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault, VaultError
from cloud.fhir.rest.kind import Place


@dataclass(frozen=True, slots=True)
class Cursor:
    """A search and how far it was answered: the source reached, and the place in it."""

    sent: tuple[tuple[str, str], ...]
    source: int
    place: Place


def sealed(vault: Vault, principal: Principal, list_name: str, cursor: Cursor) -> str:
    """A cursor for an address."""
    place = [["t", one.isoformat()] if isinstance(one, datetime) else one for one in cursor.place]
    plain = msgspec.json.encode([cursor.sent, cursor.source, place])
    return base64url.encoded(vault.seal(plain, purpose=_purpose(principal, list_name)))


def opened(vault: Vault, principal: Principal, list_name: str, text: str) -> Cursor:
    """What a cursor holds; MalformedError `invalid_cursor` for one that is not this caller's."""
    try:
        octets = base64url.decoded(text)
        plain = vault.open(octets, purpose=_purpose(principal, list_name))
    except (ValueError, VaultError) as exc:
        raise MalformedError(
            "invalid_cursor", "Follow the links of a page as they are, or begin anew."
        ) from exc
    sent, source, place = msgspec.json.decode(plain)
    return Cursor(tuple((name, value) for name, value in sent), source, _place(place))


def _place(values: Sequence[Any]) -> Place:
    return tuple(datetime.fromisoformat(one[1]) if isinstance(one, list) else one for one in values)


def _purpose(principal: Principal, list_name: str) -> str:
    return f"fhir-page:{principal.tenant_id}:{list_name}"
