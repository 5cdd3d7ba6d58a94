"""A signed configuration: a JWS in compact form taken apart, and what its payload says.

Who holds keys verifies; this file only says which octets are signed (RFC 7515, 5.2) and refuses
whatever is not exactly the form we write.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from protocols.errors import DecodeError

ALGORITHM: Final = "ES256"
TYPE: Final = "vitalwire-configuration+jws"
MOST_OCTETS: Final = 256 << 10
SIGNATURE_OCTETS: Final = 64
_HEADER: Final = frozenset({"alg", "typ", "kid"})
_CLAIMS: Final = frozenset({"gateway_id", "version", "issued_at", "settings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedConfiguration:
    """One configuration as it travels.

    `signing_input` are the octets under `signature` (r and s of 32 octets each, RFC 7518 3.4);
    `version` grows with every configuration of a gateway; `settings` are groups of settings.
    """

    key_id: str
    gateway_id: str
    version: int
    issued_at: datetime
    settings: Mapping[str, object]
    signing_input: bytes
    signature: bytes


def parse_signed(text: str) -> SignedConfiguration:
    """Take a compact JWS of ours apart; DecodeError for anything else. Nothing is verified here."""
    if len(text) > MOST_OCTETS or not text.isascii():
        raise DecodeError("signed configuration: too long, or not ASCII")
    parts = text.split(".")
    if len(parts) != 3:
        raise DecodeError("signed configuration: not three parts", clause="RFC 7515 7.1")
    header, claims = (_object(_octets(part)) for part in parts[:2])
    if set(header) != _HEADER or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise DecodeError("signed configuration: another header", clause="RFC 7515 4.1")
    signature = _octets(parts[2])
    if len(signature) != SIGNATURE_OCTETS or not isinstance(header["kid"], str):
        raise DecodeError("signed configuration: another signature", clause="RFC 7518 3.4")
    return _read(header["kid"], claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def canonical(claims: Mapping[str, object]) -> bytes:
    """The payload's octets: JSON with sorted names and no blanks, so that equal is equal."""
    return json.dumps(claims, sort_keys=True, separators=(",", ":")).encode()


def _read(
    key_id: str, claims: Mapping[str, object], signing_input: bytes, signature: bytes
) -> SignedConfiguration:
    version, settings = claims.get("version"), claims.get("settings")
    gateway_id, issued_at = claims.get("gateway_id"), claims.get("issued_at")
    if set(claims) != _CLAIMS or type(version) is not int or version < 1:
        raise DecodeError("signed configuration: another payload")
    if not isinstance(settings, dict) or not isinstance(gateway_id, str):
        raise DecodeError("signed configuration: another payload")
    try:
        at = datetime.fromisoformat(issued_at if isinstance(issued_at, str) else "")
    except ValueError as exc:
        raise DecodeError("signed configuration: issued_at is no time") from exc
    if at.utcoffset() is None:
        raise DecodeError("signed configuration: issued_at has no zone")
    return SignedConfiguration(
        key_id=key_id,
        gateway_id=gateway_id,
        version=version,
        issued_at=at,
        settings=settings,
        signing_input=signing_input,
        signature=signature,
    )


def _octets(part: str) -> bytes:
    try:
        octets = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as exc:
        raise DecodeError("signed configuration: not base64url", clause="RFC 7515 2") from exc
    if base64.urlsafe_b64encode(octets).rstrip(b"=").decode() != part:
        raise DecodeError("signed configuration: not base64url", clause="RFC 7515 2")
    return octets


def _object(octets: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(octets, parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        raise DecodeError("signed configuration: not JSON") from exc
    if not isinstance(found, dict):
        raise DecodeError("signed configuration: not a JSON object")
    return found


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
