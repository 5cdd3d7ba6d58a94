"""One trace as its tenant may see it, and what goes when its time is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select

from cloud.core.identity.tables import TenantRow
from cloud.core.kernel.outbox import OutboxRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.traces import MOST_SHOWN, Span
from cloud.core.kernel.work import UnitOfWork
from cloud.core.tracing.policy import TracePolicy
from cloud.core.tracing.tables import SpanRow

REQUEST: Final = "request"
UNIT: Final = "unit"
EVENT: Final = "event"
FOLLOWER: Final = "follower"
_WAITING: Final = "waiting"


def spans_of(work: UnitOfWork, principal: Principal, trace_id: str) -> list[Span]:
    """What is known of a trace in the caller's tenant, at most `MOST_SHOWN` of each kind of row."""
    statement = (
        scoped(principal, SpanRow)
        .where(SpanRow.trace_id == trace_id)
        .order_by(SpanRow.row_id)
        .limit(MOST_SHOWN)
    )
    kept = [_span(row) for row in work.session.scalars(statement)]
    return [*kept, *_events(work, principal, trace_id)]


def is_kept(work: UnitOfWork, tenant_id: str, trace_id: str) -> bool:
    """Whether spans of a trace were written down in the tenant."""
    statement = select(SpanRow.row_id).where(
        SpanRow.tenant_id == tenant_id, SpanRow.trace_id == trace_id
    )
    return bool(trace_id) and work.session.scalar(statement.limit(1)) is not None


def _events(work: UnitOfWork, principal: Principal, trace_id: str) -> Sequence[Span]:
    """Events are spans already: from when they happened to when all had taken them."""
    statement = (
        select(OutboxRow)
        .where(
            OutboxRow.tenant_id == principal.tenant_id,
            OutboxRow.trace_id == trace_id,
            OutboxRow.parent_span_id.is_not(None),
        )
        .order_by(OutboxRow.row_id)
        .limit(MOST_SHOWN)
    )
    return [_event(work, row) for row in work.session.scalars(statement)]


def _event(work: UnitOfWork, row: OutboxRow) -> Span:
    until = row.relayed_at or work.now
    return Span(
        trace_id=row.trace_id or "",
        span_id=row.span_id or "",
        parent_id=row.parent_span_id or "",
        kind=EVENT,
        name=row.type,
        started_at=row.occurred_at,
        microseconds=max(0, int((until - row.occurred_at).total_seconds() * 1_000_000)),
        status="ok" if row.relayed_at else _WAITING,
        facts={
            "event_id": row.event_id,
            "resource_type": row.resource_type,
            "resource_id": row.resource_id,
        },
    )


def _span(row: SpanRow) -> Span:
    return Span(
        trace_id=row.trace_id,
        span_id=row.span_id,
        parent_id=row.parent_id,
        kind=row.kind,
        name=row.name,
        started_at=row.started_at,
        microseconds=row.microseconds,
        status=row.status,
        facts=row.facts,
    )


def forget_spans(work: UnitOfWork, policy: TracePolicy) -> int:
    """Remove what is too old, and of each tenant what is beyond the limit; how many went."""
    # every tenant: the limits are the installation's.
    old = delete(SpanRow).where(SpanRow.started_at < work.now - policy.kept_for)
    gone = work.session.connection().execute(old).rowcount
    # every tenant: each has its own limit.
    for tenant_id in work.session.scalars(select(TenantRow.tenant_id)).all():
        first_beyond = (
            select(SpanRow.row_id)
            .where(SpanRow.tenant_id == tenant_id)
            .order_by(SpanRow.row_id.desc())
            .offset(policy.most_spans)
            .limit(1)
        )
        last = work.session.scalar(first_beyond)
        if last is not None:
            beyond = delete(SpanRow).where(SpanRow.tenant_id == tenant_id, SpanRow.row_id <= last)
            gone += work.session.connection().execute(beyond).rowcount
    return gone
