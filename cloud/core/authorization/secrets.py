"""Client secrets and passwords, argon2id at rest; codes and keys of 256 random bits, hashed."""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's smallest argon2id setting: the secrets are random, not words people choose.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
MAX_SECRET: Final = 256
# Each check takes 19 MB and a core: a flood of them waits in line instead of growing.
_FEW_AT_ONCE: Final = threading.BoundedSemaphore(4)
PREFIX: Final = "vws_"


def new_secret() -> str:
    """A fresh secret of URL-safe characters; its prefix lets scanners find one that leaked."""
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def hash_secret(secret: str) -> str:
    """The argon2id hash to store."""
    return _HASHER.hash(secret)


def matches(secret_hash: str, secret: str) -> bool:
    """Whether `secret` has this hash; takes the same time for a wrong one."""
    try:
        with _FEW_AT_ONCE:
            return _HASHER.verify(secret_hash, secret[:MAX_SECRET])
    except (VerificationError, InvalidHashError):
        return False


def new_opaque(prefix: str) -> str:
    """A code, token or key of 256 random bits; the prefix lets scanners find one that leaked."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def key_hash(opaque: str) -> str:
    """What is stored of something random and long: SHA-256, 64 hexadecimal digits.

    Only what nobody can guess may be hashed so; what people choose is for `hash_secret`.
    """
    return hashlib.sha256(opaque.encode()).hexdigest()


# Verified against when the client is unknown, so that its answer takes as long as a wrong secret's.
DUMMY_HASH: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$dml0YWx3aXJlLWR1bW15$"
    "mSuvYbGsgGlbdCbvAy7FCVCqPCBZmfgi4wxRfJ4qGkc"
)
