"""Who did what to which record: append-only, one hash chain a tenant, reads included.

Each entry's hash is SHA-256 over the previous hash and the entry's own canonical JSON, so a changed
or removed entry breaks every later one. The entry is written in the unit it reports: when the
audit cannot be written, the access does not happen.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

GENESIS: Final = "0" * 64
ADDRESS_LENGTH: Final = 45
INSTALLATION: Final = "installation"
"""The chain of what belongs to no tenant: callers nobody knows, keys that serve all."""


class AuditHeadRow(Base):
    """The end of one tenant's chain; its row lock puts writers in line."""

    __tablename__ = "audit_heads"

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default=GENESIS)


class AuditRow(Base):
    """One access. `outcome` is `success` or `denied`; ids only.

    `user_id` is the person a client acted for, `address` where the call came from, `note` a word
    of ours on why.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (UniqueConstraint("tenant_id", "position"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("audit_heads.tenant_id"))
    position: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    client_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    token_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    request_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    action: Mapped[str] = mapped_column(String(40))
    resource_type: Mapped[str] = mapped_column(String(40))
    resource_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    outcome: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    token_use: Mapped[str | None] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(ADDRESS_LENGTH))
    trace_id: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str | None] = mapped_column(String(80))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of one chain found; `broken_at` is the first position that does not fit.

    `ends_in` is the hash of the last entry that does: whoever keeps it elsewhere sees a chain that
    was made anew.
    """

    entries: int
    broken_at: int | None
    ends_in: str = GENESIS


def record(
    work: UnitOfWork,
    principal: Principal,
    action: str,
    resource_type: str,
    resource_id: str,
    *,
    outcome: str = "success",
    note: str = "",
) -> None:
    """Append one entry in this unit; `note` is a word of ours, never what a caller sent."""
    head = _locked_head(work, principal.tenant_id)
    entry = AuditRow(
        tenant_id=principal.tenant_id,
        position=head.position + 1,
        at=work.now,
        client_id=principal.client_id,
        token_id=principal.token_id,
        request_id=principal.request_id,
        action=action,
        resource_type=resource_type,
        resource_id=resource_id[:ID_LENGTH],
        outcome=outcome,
        user_id=principal.user_id or None,
        token_use=principal.token_use or None,
        address=principal.address[:ADDRESS_LENGTH] or None,
        trace_id=principal.trace_id or None,
        note=note or None,
        previous_hash=head.hash,
        hash="",
    )
    entry.hash = _hash(entry)
    head.position, head.hash = entry.position, entry.hash
    work.session.add(entry)


def verify(work: UnitOfWork, tenant_id: str) -> ChainReport:
    """Work out one tenant's chain again, from its first entry to its head."""
    previous, position = GENESIS, 0
    statement = select(AuditRow).where(AuditRow.tenant_id == tenant_id).order_by(AuditRow.position)
    for entry in work.session.scalars(statement.execution_options(yield_per=500)):
        fits = entry.position == position + 1 and entry.previous_hash == previous
        if not fits or entry.hash != _hash(entry):
            return ChainReport(position, position + 1, previous)
        previous, position = entry.hash, entry.position
    head = work.session.get(AuditHeadRow, tenant_id)
    ends = (0, GENESIS) if head is None else (head.position, head.hash)
    if ends != (position, previous):
        return ChainReport(position, position + 1, previous)
    return ChainReport(position, None, previous)


def chains(work: UnitOfWork) -> list[str]:
    """Whose chains there are, the installation's own among them."""
    # every tenant: the operator of the service proves all of them.
    heads = set(work.session.scalars(select(AuditHeadRow.tenant_id)))
    owners = set(work.session.scalars(select(AuditRow.tenant_id).distinct()))
    return sorted(heads | owners)


def _locked_head(work: UnitOfWork, tenant_id: str) -> AuditHeadRow:
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    statement = insert(AuditHeadRow).values(tenant_id=tenant_id, position=0, hash=GENESIS)
    work.session.execute(statement.on_conflict_do_nothing())
    return work.session.execute(
        select(AuditHeadRow)
        .where(AuditHeadRow.tenant_id == tenant_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _hash(entry: AuditRow) -> str:
    facts = [
        entry.tenant_id,
        entry.position,
        entry.at.isoformat(),
        entry.client_id,
        entry.token_id,
        entry.request_id,
        entry.action,
        entry.resource_type,
        entry.resource_id,
        entry.outcome,
    ]
    later = [entry.user_id, entry.token_use, entry.address, entry.trace_id, entry.note]
    # Entries from before there were these facts keep the hash they have.
    if any(fact is not None for fact in later):
        facts += later
    content = json.dumps(facts, separators=(",", ":"))
    return hashlib.sha256(f"{entry.previous_hash}{content}".encode()).hexdigest()
