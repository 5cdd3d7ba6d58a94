"""The outbox: what happened, written in the transaction that made it happen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Index, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.traces import TraceContext, current_trace, new_span_id, new_trace_id
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

KEPT_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """One thing that happened: `type` is the contract's event name, `data` holds ids only.

    `trace_id` is the trace it happened in, or one that it began; empty for what nobody published.
    `is_recorded` says whether that is kept.
    """

    event_id: str
    tenant_id: str
    type: str
    occurred_at: datetime
    resource_type: str
    resource_id: str
    data: Mapping[str, Any]
    trace_id: str = ""
    is_recorded: bool = False


class OutboxRow(Base):
    """An event on its way; `relayed_at` is set once every subscriber has taken it.

    It is a span of the trace it happened in: `span_id`, under `parent_span_id` where that trace is
    recorded.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "relayed_at", "row_id"),
        Index("ix_outbox_trace", "trace_id"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    type: Mapped[str] = mapped_column(String(80))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resource_type: Mapped[str] = mapped_column(String(40))
    resource_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(default=0)
    relayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trace_id: Mapped[str | None] = mapped_column(String(32))
    span_id: Mapped[str | None] = mapped_column(String(16))
    parent_span_id: Mapped[str | None] = mapped_column(String(16))


def publish(
    work: UnitOfWork,
    *,
    tenant_id: str,
    event_type: str,
    resource_type: str,
    resource_id: str,
    data: Mapping[str, Any],
    at_once: bool = False,
) -> None:
    """Say that something happened; it leaves when this unit commits, and not otherwise.

    What happens in no trace begins one, so that whoever is told of it can name it. `at_once`: it
    is written now and past the mapper, which is for what is said in every unit of a rush.
    """
    trace = current_trace()
    context = None if trace is None else trace.context
    row: dict[str, object] = {
        "event_id": new_id("evt"),
        "tenant_id": tenant_id,
        "type": event_type,
        "occurred_at": work.now,
        "resource_type": resource_type,
        "resource_id": resource_id,
        "data": dict(data),
        "trace_id": context.trace_id if context else new_trace_id(),
        "span_id": new_span_id(),
        "parent_span_id": context.span_id if context and context.is_recorded else None,
    }
    if at_once:
        work.insert(OutboxRow, row)
    else:
        work.session.add(OutboxRow(**row))


def waiting(
    work: UnitOfWork, *, limit: int, max_attempts: int, but: Collection[int] = ()
) -> list[int]:
    """The row numbers of the oldest that wait `but` some, for a unit that only reads."""
    statement = select(OutboxRow.row_id).where(*_waits(max_attempts, but))
    return list(work.session.scalars(statement.order_by(OutboxRow.row_id).limit(limit)))


def claim(
    work: UnitOfWork,
    *,
    limit: int,
    max_attempts: int,
    row_id: int | None = None,
    but: Collection[int] = (),
) -> list[OutboxRow]:
    """The oldest waiting rows `but` some, or that one if it still waits, locked for this unit; on
    PostgreSQL other relays skip them.
    """
    statement = select(OutboxRow).where(*_waits(max_attempts, but))
    if row_id is not None:
        statement = statement.where(OutboxRow.row_id == row_id)
    statement = statement.order_by(OutboxRow.row_id).limit(limit)
    return list(work.session.scalars(statement.with_for_update(skip_locked=True)))


def mark_relayed(work: UnitOfWork, rows: Iterable[OutboxRow]) -> None:
    """Every subscriber and follower has these: one statement for all of them."""
    numbers = [row.row_id for row in rows]
    if numbers:
        work.session.execute(
            update(OutboxRow)
            .where(OutboxRow.row_id.in_(numbers))
            .values(relayed_at=work.now)
            .execution_options(synchronize_session=False)
        )


def event_of(row: OutboxRow) -> DomainEvent:
    """The event a row holds."""
    return DomainEvent(
        event_id=row.event_id,
        tenant_id=row.tenant_id,
        type=row.type,
        occurred_at=row.occurred_at,
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        data=row.data,
        trace_id=row.trace_id or "",
        is_recorded=bool(row.parent_span_id),
    )


def contexts_of(work: UnitOfWork, event_ids: Collection[str]) -> dict[str, TraceContext]:
    """The places of events in the traces they happened in, for those that happened in one and left
    no longer ago than is kept.
    """
    statement = select(OutboxRow).where(
        OutboxRow.event_id.in_(event_ids), OutboxRow.trace_id.is_not(None)
    )
    rows = work.session.scalars(statement) if event_ids else ()
    return {
        row.event_id: TraceContext(
            trace_id=row.trace_id or "",
            span_id=row.span_id or "",
            parent_id=row.parent_span_id or "",
            is_recorded=bool(row.parent_span_id),
        )
        for row in rows
    }


def forget_relayed(work: UnitOfWork) -> None:
    """Remove events that left a week ago."""
    work.session.execute(delete(OutboxRow).where(OutboxRow.relayed_at < work.now - KEPT_FOR))


def depth(work: UnitOfWork) -> int:
    """How many events wait."""
    statement = select(func.count()).select_from(OutboxRow).where(OutboxRow.relayed_at.is_(None))
    return work.session.scalar(statement) or 0


def _waits(max_attempts: int, but: Collection[int]) -> list[ColumnElement[bool]]:
    conditions = [OutboxRow.relayed_at.is_(None), OutboxRow.attempts < max_attempts]
    return [*conditions, OutboxRow.row_id.not_in(but)] if but else conditions
