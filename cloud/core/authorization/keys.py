"""Signing keys, the private part sealed: the published set, the ones that sign, their rotation."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, KeyParameters, RSAKey
from sqlalchemy import or_, select

from cloud.core.authorization.tables import SigningKeyRow
from cloud.core.kernel.vault import Vault, VaultError
from cloud.core.kernel.work import Clock, Database, UnitOfWork

ALGORITHMS: Final = ("RS256", "ES256")
"""What we sign with; the first is for access tokens, the second for those who ask for it."""
KEY_BITS: Final = 2048
CURVE: Final = "P-256"
KID_PREFIX: Final = "key"
REFRESH_AT_MOST_EVERY: Final = timedelta(seconds=10)
UNKNOWN_AT_MOST_EVERY: Final = timedelta(minutes=1)
OVERLAP: Final = timedelta(hours=2, minutes=10)
"""How long a key that signs no more is still published: the longest token and some minutes."""


def create_signing_key(work: UnitOfWork, vault: Vault, algorithm: str = "RS256") -> SigningKeyRow:
    """Make, seal and store a key for one algorithm of `ALGORITHMS`."""
    parameters: KeyParameters = {"use": "sig", "alg": algorithm}
    key: RSAKey | ECKey
    if algorithm == "RS256":
        key = RSAKey.generate_key(KEY_BITS, parameters)
    else:
        key = ECKey.generate_key(CURVE, parameters)
    # A bare thumbprint may begin with "-", which a command line takes for an option.
    kid = f"{KID_PREFIX}_{key.thumbprint()}"
    row = SigningKeyRow(
        kid=kid,
        algorithm=algorithm,
        public_jwk={**key.as_dict(private=False), "kid": kid},
        sealed_private_key=vault.seal(key.as_pem(private=True), purpose=_purpose(kid)),
        created_at=work.now,
    )
    work.session.add(row)
    return row


def rotate(work: UnitOfWork, vault: Vault, *, keep_for: timedelta = OVERLAP) -> list[SigningKeyRow]:
    """New keys sign from now on; the old ones go on verifying for `keep_for`."""
    for row in signing_keys(work):
        if row.retiring_at is None:
            row.retiring_at = work.now
            row.retired_at = work.now + keep_for
    return [create_signing_key(work, vault, algorithm) for algorithm in ALGORITHMS]


def retire(work: UnitOfWork, kid: str) -> bool:
    """End a key at once, with every token it signed; False for one there is not."""
    row = work.session.get(SigningKeyRow, kid)
    if row is None or (row.retired_at is not None and row.retired_at <= work.now):
        return False
    row.retiring_at = row.retiring_at or work.now
    row.retired_at = work.now
    return True


def signing_keys(work: UnitOfWork) -> Sequence[SigningKeyRow]:
    """Those that are published, oldest first."""
    statement = (
        select(SigningKeyRow)
        .where(or_(SigningKeyRow.retired_at.is_(None), SigningKeyRow.retired_at > work.now))
        .order_by(SigningKeyRow.created_at, SigningKeyRow.algorithm.desc(), SigningKeyRow.kid)
    )
    return work.session.scalars(statement).all()


@dataclass(slots=True)
class _Known:
    """The keys as they were when they were last read."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    public: dict[str, RSAKey | ECKey] = field(default_factory=dict)
    signing: dict[str, RSAKey | ECKey] = field(default_factory=dict)
    read_at: datetime | None = None


class KeyRing:
    """The keys as one process knows them, read from the store and kept in memory.

    A key sealed under another master key is published and verifies, but never signs. They are read
    again every ten seconds where they are published or signed with. An unknown key id leads to one
    new reading, not more often than once a minute, however many tokens name it.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._lock = threading.Lock()
        self._known = _Known()
        self._asked_at: datetime | None = None
        database.watch((SigningKeyRow,), self._forget)

    def signing_key(self, algorithm: str = "RS256") -> RSAKey | ECKey:
        """The newest key this process can sign with; made when there is none.

        Making one takes a unit of its own: where one is open already, call `make_missing` before.
        """
        with self._lock:
            if self._is_older_than(REFRESH_AT_MOST_EVERY):
                self._read()
            if algorithm not in self._known.signing:
                with self._database.begin(now=self._clock()) as work:
                    create_signing_key(work, self._vault, algorithm)
                self._read()
            return self._known.signing[algorithm]

    def make_missing(self) -> None:
        """Have a key to sign with for each algorithm; call it while no unit of work is open."""
        for algorithm in ALGORITHMS:
            self.signing_key(algorithm)

    def public_key(self, kid: str) -> RSAKey | ECKey | None:
        """The key of an id, None when nobody published it or it is retired."""
        with self._lock:
            if self._is_older_than(REFRESH_AT_MOST_EVERY) or self._may_ask_for(kid):
                self._read()
            return self._known.public.get(kid)

    def documents(self) -> list[dict[str, Any]]:
        """The published JWKs, oldest first; makes the first keys when there are none."""
        self.make_missing()
        return self._known.documents

    def _forget(self) -> None:
        """They were changed here: read them before the next answer."""
        self._known.read_at = None

    def _may_ask_for(self, kid: str) -> bool:
        if kid in self._known.public:
            return False
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < UNKNOWN_AT_MOST_EVERY:
            return False
        self._asked_at = now
        return True

    def _is_older_than(self, age: timedelta) -> bool:
        read_at = self._known.read_at
        return read_at is None or self._clock() - read_at >= age

    def _read(self) -> None:
        now = self._clock()
        with self._database.reading(now=now) as work:
            rows = list(signing_keys(work))
        known = _Known(documents=[row.public_jwk for row in rows], read_at=now)
        before = {key.kid: key for key in self._known.signing.values()}
        for row in rows:
            known.public[row.kid] = self._known.public.get(row.kid) or _public(row)
            private = None
            if row.retiring_at is None:
                private = before.get(row.kid) or self._private(row)
            if private is not None:
                known.signing[row.algorithm] = private
        self._known = known

    def _private(self, row: SigningKeyRow) -> RSAKey | ECKey | None:
        try:
            pem = self._vault.open(row.sealed_private_key, purpose=_purpose(row.kid))
        except VaultError:
            return None
        names: KeyParameters = {"kid": row.kid, "alg": row.algorithm, "use": "sig"}
        # The seal proves it is what was made here; to prove its primes again takes 40 ms.
        key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
        return (
            RSAKey.import_key(key, names)
            if isinstance(key, RSAPrivateKey)
            else ECKey.import_key(pem, names)
        )


def _public(row: SigningKeyRow) -> RSAKey | ECKey:
    kind = RSAKey if row.algorithm == "RS256" else ECKey
    return kind.import_key(row.public_jwk)


def _purpose(kid: str) -> str:
    return f"signing-key:{kid}"
