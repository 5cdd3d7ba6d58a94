"""Results of jobs where they lie: pieces, compressed and sealed, since they can be of patients."""

from __future__ import annotations

from typing import Final

import zstandard

from cloud.core.kernel.vault import Vault

PIECE: Final = 262_144
"""Octets of a result that are kept together, about."""
LONGEST_RESULT: Final = 4 * 1024**3
"""Octets of a whole result, before it is compressed."""


def seal_piece(vault: Vault, octets: bytes, *, job_id: str, number: int) -> bytes:
    """What is kept of a piece."""
    return vault.seal(zstandard.compress(octets), purpose=_purpose(job_id, number))


def open_piece(vault: Vault, sealed: bytes, *, job_id: str, number: int) -> bytes:
    """The octets as they were made; VaultError under another master key."""
    return zstandard.decompress(vault.open(sealed, purpose=_purpose(job_id, number)))


def _purpose(job_id: str, number: int) -> str:
    return f"job-result/{job_id}/{number}"
