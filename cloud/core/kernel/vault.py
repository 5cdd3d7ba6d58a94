"""Secrets at rest: AES-256-GCM under a master key in a file, and keys derived from it."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_FILE: Final = "master.key"
_KEY_OCTETS: Final = 32
_NONCE_OCTETS: Final = 12


class VaultError(Exception):
    """The master key cannot be read, or it does not open what was sealed."""


class Vault:
    """Seals and opens octets; `purpose` is authenticated, so a box opens only where it belongs."""

    def __init__(self, master: bytes) -> None:
        if len(master) != _KEY_OCTETS:
            raise VaultError(f"a master key has {_KEY_OCTETS} octets, not {len(master)}")
        self._master = master
        self._aead = AESGCM(self.derive("seal"))
        self._alike = AESSIV(self.derive("seal-alike"))

    def seal(self, plain: bytes, *, purpose: str) -> bytes:
        """Nonce and ciphertext in one."""
        nonce = secrets.token_bytes(_NONCE_OCTETS)
        return nonce + self._aead.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """What was sealed for `purpose`; VaultError when this master key did not seal it."""
        try:
            return self._aead.decrypt(
                sealed[:_NONCE_OCTETS], sealed[_NONCE_OCTETS:], purpose.encode()
            )
        except (InvalidTag, ValueError) as exc:
            raise VaultError("sealed under another master key, or damaged") from exc

    def seal_alike(self, plain: bytes, *, purpose: str) -> bytes:
        """The same box for the same content, so that boxes can be compared (AES-SIV, RFC 5297)."""
        return self._alike.encrypt(plain, [purpose.encode()])

    def open_alike(self, sealed: bytes, *, purpose: str) -> bytes:
        """What `seal_alike` sealed for `purpose`; VaultError as `open`."""
        try:
            return self._alike.decrypt(sealed, [purpose.encode()])
        except (InvalidTag, ValueError) as exc:
            raise VaultError("sealed under another master key, or damaged") from exc

    def derive(self, purpose: str) -> bytes:
        """A 32-octet key for one purpose (HKDF-SHA256)."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(
            self._master
        )


def open_vault(data: Path) -> Vault:
    """The vault of a data folder; makes the key file (mode 0600) where there is none."""
    return Vault(secret_file(data / KEY_FILE, octets=_KEY_OCTETS))


def secret_file(path: Path, *, octets: int) -> bytes:
    """Read a file of random octets; create it whole, readable by its owner only, when absent."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(octets))
            file.flush()
            os.fsync(file.fileno())
        # Two processes may start at once: the first link wins and both read the same key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path.read_bytes()
