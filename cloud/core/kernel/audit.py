"""Who did what to which record: append-only, one hash chain a tenant, reads included.

Each entry's hash is SHA-256 over the previous hash and the entry's own canonical JSON, so a changed
or removed entry breaks every later one. The head of a chain is sealed with a key that is not in
the database: who writes to the tables alone can neither cut a chain nor make it anew. The entry is
written in the unit it reports: when the audit cannot be written, the access does not happen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.errors import ConflictError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

LOG: Final = logging.getLogger("vitalwire.audit")
GENESIS: Final = "0" * 64
SEAL_PURPOSE: Final = "audit-head"
"""What the vault derives the key of the seals for."""
ADDRESS_LENGTH: Final = 45
INSTALLATION: Final = "installation"
"""The chain of what belongs to no tenant: callers nobody knows, keys that serve all."""
NOBODY: Final = Principal(tenant_id=INSTALLATION, client_id="unknown", scopes=())
"""A caller who has not proved to be anybody."""


class AuditHeadRow(Base):
    """The end of one tenant's chain; its row lock puts writers in line.

    `seal` is the HMAC of the rest, empty where the chain was found broken.
    """

    __tablename__ = "audit_heads"

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default=GENESIS)
    seal: Mapped[str] = mapped_column(String(64), default="")


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
    was set back to an earlier end.
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
    # To seal what does not fit would make a chain that was cut look whole again.
    is_whole = _is_sealed(work, head)
    if not is_whole and (head.seal or not head.position):
        LOG.error("event=audit_chain_broken tenant=%s position=%d", head.tenant_id, head.position)
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
    head.seal = _seal(work, head) if is_whole else ""
    work.session.add(entry)


def begin(work: UnitOfWork, tenant_id: str) -> None:
    """Begin the chain of a tenant that is new; one that is there stays as it is.

    A chain that begins in any other way has no seal: one that was removed cannot come back whole.
    """
    head = AuditHeadRow(tenant_id=tenant_id, position=0, hash=GENESIS)
    _insert_head(work, tenant_id, _seal(work, head))


def seal_chains(work: UnitOfWork, tenant_ids: Iterable[str]) -> None:
    """Seal every chain as it is, and begin those of these tenants that have none: once, when a
    database gets its schema.
    """
    for tenant_id in tenant_ids:
        begin(work, tenant_id)
    # every tenant: the schema is everybody's.
    for head in work.session.scalars(select(AuditHeadRow)):
        head.seal = _seal(work, head)
    work.session.flush()


def seal_again(work: UnitOfWork, principal: Principal) -> None:
    """Seal the caller's chain as it ends now, and say so in it: somebody looked into it.

    ConflictError `chain_broken` when an entry was changed or removed; that is for ever.
    """
    head = _locked_head(work, principal.tenant_id)
    walked = _walk(work, principal.tenant_id, {})
    if walked.broken_at is not None:
        raise ConflictError("chain_broken", f"Position {walked.broken_at} cannot be made good.")
    head.position, head.hash = walked.entries, walked.ends_in
    head.seal = _seal(work, head)
    record(work, principal, "audit.sealed", "audit", principal.tenant_id)


def hold_still(work: UnitOfWork) -> None:
    """Let a reading unit see one moment throughout; call it first.

    PostgreSQL shows each statement what is new, and a chain that grows between two of them would
    look broken.
    """
    if work.is_postgresql:
        work.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def verify(
    work: UnitOfWork, tenant_id: str, *, seen: Mapping[int, str] | None = None
) -> ChainReport:
    """Work out one tenant's chain again, from its first entry to its head.

    `seen` has hashes by position that somebody saw before: the chain must still lead over them.
    """
    report = _walk(work, tenant_id, seen or {})
    head = work.session.get(AuditHeadRow, tenant_id)
    ends_there = (
        head is not None
        and (head.position, head.hash) == (report.entries, report.ends_in)
        and _is_sealed(work, head)
        and max(seen or {}, default=0) <= report.entries
    )
    if report.broken_at is None and not ends_there:
        return ChainReport(report.entries, report.entries + 1, report.ends_in)
    return report


def _walk(work: UnitOfWork, tenant_id: str, seen: Mapping[int, str]) -> ChainReport:
    previous, position = GENESIS, 0
    statement = select(AuditRow).where(AuditRow.tenant_id == tenant_id).order_by(AuditRow.position)
    with closing(work.session.scalars(statement.execution_options(yield_per=500))) as entries:
        for entry in entries:
            fits = entry.position == position + 1 and entry.previous_hash == previous
            as_seen = seen.get(entry.position, entry.hash) == entry.hash
            if not (fits and as_seen and entry.hash == _hash(entry)):
                return ChainReport(position, position + 1, previous)
            previous, position = entry.hash, entry.position
    return ChainReport(position, None, previous)


def chains(work: UnitOfWork) -> list[str]:
    """Whose chains there are, the installation's own among them."""
    # every tenant: the operator of the service proves all of them.
    heads = set(work.session.scalars(select(AuditHeadRow.tenant_id)))
    owners = set(work.session.scalars(select(AuditRow.tenant_id).distinct()))
    return sorted(heads | owners)


def _locked_head(work: UnitOfWork, tenant_id: str) -> AuditHeadRow:
    _insert_head(work, tenant_id, "")
    return work.session.execute(
        select(AuditHeadRow)
        .where(AuditHeadRow.tenant_id == tenant_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _insert_head(work: UnitOfWork, tenant_id: str, seal: str) -> None:
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    statement = insert(AuditHeadRow).values(
        tenant_id=tenant_id, position=0, hash=GENESIS, seal=seal
    )
    work.session.execute(statement.on_conflict_do_nothing())


def _seal(work: UnitOfWork, head: AuditHeadRow) -> str:
    """Empty without a key: what nobody can check is not sealed."""
    if not work.seal_key:
        return ""
    facts = json.dumps([head.tenant_id, head.position, head.hash], separators=(",", ":"))
    return hmac.new(work.seal_key, facts.encode(), hashlib.sha256).hexdigest()


def _is_sealed(work: UnitOfWork, head: AuditHeadRow) -> bool:
    return bool(head.seal) and hmac.compare_digest(head.seal, _seal(work, head))


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
