"""Signing keys: RSA, the private part sealed; the published set and the one that signs."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc.jwk import RSAKey
from sqlalchemy import select

from cloud.core.authorization.tables import SigningKeyRow
from cloud.core.kernel.vault import Vault, VaultError
from cloud.core.kernel.work import Clock, Database, UnitOfWork

ALGORITHM: Final = "RS256"
KEY_BITS: Final = 2048
REFRESH_AT_MOST_EVERY: Final = timedelta(seconds=10)


def create_signing_key(work: UnitOfWork, vault: Vault) -> RSAKey:
    """Make, seal and store a key."""
    key = RSAKey.generate_key(KEY_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    kid = str(key.kid)
    work.session.add(
        SigningKeyRow(
            kid=kid,
            public_jwk=dict(key.as_dict(private=False)),
            sealed_private_key=vault.seal(key.as_pem(private=True), purpose=_purpose(kid)),
            created_at=work.now,
        )
    )
    return key


class KeyRing:
    """The keys as one process knows them, read from the store and kept in memory.

    A key sealed under another master key is published and verifies, but never signs. An unknown
    key id leads to one new reading, not more often than every ten seconds.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._lock = threading.Lock()
        self._public: dict[str, RSAKey] = {}
        self._documents: list[dict[str, Any]] = []
        self._signing: RSAKey | None = None
        self._read_at: datetime | None = None

    def signing_key(self) -> RSAKey:
        """The newest key this process can sign with; made when there is none."""
        with self._lock:
            if self._signing is None:
                self._read()
            if self._signing is None:
                with self._database.begin(now=self._clock()) as work:
                    create_signing_key(work, self._vault)
                self._read()
            if self._signing is None:
                raise AssertionError("a key made a moment ago can be opened")
            return self._signing

    def public_key(self, kid: str) -> RSAKey | None:
        """The key of an id, None when nobody published it."""
        with self._lock:
            if kid not in self._public and self._is_stale():
                self._read()
            return self._public.get(kid)

    def documents(self) -> list[dict[str, Any]]:
        """The published JWKs, oldest first; makes the first key when there is none."""
        self.signing_key()
        with self._lock:
            if self._is_stale():
                self._read()
            return self._documents

    def _is_stale(self) -> bool:
        return self._read_at is None or self._clock() - self._read_at >= REFRESH_AT_MOST_EVERY

    def _read(self) -> None:
        now = self._clock()
        statement = (
            select(SigningKeyRow)
            .where(SigningKeyRow.retired_at.is_(None))
            .order_by(SigningKeyRow.created_at, SigningKeyRow.kid)
        )
        with self._database.reading(now=now) as work:
            rows = list(work.session.scalars(statement))
        self._read_at = now
        self._documents = [row.public_jwk for row in rows]
        self._public = {row.kid: RSAKey.import_key(row.public_jwk) for row in rows}
        self._signing = None
        for row in reversed(rows):
            try:
                pem = self._vault.open(row.sealed_private_key, purpose=_purpose(row.kid))
            except VaultError:
                continue
            self._signing = RSAKey.import_key(pem, {"kid": row.kid, "alg": ALGORITHM, "use": "sig"})
            return


def _purpose(kid: str) -> str:
    return f"signing-key:{kid}"
