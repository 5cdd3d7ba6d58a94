"""Idempotency-Key: the same key gives the stored answer again for 24 hours, whatever the body."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.errors import MalformedError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

MAX_KEY: Final = 255
KEPT_FOR: Final = timedelta(hours=24)


class IdempotencyRow(Base):
    """One key of one client on one route, with the answer it got."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    route: Mapped[str] = mapped_column(String(160), primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: HTTP status and JSON octets; how it relates to an earlier call.

    `kept` is what may be given again, where that is less: a secret is shown once and stored never.
    """

    status: int
    body: bytes
    replayed: bool = False
    payload_differs: bool = False
    kept: bytes | None = None


def once(
    work: UnitOfWork,
    principal: Principal,
    *,
    route: str,
    key: str | None,
    request: bytes,
    produce: Callable[[], Answer],
) -> Answer:
    """The answer of `produce`, or the one stored under `key`.

    The key's row is inserted first, in this unit: a parallel call with the same key waits for this
    unit's end and then replays. Without a key `produce` simply runs. MalformedError for a key
    that is empty or above 255 characters.
    """
    if key is None:
        return produce()
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise MalformedError("invalid_idempotency_key", "Send a key of 1 to 255 characters.")
    request_hash = hashlib.sha256(request).hexdigest()
    identity = {
        "tenant_id": principal.tenant_id,
        "client_id": principal.client_id,
        "route": route,
        "key": key,
    }
    work.session.execute(
        delete(IdempotencyRow)
        .filter_by(**identity)
        .where(IdempotencyRow.created_at < work.now - KEPT_FOR)
    )
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    inserted = work.session.execute(
        insert(IdempotencyRow)
        .values(**identity, request_hash=request_hash, status=0, body=b"", created_at=work.now)
        .on_conflict_do_nothing()
        .returning(IdempotencyRow.key)
    ).first()
    row = work.session.execute(select(IdempotencyRow).filter_by(**identity)).scalar_one()
    if inserted is None:
        return Answer(row.status, row.body, True, row.request_hash != request_hash)
    answer = produce()
    row.status = answer.status
    row.body = answer.body if answer.kept is None else answer.kept
    return answer


def forget_old(work: UnitOfWork) -> None:
    """Remove the keys whose day is over."""
    work.session.execute(
        delete(IdempotencyRow).where(IdempotencyRow.created_at < work.now - KEPT_FOR)
    )
