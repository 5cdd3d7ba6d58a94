"""Proofs that are good once: client assertions and DPoP proofs leave their `jti` behind, consent
pages the name they were shown under.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.authorization.credential_tables import UsedProofRow
from cloud.core.authorization.secrets import key_hash
from cloud.core.kernel.work import UnitOfWork


def use_once(work: UnitOfWork, *parts: str, expires_at: datetime) -> bool:
    """Remember a proof by what makes it its own; False when it was there before.

    Of two at the same moment one waits for the other and is refused.
    """
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    statement = (
        insert(UsedProofRow)
        .values(proof_hash=key_hash("\x1f".join(parts)), expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(UsedProofRow.proof_hash)
    )
    return work.session.execute(statement).first() is not None


def forget_old(work: UnitOfWork) -> None:
    """Drop those whose time is over anyway."""
    work.session.execute(delete(UsedProofRow).where(UsedProofRow.expires_at <= work.now))
