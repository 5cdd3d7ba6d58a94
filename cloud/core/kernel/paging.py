"""Keyset cursors: opaque, signed, bound to the tenant and the list they came from."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from cloud.core.kernel import base64url
from cloud.core.kernel.errors import MalformedError
from cloud.core.kernel.principal import Principal

_SIGNATURE_OCTETS: Final = 16
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items in order and the cursor of what follows, None at the end."""

    items: list[T]
    next_cursor: str | None


class CursorSigner:
    """Makes and reads cursors with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode(self, principal: Principal, list_name: str, position: list[str | int]) -> str:
        """A cursor for `position` in `list_name`."""
        payload = json.dumps(position, separators=(",", ":")).encode()
        signature = self._sign(principal, list_name, payload)
        return base64url.encoded(signature + payload)

    def decode(self, principal: Principal, list_name: str, cursor: str) -> list[str | int]:
        """The position; MalformedError `invalid_cursor` for a cursor that is not this caller's."""
        try:
            octets = base64url.decoded(cursor)
        except ValueError as exc:
            raise _invalid() from exc
        signature, payload = octets[:_SIGNATURE_OCTETS], octets[_SIGNATURE_OCTETS:]
        if not hmac.compare_digest(signature, self._sign(principal, list_name, payload)):
            raise _invalid()
        position: list[str | int] = json.loads(payload)
        return position

    def _sign(self, principal: Principal, list_name: str, payload: bytes) -> bytes:
        text = f"{principal.tenant_id}|{list_name}|".encode() + payload
        return hmac.new(self._key, text, hashlib.sha256).digest()[:_SIGNATURE_OCTETS]


def _invalid() -> MalformedError:
    return MalformedError("invalid_cursor", "Send a cursor as the last page gave it, or none.")
