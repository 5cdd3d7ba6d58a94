"""Public identifiers: a prefix that says what it is, and a UUID in hexadecimal."""

from __future__ import annotations

from uuid import UUID, uuid4


def new_id(prefix: str) -> str:
    """A fresh random identifier such as `enc_0f3c...` (32 hexadecimal digits)."""
    return f"{prefix}_{uuid4().hex}"


def public_id(prefix: str, value: UUID) -> str:
    """The public form of an internal UUID."""
    return f"{prefix}_{value.hex}"


def uuid_of(identifier: str) -> UUID:
    """The UUID inside a public identifier of ours."""
    return UUID(hex=identifier.rpartition("_")[2])
