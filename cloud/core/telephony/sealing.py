"""Credentials at rest: sealed by a key of their own, and that key by the vault.

A new master key opens and seals the small boxes only, and what a carrier knows us by is open
nowhere meanwhile. Both boxes are bound to their provider: moved to another row they do not open.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.core.kernel.exact_json import dumps, loads
from cloud.core.kernel.vault import Vault, VaultError

_KEY_BITS: Final = 256
_NONCE_OCTETS: Final = 12


@dataclass(frozen=True, slots=True)
class Envelope:
    """The sealed key, and what it sealed (nonce and ciphertext)."""

    sealed_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


def seal_credentials(vault: Vault, provider_id: str, credentials: Mapping[str, str]) -> Envelope:
    """Seal under a fresh key."""
    key, nonce = AESGCM.generate_key(_KEY_BITS), secrets.token_bytes(_NONCE_OCTETS)
    sealed = AESGCM(key).encrypt(nonce, dumps(dict(credentials)), provider_id.encode())
    return Envelope(vault.seal(key, purpose=_purpose(provider_id)), nonce + sealed)


def open_credentials(vault: Vault, provider_id: str, envelope: Envelope) -> dict[str, str]:
    """What was sealed for this provider, for whoever places its calls; VaultError otherwise."""
    key = vault.open(envelope.sealed_key, purpose=_purpose(provider_id))
    nonce, sealed = envelope.sealed[:_NONCE_OCTETS], envelope.sealed[_NONCE_OCTETS:]
    try:
        plain = AESGCM(key).decrypt(nonce, sealed, provider_id.encode())
    except (InvalidTag, ValueError) as exc:
        raise VaultError("sealed for another provider, or damaged") from exc
    return {str(name): str(value) for name, value in loads(plain).items()}


def _purpose(provider_id: str) -> str:
    return f"telephony:{provider_id}"
