"""Deliveries to hospitals in the trace their event happened in."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from cloud.core.exchange.tables import DeliveryRow
from cloud.core.kernel.outbox import OutboxRow, contexts_of
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.traces import (
    MOST_SHOWN,
    Span,
    Trace,
    TraceContext,
    span_of_delivery,
)
from cloud.core.kernel.work import UnitOfWork

HOSPITAL: Final = "hospital"


def trace_of(work: UnitOfWork, delivery: DeliveryRow) -> Trace | None:
    """The trace a delivery is sent in, at its span; None where its event happened in none."""
    above = contexts_of(work, [delivery.cause]).get(delivery.cause)
    if above is None:
        return None
    return Trace(
        TraceContext(
            trace_id=above.trace_id,
            span_id=span_of_delivery(delivery.delivery_id),
            parent_id=above.span_id,
            is_recorded=above.is_recorded,
        )
    )


def hospital_spans(work: UnitOfWork, principal: Principal, trace_id: str) -> list[Span]:
    """From when each delivery was queued to when it was settled or tried last; `message_id` among
    its facts is the event's id. Where it goes is not told, but for the connection's id.
    """
    causes = select(OutboxRow.event_id).where(
        OutboxRow.tenant_id == principal.tenant_id, OutboxRow.trace_id == trace_id
    )
    statement = (
        scoped(principal, DeliveryRow)
        .where(DeliveryRow.cause.in_(causes))
        .order_by(DeliveryRow.row_id)
        .limit(MOST_SHOWN)
    )
    return [_span(trace_id, row) for row in work.session.scalars(statement)]


def _span(trace_id: str, row: DeliveryRow) -> Span:
    until = row.settled_at or row.attempted_at or row.created_at
    facts: dict[str, str | int] = {
        "delivery_id": row.delivery_id,
        "connection_id": row.connection_id,
        "message_id": row.cause,
        "attempts": row.attempts,
    }
    if row.response_status is not None:
        facts["response_status"] = row.response_status
    return Span(
        trace_id=trace_id,
        span_id=span_of_delivery(row.delivery_id),
        parent_id="",
        kind=HOSPITAL,
        name=row.kind,
        started_at=row.created_at,
        microseconds=max(0, (until - row.created_at) // timedelta(microseconds=1)),
        status=row.state,
        facts=facts,
    )
