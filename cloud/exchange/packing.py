"""The octets of a part where they lie: compressed and sealed, since they may name the patient."""

from __future__ import annotations

import zstandard

from cloud.core.exchange.tables import PartRow
from cloud.core.kernel.vault import Vault


def seal_part(vault: Vault, octets: bytes, *, delivery_id: str, number: int) -> bytes:
    """What is kept of a part."""
    packed = zstandard.compress(octets)
    return vault.seal(packed, purpose=_purpose(delivery_id, number))


def open_part(vault: Vault, part: PartRow) -> bytes:
    """The octets as they were made; VaultError under another master key."""
    packed = vault.open(part.sealed, purpose=_purpose(part.delivery_id, part.number))
    return zstandard.decompress(packed)


def _purpose(delivery_id: str, number: int) -> str:
    return f"delivery-part/{delivery_id}/{number}"
